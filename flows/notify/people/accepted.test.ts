import { afterEach, expect, test } from 'vitest';
import type { OutboxRow, Report, SendOutcome } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import type { Channels } from './channels/channels.ts';
import { createOutbox, type Outbox, type OutboxOptions } from './outbox.ts';
import { notice, row, type TestClock, technician, testClock } from './people.test-helper.ts';
import { createRoster } from './roster.ts';

const open: { outbox: Outbox; clock: TestClock }[] = [];
afterEach(async () => {
  for (const { outbox, clock } of open.splice(0)) {
    const stopped = outbox.stop();
    await clock.pass(1_000);
    await stopped;
  }
});

const further = ['telegram', 'console'];
const sms = (changes: Partial<OutboxRow> = {}) => row({ channel: 'sms', further, ...changes });
const report = (outcome: Report['outcome'] = { result: 'delivered' }, id = 'g-1'): Report => ({ channel: 'sms', id, outcome });
const unreachable = { result: 'refused', reason: 'the gateway says UNDELIV' } as const;

/** A gateway that takes each message under a name, and a Telegram that delivers; `ledger` outlives the outbox. */
function rig({ ledger = new Map<string, OutboxRow>(), clock = testClock(), ...changes }: Partial<OutboxOptions> & Rig = {}) {
  const sent: string[] = [];
  const outcomes: string[] = [];
  let count = 0;
  const channel = (name: string, outcome: () => SendOutcome) => {
    const send = async () => {
      sent.push(name);
      return outcome();
    };
    return { channel: { send, close() {} }, reaches: () => true, single: name === 'sms' };
  };
  const channels: Channels = new Map([
    ['console', channel('console', () => ({ result: 'delivered' }))],
    [
      'sms',
      channel('sms', () => {
        count += 1;
        return { result: 'accepted', id: `g-${count}` };
      }),
    ],
    ['telegram', channel('telegram', () => ({ result: 'delivered' }))],
  ]);
  const commit = async (ops: Op[]) => {
    for (const op of ops) if (op.op === 'outbox-set' || op.op === 'outbox') ledger.set(op.row.key, op.row);
  };
  const roster = createRoster([technician]);
  const onOutcome: OutboxOptions['onOutcome'] = ({ key }, { result }) => outcomes.push(`${key} ${result}`);
  const outbox = createOutbox({ clock, random: () => 0.5, commit, channels, roster, isOver: () => false, onOutcome, ...changes });
  open.push({ outbox, clock });
  const ended = outbox.run();
  const add = (one: OutboxRow) => {
    ledger.set(one.key, one);
    outbox.add([one]);
  };
  return { clock, outbox, ledger, sent, outcomes, add, ended };
}
type Rig = { ledger?: Map<string, OutboxRow>; clock?: TestClock };

test('accepted is not delivered: the row waits for its report, holds up no other, and is written down when the report comes', async () => {
  const { clock, outbox, ledger, outcomes, add } = rig();
  add(sms());
  add(sms({ transition: 2 }));
  await clock.pass(0);
  expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'waiting', tries: 1, accepted: { id: 'g-1', at: clock.now() } });
  expect([outbox.waiting(), outcomes]).toEqual([2, ['1/sms/asha accepted', '2/sms/asha accepted']]);
  await outbox.report(report());
  expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'delivered', tries: 1, lastError: null });
  expect([outbox.waiting(), outcomes.at(-1)]).toEqual([1, '1/sms/asha delivered']);
});

test('a report that it failed: the next channel at once, and nothing more of it here', async () => {
  const { clock, outbox, ledger, sent, add } = rig();
  add(sms());
  await clock.pass(5_000);
  await outbox.report(report(unreachable));
  await clock.pass(0);
  expect(sent).toEqual(['sms', 'telegram']);
  expect([...ledger.values()]).toMatchObject([
    { key: '1/sms/asha', state: 'refused', lastError: 'the gateway says UNDELIV' },
    { key: '1/sms/asha/telegram', state: 'delivered' },
  ]);
  expect(ledger.get('1/sms/asha/telegram')).not.toHaveProperty('accepted');
  await clock.pass(2 * 86_400_000);
  expect(sent).toEqual(['sms', 'telegram']);
});

test('without a report a critical message goes over the next channel after 60 s, others after 5 min; a report that comes then moves nothing again', async () => {
  for (const [severity, afterMs] of [
    ['critical', 60_000],
    ['major', 300_000],
  ] as const) {
    const { clock, outbox, ledger, sent, add } = rig();
    add(sms({ notice: notice({ severity }) }));
    await clock.pass(afterMs - 1);
    expect(sent).toEqual(['sms']);
    await clock.pass(1);
    expect(sent).toEqual(['sms', 'telegram']);
    await outbox.report(report(unreachable));
    await clock.pass(86_400_000);
    expect(sent).toEqual(['sms', 'telegram']);
    expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'refused', moved: true });
  }
});

test('a report that is faster than the answer of the gateway, or comes twice, counts once', async () => {
  const { clock, outbox, ledger, sent, outcomes, add } = rig();
  await outbox.report(report(unreachable));
  add(sms());
  await clock.pass(0);
  expect(sent).toEqual(['sms', 'telegram']);
  await outbox.report(report(unreachable));
  await outbox.report(report());
  await clock.pass(0);
  expect(ledger.get('1/sms/asha')?.state).toBe('refused');
  expect(outcomes).toEqual(['1/sms/asha accepted', '1/sms/asha refused', '1/sms/asha/telegram delivered']);
});

test('after a start what was accepted is not sent again: its report is waited for, and without one it goes over the next channel', async () => {
  const first = rig();
  first.add(sms());
  await first.clock.pass(0);
  await first.outbox.stop();
  const { clock, outbox, sent } = rig({ clock: first.clock, ledger: first.ledger });
  outbox.add([...first.ledger.values()]);
  await clock.pass(1_000);
  expect([sent, outbox.accepted('sms', 'g-1')?.person]).toEqual([[], 'asha']);
  await clock.pass(60_000);
  expect(sent).toEqual(['telegram']);
});

test('what nobody says anything of for a day is refused; a tab that chose this channel alone hears it on the console', async () => {
  const { clock, outbox, ledger, sent, add } = rig();
  const { further: _, ...alone } = sms();
  add(alone);
  await clock.pass(86_400_000 - 1);
  expect(sent).toEqual(['sms']);
  await clock.pass(1);
  expect(sent).toEqual(['sms', 'console']);
  expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'refused', lastError: 'taken, but nothing was said of it in 24 hours' });
  expect(outbox.waiting()).toBe(0);
});

test('R20 a report that the ledger does not take is to be said again, and stops the outbox', async () => {
  let isFull = false;
  const commit = () => (isFull ? Promise.reject(new Error('SQLITE_FULL')) : Promise.resolve());
  const { clock, outbox, add, ended } = rig({ commit });
  const failed = expect(ended).rejects.toThrow('SQLITE_FULL');
  add(sms());
  await clock.pass(0);
  isFull = true;
  await expect(outbox.report(report())).rejects.toThrow('SQLITE_FULL');
  await failed;
});
