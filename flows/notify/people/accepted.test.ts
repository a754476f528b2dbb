import { expect, test } from 'vitest';
import type { DeliveryReport, OutboxRow } from '../../engine/records/notices.ts';
import { type Changes, delivered, outboxOver } from './outbox.test-helper.ts';
import { notice, row } from './people.test-helper.ts';

const further = ['telegram', 'console'];
const sms = (changes: Partial<OutboxRow> = {}) => row({ channel: 'sms', further, ...changes });
const report = (outcome: DeliveryReport['outcome'] = { result: 'delivered' }, id = 'g-1'): DeliveryReport => ({
  channel: 'sms',
  id,
  outcome,
});
const unreachable = { result: 'refused', reason: 'the gateway says UNDELIV' } as const;

/** Creates an outbox with a gateway that accepts each message under an id, and a Telegram channel that delivers. */
function rig(changes: Changes = {}) {
  let count = 0;
  const takes = () => {
    count += 1;
    return { result: 'accepted', id: `g-${count}` } as const;
  };
  const opened = outboxOver({ sms: takes, telegram: delivered }, changes);
  return { ...opened, channelsUsed: () => opened.sent.map(({ channel }) => channel) };
}

test('a message that the gateway accepted waits for its delivery report without delaying other messages, and the report ends the wait', async () => {
  const { clock, outbox, ledger, results, add } = rig();
  add(sms());
  add(sms({ transition: 2 }));
  await clock.pass(0);
  expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'waiting', tries: 1, accepted: { id: 'g-1', at: clock.now() } });
  expect([outbox.waiting(), results()]).toEqual([2, ['1/sms/asha accepted', '2/sms/asha accepted']]);
  await outbox.report(report());
  expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'delivered', tries: 1, lastError: null });
  expect([outbox.waiting(), results().at(-1)]).toEqual([1, '1/sms/asha delivered']);
});

test('a failure report moves the message to the next channel at once and marks it as refused on the first channel', async () => {
  const { clock, outbox, ledger, channelsUsed, add } = rig();
  add(sms());
  await clock.pass(5_000);
  await outbox.report(report(unreachable));
  await clock.pass(0);
  expect(channelsUsed()).toEqual(['sms', 'telegram']);
  expect([...ledger.values()]).toMatchObject([
    { key: '1/sms/asha', state: 'refused', lastError: 'the gateway says UNDELIV' },
    { key: '1/sms/asha/telegram', state: 'delivered' },
  ]);
  expect(ledger.get('1/sms/asha/telegram')).not.toHaveProperty('accepted');
  await clock.pass(2 * 86_400_000);
  expect(channelsUsed()).toEqual(['sms', 'telegram']);
});

test('without a report a critical message also goes to the next channel after 60 s, others after 5 min; a later report has no effect', async () => {
  for (const [severity, afterMs] of [
    ['critical', 60_000],
    ['major', 300_000],
  ] as const) {
    const { clock, outbox, ledger, channelsUsed, add } = rig();
    add(sms({ notice: notice({ severity }) }));
    await clock.pass(afterMs - 1);
    expect(channelsUsed()).toEqual(['sms']);
    await clock.pass(1);
    expect(channelsUsed()).toEqual(['sms', 'telegram']);
    await outbox.report(report(unreachable));
    await clock.pass(86_400_000);
    expect(channelsUsed()).toEqual(['sms', 'telegram']);
    expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'refused', moved: true });
  }
});

test('a report that arrives before the response of the gateway, or twice, counts once', async () => {
  const { clock, outbox, ledger, channelsUsed, results, add } = rig();
  await outbox.report(report(unreachable));
  add(sms());
  await clock.pass(0);
  expect(channelsUsed()).toEqual(['sms', 'telegram']);
  await outbox.report(report(unreachable));
  await outbox.report(report());
  await clock.pass(0);
  expect(ledger.get('1/sms/asha')?.state).toBe('refused');
  expect(results()).toEqual(['1/sms/asha accepted', '1/sms/asha refused', '1/sms/asha/telegram delivered']);
});

test('after a restart an accepted message is not sent again; without a report it goes to the next channel', async () => {
  const first = rig();
  first.add(sms());
  await first.clock.pass(0);
  await first.outbox.stop();
  const { clock, outbox, channelsUsed } = rig({ clock: first.clock, ledger: first.ledger });
  outbox.add([...first.ledger.values()]);
  await clock.pass(1_000);
  expect([channelsUsed(), outbox.accepted('sms', 'g-1')?.person]).toEqual([[], 'asha']);
  await clock.pass(60_000);
  expect(channelsUsed()).toEqual(['telegram']);
});

test('an accepted message without a report for 24 h counts as refused; without further channels it goes to the console', async () => {
  const { clock, outbox, ledger, channelsUsed, add } = rig();
  const { further: _, ...alone } = sms();
  add(alone);
  await clock.pass(86_400_000 - 1);
  expect(channelsUsed()).toEqual(['sms']);
  await clock.pass(1);
  expect(channelsUsed()).toEqual(['sms', 'console']);
  expect(ledger.get('1/sms/asha')).toMatchObject({ state: 'refused', lastError: 'accepted, but no delivery report came in 24 hours' });
  expect(outbox.waiting()).toBe(0);
});

test('R20 a report that the ledger cannot commit is rejected and stops the outbox', async () => {
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
