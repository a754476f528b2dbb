import { expect, test } from 'vitest';
import { type Check, decode, digestOf, encode } from '#contracts';
import { handClock } from './agent.test-helper.ts';
import { createBoard, differenceOf } from './check-table.ts';

const check = (device: string, status: Check['status'] = 'ok', more: Partial<Check> = {}): Check => ({
  component: 'microphone',
  device,
  status,
  fault: status === 'fault' ? 'microphone.muted' : null,
  reason: null,
  ...more,
});
const answer = (checks: Check[], component = 'microphone') => ({ component, everyMs: 10_000, checks });

test('an answer replaces its component and nothing else, and every difference is told from and to', () => {
  const board = createBoard(handClock());
  board.merge(answer([check('', 'ok', { component: 'pc' })], 'pc'));
  const ok = { status: 'ok', fault: null, reason: null };
  expect(board.merge(answer([check('a'), check('b')]))).toEqual([
    { component: 'microphone', device: 'a', from: null, to: ok },
    { component: 'microphone', device: 'b', from: null, to: ok },
  ]);
  expect(board.merge(answer([check('a'), check('b')]))).toEqual([]);
  expect(board.merge(answer([check('b', 'fault')]))).toEqual([
    { component: 'microphone', device: 'a', from: ok, to: null },
    { component: 'microphone', device: 'b', from: ok, to: { status: 'fault', fault: 'microphone.muted', reason: null } },
  ]);
  expect(board.checks().map((one) => `${one.component}/${one.device}`)).toEqual(['microphone/b', 'pc/']);
  expect(board.known('pc')).toHaveLength(1);
});

test('R11 digest and rev change with an answer, not with a name', () => {
  const board = createBoard(handClock());
  expect(board.rev()).toBe(1);
  board.merge(answer([check('a', 'ok', { name: 'Desk' })]));
  const digest = board.digest();
  expect(digest).toBe(digestOf(board.checks()));
  expect(board.rev()).toBe(2);
  board.merge(answer([check('a', 'ok', { name: 'Table' })]));
  expect([board.digest(), board.rev(), board.checks()[0]?.name]).toEqual([digest, 2, 'Table']);
  board.merge(answer([check('a', 'fault')]));
  expect(board.rev()).toBe(3);
  expect(board.digest()).not.toBe(digest);
});

test('R14 what is not renewed within three of its intervals is unknown, with its numbers, and comes back', async () => {
  const clock = handClock();
  const board = createBoard(clock);
  board.merge({ ...answer([check('a')]), numbers: { load: 0.5 } });
  board.merge({ component: 'pc', everyMs: 60_000, checks: [], numbers: { mem: 0.2 } });
  expect(board.numbers()).toEqual({ load: 0.5, mem: 0.2 });
  await clock.pass(30_000);
  expect(board.expire()).toEqual([]);
  await clock.pass(1);
  expect(board.expire()).toMatchObject([{ device: 'a', from: { status: 'ok' }, to: { status: 'unknown', reason: 'stale' } }]);
  expect(board.expire()).toEqual([]);
  expect(board.numbers()).toEqual({ mem: 0.2 });
  expect(board.merge(answer([check('a')]))).toMatchObject([{ from: { status: 'unknown' }, to: { status: 'ok' } }]);
  board.merge({ component: 'pc', everyMs: 60_000, checks: [] });
  expect(board.numbers()).toEqual({});
});

test('what was known before a restart is unknown until it is renewed, and a change is told against what was known', async () => {
  const clock = handClock();
  const board = createBoard(clock);
  const before = [check('a', 'fault'), check('b')];
  board.restore(before);
  expect(board.checks().map((one) => [one.status, one.reason])).toEqual([
    ['unknown', 'not checked since the start'],
    ['unknown', 'not checked since the start'],
  ]);
  expect(board.digest()).toBe(digestOf(board.checks()));
  expect(board.toKeep()).toEqual(before);
  expect(board.merge(answer([check('a', 'fault')]))).toMatchObject([{ device: 'b', from: { status: 'ok' }, to: null }]);
});

test('no device name, however long or odd, makes the state unreadable', () => {
  const board = createBoard(handClock());
  const odd = `$(reboot)"</script>${'\u{1F600}'.repeat(2_000)}`;
  board.merge(answer(Array.from({ length: 300 }, (_, n) => check(n + odd, 'unknown', { name: odd, reason: odd, component: 'other' }))));
  const message = { digest: board.digest(), session: 1, rev: board.rev(), checks: board.checks() };
  expect(decode('state', encode('state', message))).toMatchObject({ ok: true });
  expect(board.checks()).toHaveLength(24);
  expect(board.checks()[0]?.component).toBe('microphone');
});

test('R12 a difference turns what was sent into what is', () => {
  const from = [check('a'), check('b'), check('c')];
  const to = [check('a', 'ok', { name: 'renamed' }), check('b', 'fault'), check('d')];
  expect(differenceOf(from, to)).toEqual({ checks: [to[1], to[2]], gone: ['microphone/c'] });
});
