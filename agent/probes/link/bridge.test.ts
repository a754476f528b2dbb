/** Tests the bridge probe against a UDP socket. test/real/bridge.test.ts uses the real sipp. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { links } from '@sabha/contracts';
import { expect, it, onTestFinished } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { createBudget, inMemoryStore } from '../../link/net/data-budget.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createBridgeProbe } from './bridge.ts';

const hourMs = 3_600_000;

/** Starts a fake bridge that responds to each request with the SIP status `status`; 0 = no response. */
async function bridge(status: number, link: 'fibre' | 'geo' = 'fibre') {
  const socket = createSocket('udp4');
  const state = { status, asked: 0, measures: true as boolean | undefined, from: socket, edit: (text: string) => text };
  onTestFinished(() => void socket.close());
  socket.on('message', (packet, { port, address }) => {
    state.asked += 1;
    const kept = packet
      .toString()
      .split('\r\n')
      .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    const said = `SIP/2.0 ${state.status} Said\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
    if (state.status > 0) state.from.send(state.edit(said), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const clock = handClock();
  const probe = createBridgeProbe(clock);
  const budget = createBudget({ clock, store: inMemoryStore() });
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
    const context = { platform: createUnsupported(), profile, budget, self: measures === undefined ? rest : { ...rest, measures } };
    return probe.run({ ...context, signal: AbortSignal.timeout(5_000) });
  };
  return { clock, state, budget, run };
}

/** Advances the clock until `asking` ends. The probe waits for its time limit before it accepts a wrong response. */
async function inTime<T>(clock: ReturnType<typeof handClock>, asking: Promise<T>): Promise<T> {
  let isOver = false;
  void asking.then(() => {
    isOver = true;
  });
  await expect.poll(() => clock.pass(500).then(() => isOver)).toBe(true);
  return asking;
}

it.each([
  [200, 'ok', null, null],
  [501, 'ok', null, 'it answers 501: it does not know this question'],
  [503, 'fault', 'bridge.refused', 'it answers 503'],
  [505, 'fault', 'bridge.refused', 'it answers 505: it speaks another version of SIP'],
])('the bridge probe rates the SIP status %i as %s', async (status, verdict, fault, reason) => {
  const { run } = await bridge(status);
  expect(await run()).toMatchObject({ checks: [{ status: verdict, fault, reason }], numbers: { sip: expect.any(Number) } });
});

it.each([
  ['lines that end in LF alone', (text: string) => text.replaceAll('\r', ''), 'ok', null, 'its lines do not end as SIP requires'],
  [
    'the number of another question',
    (text: string) => text.replace('1 OPTIONS', '7 OPTIONS'),
    'fault',
    'bridge.silent',
    'its answer belongs to another request',
  ],
  [
    'the method of another question',
    (text: string) => text.replace('1 OPTIONS', '1 INVITE'),
    'fault',
    'bridge.silent',
    'its answer belongs to another request',
  ],
])('the bridge probe rates a 200 response with %s, and gives the reason', async (_, edit, status, fault, reason) => {
  const { clock, state, run } = await bridge(200);
  state.edit = edit;
  expect((await inTime(clock, run())).checks).toEqual([{ component: 'bridge', device: '', status, fault, reason }]);
});

it('the bridge probe runs only on the PC that measures the link, hourly on a thin link, and not beyond the data budget', async () => {
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
