/** Tests notifications by mail through a real mail server. */

import { type Person, realClock } from '@sabha/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OutboxRow } from '../../flows/engine/records/notices.ts';
import type { Op } from '../../flows/engine/records/ops.ts';
import { openChannels } from '../../flows/notify/people/channels/channels.ts';
import { createOffers } from '../../flows/notify/people/channels/offered.ts';
import { startGraceMs } from '../../flows/notify/people/delivery-queue.ts';
import { createOutbox } from '../../flows/notify/people/outbox.ts';
import { notice, row, technician } from '../../flows/notify/people/people.test-helper.ts';
import { createRoster } from '../../flows/notify/people/roster.ts';
import { type MailServer, mailServer, mailServerFound } from './mail.ts';
import { requirePart } from './parts.ts';

const hindi: Person = { ...technician, id: 'bina', name: 'बीना', language: 'hi', email: 'bina@office.test' };
const mailbox = (id: string): Person => ({ ...technician, id, email: `${id}@office.test` });

describe.skipIf(!requirePart('OpenSMTPD (as root)', mailServerFound()))('e-mail through a real OpenSMTPD', () => {
  let server: MailServer;
  beforeEach(async () => {
    server = await mailServer();
  });
  afterEach(() => server.remove());

  /** Opens an outbox whose clock runs ten times faster. Its timeout for a mail is then 3 s; a slower mail would be delivered twice. */
  function view(isOver: (incident: number) => boolean = () => false) {
    const ledger = new Map<string, OutboxRow>();
    const outcomes: string[] = [];
    const email = { host: '127.0.0.1', port: server.port, from: 'sabha@centre.test', secure: false };
    const channels = openChannels({
      settings: { email },
      offers: createOffers(),
      log: () => {},
      clock: realClock(),
    });
    const clock = realClock(10);
    const outbox = createOutbox({
      clock,
      random: Math.random,
      commit: async (ops: Op[]) => {
        for (const op of ops) if (op.op === 'outbox-set') ledger.set(op.row.key, op.row);
      },
      channels,
      roster: createRoster([technician, hindi, mailbox('never'), mailbox('later')]),
      isOver,
      onOutcome: ({ key }, { result }) => outcomes.push(`${key} ${result}`),
    });
    return { clock, ledger, outbox, outcomes, ended: outbox.run() };
  }

  test('a message arrives as written, in the language of its recipient', async () => {
    await server.start();
    const { outbox, ended } = view();
    const hostile = 'Jabra $(reboot)"\r\nBcc: all@office.test';
    const faults = [{ fault: 'microphone.missing', device: '', name: hostile, reason: null, since: Date.UTC(2026, 2, 3, 8, 35) }];
    outbox.add([row({ person: 'bina', notice: notice({ faults }) })]);
    const [mail] = await server.mails(1);
    await outbox.stop();
    await ended;
    expect(mail?.headers.get('subject')).toBe('लेह: बहुत ज़रूरी: माइक नहीं मिल रहा, कॉन्फ़्रेंस रूम');
    expect(mail?.headers.get('to')).toBe('बीना <bina@office.test>');
    expect(mail?.headers.get('x-sabha-key')).toBe('1/email/bina');
    expect(mail?.headers.has('bcc')).toBe(false);
    expect(mail?.text.split('\n')).toEqual([
      'लेह, कॉन्फ़्रेंस रूम',
      'बहुत ज़रूरी: माइक नहीं मिल रहा: Jabra $(reboot)" Bcc: all@office.test',
      '3 मार्च, 14:05 बजे से।',
      '1. माइक की केबल निकालकर दोबारा लगाएँ।',
      '2. फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
      '-- ',
      'अलर्ट 17 · Sabha',
      '',
    ]);
  });

  test('a 550 is refused and shown on the console, a 451 is retried, and other mails are delivered meanwhile', async () => {
    await server.start();
    const { ledger, outbox, outcomes } = view();
    outbox.add(['never', 'later', 'asha'].map((person, i) => row({ person, transition: i })));
    await server.mails(1);
    // The three mails are independent. A mail in the mailbox does not prove the outcome of the others, nor that the outbox has recorded its
    // own.
    const told = ['0/email/never refused', '0/email/never/console delivered', '2/email/asha delivered'];
    await expect.poll(() => outcomes.filter((one) => !one.endsWith('retry')).toSorted(), { timeout: 30_000 }).toEqual(told);
    const isTriedAgain = () => {
      const { tries = 0, lastError } = ledger.get('1/email/later') ?? {};
      return tries > 1 && lastError;
    };
    await expect.poll(isTriedAgain, { timeout: 30_000 }).toContain('451');
    await outbox.stop();
    expect(ledger.get('0/email/never')).toMatchObject({ state: 'refused', lastError: expect.stringContaining('550') });
    expect(ledger.get('1/email/later')).toMatchObject({ state: 'waiting', lastError: expect.stringContaining('451') });
  });

  test('F17 after an outage of the mail server one mail says how each incident ended, and no stale mail arrives', async () => {
    const { clock, ledger, outbox, outcomes } = view(() => true);
    const addedUp = clock.up();
    outbox.add([
      row({ createdAt: 1 }),
      row({ transition: 2, createdAt: 2, notice: notice({ kind: 'cleared', at: Date.UTC(2026, 2, 3, 8, 50) }) }),
    ]);
    await expect.poll(() => ledger.get('1/email/asha')?.tries, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    // An old entry counts as fresh during the grace period after a start. A retry could come before the end of that period.
    await expect.poll(() => clock.up() - addedUp, { timeout: 30_000 }).toBeGreaterThan(startGraceMs);
    await server.start();
    await expect.poll(() => outbox.waiting(), { timeout: 60_000 }).toBe(0);
    const mails = await server.mails(1);
    await outbox.stop();
    expect(outcomes.filter((one) => one.endsWith('delivered'))).toEqual(['1/email/asha delivered']);
    expect([...ledger.values()].map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    expect(mails.map(({ headers }) => headers.get('subject'))).toEqual(['Leh: Cleared: Microphone not found, Conference room']);
  });
});
