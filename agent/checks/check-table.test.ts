import { type Check, digestOf } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { handClock } from './agent.test-helper.ts';
import { createCheckTable, differenceOf } from './check-table.ts';

const check = (device: string, status: Check['status'] = 'ok', more: Partial<Check> = {}): Check => ({
  component: 'microphone',
  device,
  status,
  fault: status === 'fault' ? 'microphone.muted' : null,
  reason: null,
  ...more,
});
const answer = (checks: Check[], component = 'microphone') => ({ component, everyMs: 10_000, checks });

test('the check table replaces all checks of one component and returns every change', () => {
  const table = createCheckTable(handClock());
  table.merge(answer([check('', 'ok', { component: 'pc' })], 'pc'));
  const ok = { status: 'ok', fault: null, reason: null };
  expect(table.merge(answer([check('a'), check('b')]))).toEqual([
    { component: 'microphone', device: 'a', from: null, to: ok },
    { component: 'microphone', device: 'b', from: null, to: ok },
  ]);
  expect(table.merge(answer([check('a'), check('b')]))).toEqual([]);
  expect(table.merge(answer([check('b', 'fault')]))).toEqual([
    { component: 'microphone', device: 'a', from: ok, to: null },
    { component: 'microphone', device: 'b', from: ok, to: { status: 'fault', fault: 'microphone.muted', reason: null } },
  ]);
  expect(table.checks().map((one) => `${one.component}/${one.device}`)).toEqual(['microphone/b', 'pc/']);
  expect(table.known('pc')).toHaveLength(1);
});

test('R11 the digest and the revision change with the result of a check, not with its display name', () => {
  const table = createCheckTable(handClock());
  expect(table.rev()).toBe(1);
  table.merge(answer([check('a', 'ok', { name: 'Desk' })]));
  const digest = table.digest();
  expect(digest).toBe(digestOf(table.checks()));
  expect(table.rev()).toBe(2);
  table.merge(answer([check('a', 'ok', { name: 'Table' })]));
  expect([table.digest(), table.rev(), table.checks()[0]?.name]).toEqual([digest, 2, 'Table']);
  table.merge(answer([check('a', 'fault')]));
  expect(table.rev()).toBe(3);
  expect(table.digest()).not.toBe(digest);
});

test('R14 the check table makes a check unknown, and drops its numbers, if its probe does not renew it within three intervals', async () => {
  const clock = handClock();
  const table = createCheckTable(clock);
  table.merge({ ...answer([check('a')]), numbers: { load: 0.5 } });
  table.merge({ component: 'pc', everyMs: 60_000, checks: [], numbers: { mem: 0.2 } });
  expect(table.numbers()).toEqual({ load: 0.5, mem: 0.2 });
  await clock.pass(30_000);
  expect(table.expire()).toEqual([]);
  await clock.pass(1);
  expect(table.expire()).toMatchObject([{ device: 'a', from: { status: 'ok' }, to: { status: 'unknown', reason: 'stale' } }]);
  expect(table.expire()).toEqual([]);
  expect(table.numbers()).toEqual({ mem: 0.2 });
  expect(table.merge(answer([check('a')]))).toMatchObject([{ from: { status: 'unknown' }, to: { status: 'ok' } }]);
  table.merge({ component: 'pc', everyMs: 60_000, checks: [] });
  expect(table.numbers()).toEqual({});
});

test('the check table restores saved checks as unknown until their probes renew them, and reports changes relative to the saved results', async () => {
  const clock = handClock();
  const table = createCheckTable(clock);
  const before = [check('a', 'fault'), check('b')];
  table.restore(before);
  expect(table.checks().map((one) => [one.status, one.reason])).toEqual([
    ['unknown', 'not checked since the start'],
    ['unknown', 'not checked since the start'],
  ]);
  expect(table.digest()).toBe(digestOf(table.checks()));
  expect(table.checksToSave()).toEqual(before);
  expect(table.merge(answer([check('a', 'fault')]))).toMatchObject([{ device: 'b', from: { status: 'ok' }, to: null }]);
});

test('R12 differenceOf returns the checks and removed keys that turn the sent state into the present one', () => {
  const from = [check('a'), check('b'), check('c')];
  const to = [check('a', 'ok', { name: 'renamed' }), check('b', 'fault'), check('d')];
  expect(differenceOf(from, to)).toEqual({ checks: [to[1], to[2]], gone: ['microphone/c'] });
});
