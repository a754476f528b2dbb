/** The bridge is a real UDP socket of the test; real sipp answers in test/real/bridge.test.ts. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { links } from '#contracts';
import { handClock } from '../../checks/agent.test-helper.ts';
import { createBudget, memoryStore } from '../../net/data-budget.ts';
import { createUnwritten } from '../../platform/unwritten.ts';
import { createBridgeProbe } from './bridge.ts';

const hourMs = 3_600_000;

/** A bridge that answers each question with `status`; 0 = not at all. */
async function bridge(status: number, link: 'fibre' | 'geo' = 'fibre') {
  const state = { status, asked: 0, measures: true as boolean | undefined };
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (packet, { port, address }) => {
    state.asked += 1;
    const kept = packet
      .toString()
      .split('\r\n')
      .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    if (state.status > 0) socket.send(`SIP/2.0 ${state.status} Said\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const clock = handClock();
  const probe = createBridgeProbe(clock);
  const budget = createBudget({ clock, store: memoryStore() });
  budget.limit(links[link].budget);
  const profile = {
    link,
    elevationM: 0,
    expected: {},
    bridge: { transport: 'udp' as const, host: '127.0.0.1', port: socket.address().port },
  };
  const run = () => {
    const self = {
      roundTripMs: null,
      clockOffsetMs: null,
      spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 },
      failing: [],
      measures: state.measures,
    };
    const { measures, ...rest } = self;
    const context = { platform: createUnwritten(), profile, budget, self: measures === undefined ? rest : { ...rest, measures } };
    return probe.run({ ...context, signal: AbortSignal.timeout(5_000) });
  };
  return { clock, state, budget, run };
}

it.each([
  [200, 'ok', null, null],
  [404, 'ok', null, 'it answers 404'],
  [603, 'ok', null, 'it answers 603'],
  [500, 'fault', 'bridge.refused', 'it answers 500'],
  [503, 'fault', 'bridge.refused', 'it answers 503'],
])('an answer %i is %s', async (status, verdict, fault, reason) => {
  const { run } = await bridge(status);
  expect(await run()).toMatchObject({ checks: [{ status: verdict, fault, reason }], numbers: { sip: expect.any(Number) } });
});

it('asks no more than it may: only where this PC measures, on a thin link once an hour, and over the budget not at all', async () => {
  const { clock, state, budget, run } = await bridge(200, 'geo');
  state.measures = false;
  expect(await run()).toEqual({ checks: [] });
  state.measures = true;
  for (let quarter = 0; quarter < 8; quarter += 1) {
    expect(await run()).toMatchObject({ checks: [{ status: 'ok' }] });
    await clock.pass(hourMs / 4);
  }
  expect(state.asked).toBe(2);
  expect(budget.figures().testBytes).toBeGreaterThan(800);
  expect(budget.figures().testBytes).toBeLessThan(2_500);
  budget.used('tests', 36_000_000);
  expect(await run()).toEqual({
    checks: [{ component: 'bridge', device: '', status: 'unknown', fault: null, reason: 'the data budget of this month is used up' }],
  });
});

it('a bridge that was wrong is asked again at the next look, on a thin link too; a self-test asks always', async () => {
  const { clock, state, run } = await bridge(503, 'geo');
  expect(await run()).toMatchObject({ checks: [{ fault: 'bridge.refused' }] });
  Object.assign(state, { status: 200, measures: undefined });
  await clock.pass(hourMs / 4);
  expect(await run()).toMatchObject({ checks: [{ status: 'ok' }] });
});

it('a name that cannot be looked up says nothing about the bridge', async () => {
  const probe = createBridgeProbe(handClock());
  const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
  const profile = {
    link: 'fibre' as const,
    elevationM: 0,
    expected: {},
    bridge: { transport: 'udp' as const, host: 'no-such-name.invalid', port: 5060 },
  };
  const { checks } = await probe.run({ platform: createUnwritten(), profile, self, signal: AbortSignal.timeout(5_000) });
  expect(checks).toMatchObject([{ status: 'unknown', reason: 'its name cannot be looked up' }]);
});
