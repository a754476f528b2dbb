/** A person with only SMS, after an outage of the gateway. Uses the real texts and the simulated operator filter. */
import { expect, test } from 'vitest';
import type { OutboxRow } from '../../engine/records/notices.ts';
import type { Fetch } from './channels/kit/http.ts';
import { createSms, smsKind } from './channels/sms-gateway.ts';
import { outboxOver } from './outbox.test-helper.ts';
import { notice, row, technician, testClock } from './people.test-helper.ts';
import { createRoster } from './roster.ts';
import { scrubber } from './sms/scrubber.test-helper.ts';
import { templatesWith } from './sms/sms.ts';

const dltOf = (at: number) => `${1_107_160_000_000_000_000n + BigInt(at)}`;
const texts = templatesWith(false);
const asha = { ...technician, addresses: { sms: '+919419000001' } };
const settings = {
  url: 'https://gateway.test/send',
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"to":"{to}","text":"{text}","template":"{template}"}',
  accepted: '"type":"success"',
  form: 'fixed',
  perSecond: 10,
} as const;

/** `registered`: the texts that have an operator id. `only`: a tab names SMS, and no other channel follows. */
function rig({ registered = texts.map(({ id }) => id), only = false } = {}) {
  const clock = testClock();
  const { fetch, passed } = scrubber({ templates: new Map(texts.map((one, at) => [dltOf(at), one])), addresses: [] });
  const gateway = { isAway: true };
  const answer: Fetch = (...asked) => (gateway.isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(...asked));
  const ids = new Map(texts.map(({ id }, at) => [id, dltOf(at)] as const).filter(([id]) => registered.includes(id)));
  const { single = false, once = false } = smsKind;
  const sms = createSms({ settings, secret: '', registered: ids, clock, fetch: answer });
  const phone = { channel: sms, reaches: () => true, single, once };
  const { outbox, ledger, over } = outboxOver({ sms: phone }, { clock, roster: createRoster([asha]) });
  let transition = 0;
  const tell = (incident: number, changes: Partial<OutboxRow['notice']> = {}) => {
    transition += 1;
    const place = { scope: `ladakh/leh/pc-${incident}`, room: { en: `Room ${incident}`, hi: '' }, at: clock.now() };
    const about = notice({ incident, ...place, severity: incident === 5 ? 'critical' : 'minor', ...changes });
    const at = { createdAt: clock.now(), dueAt: clock.now() + (changes.digest ? 1_000 : 0), key: `${transition}/sms/asha` };
    outbox.add([row({ transition, channel: 'sms', ...(!only && { further: ['console'] }), notice: about, ...at })]);
  };
  const ends = (incident: number) => {
    over.add(incident);
    tell(incident, { kind: 'cleared' });
  };
  const back = async () => {
    gateway.isAway = false;
    await clock.pass(20 * 60_000);
  };
  return { clock, gateway, outbox, ledger, passed, tell, ends, over, back, texts: () => passed.map(({ text }) => text) };
}

const twelve = Array.from({ length: 12 }, (_, n) => n + 1);

test.each([false, true])(
  'after an outage of the gateway all open alerts are one SMS (with a tab that names only SMS: %s)',
  async (only) => {
    const { clock, outbox, tell, back, texts: sent, ledger } = rig({ only });
    for (const n of twelve) tell(n);
    await clock.pass(3_600_000);
    expect(sent()).toEqual([]);
    await back();
    expect(sent()).toEqual(['Leh, Room 5, since 14:05 3/3, and elsewhere: 12 alerts open, 0 over. Sabha']);
    expect(outbox.waiting()).toBe(0);
    for (const n of twelve) expect(ledger.get(`${n}/sms/asha`)?.state).toBe('delivered');
  },
);

test('an incident that starts and ends during the outage causes no SMS, neither for its start nor for its end', async () => {
  const { clock, outbox, tell, ends, back, texts: sent } = rig();
  for (const n of twelve) tell(n);
  await clock.pass(3_000_000);
  for (const n of twelve.slice(0, 10)) ends(n);
  await clock.pass(600_000);
  await back();
  expect(sent()).toEqual(['Leh, Room 11, since 14:05 3/3, and elsewhere: 2 alerts open, 0 over. Sabha']);
  expect(outbox.waiting()).toBe(0);
});

test('the end of an incident that was notified before the outage is counted in the same SMS as the open incidents', async () => {
  const { clock, tell, ends, back, texts: sent, gateway } = rig();
  gateway.isAway = false;
  tell(1);
  await clock.pass(1_000);
  gateway.isAway = true;
  for (const n of [2, 3]) tell(n);
  ends(1);
  await clock.pass(600_000);
  await back();
  expect(sent()).toEqual([
    'Leh, Room 1: Microphone not found, since 14:05 3/3. Incident 1. Sabha',
    'Leh, Room 2, since 14:05 3/3, and elsewhere: 2 alerts open, 1 over. Sabha',
  ]);
});

test('the open alerts of the night are one SMS in the morning', async () => {
  const { clock, tell, over, gateway, texts: sent } = rig();
  gateway.isAway = false;
  over.add(4);
  for (const n of [1, 2, 3, 4]) tell(n, { digest: true });
  await clock.pass(5_000);
  expect(sent()).toEqual(['Leh, Room 1, since 14:05 3/3, and elsewhere: 3 alerts open, 0 over. Sabha']);
});
