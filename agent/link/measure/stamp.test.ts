import { expect, it } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { windowOf } from '../analysis/quality.ts';
import { scriptedReflector } from './reflector.test-helper.ts';
import { roundWireBytes, stampRound } from './stamp.ts';

const grant = { port: 8_620, token: Buffer.alloc(16, 7), endsUp: Number.POSITIVE_INFINITY };

function setUp() {
  const clock = handClock();
  const reflector = scriptedReflector(clock);
  const used: number[] = [];
  const round = (probes = 20, paceMs = 100) =>
    stampRound({ clock, open: reflector.open, grant, session: 7, probes, paceMs, used: (bytes) => used.push(bytes) });
  return { clock, ...reflector, round, used };
}

it('a quality round sends its probes at the set pace, then three at a wider spacing, and ends with the last echo', async () => {
  const { clock, state, round, used } = setUp();
  const made = round();
  await clock.pass(10_000);
  const times = state.sent.map(({ up }) => up);
  expect(times).toEqual([...Array.from({ length: 20 }, (_, at) => at * 100), 2_150, 2_400, 2_650]);
  expect(new Set(state.sent.map(({ token }) => token))).toEqual(new Set(['07'.repeat(16)]));
  expect(state.opened).toEqual([8_620]);
  const result = await made;
  expect(typeof result !== 'string' && windowOf(result)).toMatchObject({ up: { sent: 23, lost: 0 }, down: { sent: 23, lost: 0 } });
  expect(state.openSockets).toBe(0);
  expect(roundWireBytes(20)).toBe(23 * 2 * 86);
  expect(used).toEqual([23 * 2 * 86]);
});

it('a quality round waits for late echoes up to three times the slowest round trip, and four seconds if no echo arrived', async () => {
  const { clock, state, round } = setUp();
  state.fate = (n) => (n === 22 ? 'lost down' : { up: 300, down: 300 });
  let over = 0;
  void round().then(() => {
    over = clock.up();
  });
  await clock.pass(20_000);
  expect(over).toBe(2_650 + 1_800);
  state.fate = () => 'lost up';
  const silent = round();
  void silent.then(() => {
    over = clock.up();
  });
  await clock.pass(20_000);
  expect(over).toBe(20_000 + 2_650 + 4_000);
  expect(await silent).toEqual({ sent: 23, echoes: [] });
});
