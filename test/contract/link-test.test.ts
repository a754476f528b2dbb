/**
 * Tests the command `measure-link` on the measuring PC: when it runs, when it is refused, and its result. The reflector is that of the
 * broker.
 */
import { randomBytes } from 'node:crypto';
import { measureRefusals, openReflectorToken, sealReflectorToken, transferWireBytes } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createMeasureLinkCommand } from '../../agent/link/measure/capacity-command.ts';
import type { ReportedCapacity } from '../../agent/link/measure/quality-history.ts';
import type { LinkView } from '../../agent/link/measure/quality-rounds.ts';
import type { Busy } from '../../agent/link/measure/traffic.ts';
import type { TransferRates } from '../../agent/link/measure/transfer.ts';
import type { SoundState } from '../../agent/platform/platform.ts';
import { createTrainHandler } from '../../broker/reflector/trains.ts';
import { createWay, type Narrow } from './narrow-way.ts';

const key = randomBytes(32);
const mbit = 1e6;
const quiet: Busy = { upBps: 0.25 * mbit, downBps: 0.5 * mbit };

/** The expected text when all bytes passed without a limit. */
const seenUp = expect.stringMatching(/^up: at least 2\.00 Mbit\/s for the first 2\.\d MB$/);
const freeUp = 'free, as seen by this PC: up 1.75 Mbit/s, down not known';

type Given = {
  down?: Partial<Narrow>;
  measures?: boolean;
  hasGrant?: boolean;
  heldBy?: string[];
  left?: number;
  busy?: Busy | null;
  last?: ReportedCapacity;
  cardBps?: number;
  transferred?: TransferRates;
  byTransfer?: boolean;
  view?: LinkView;
};

function setUp(given: Given = {}) {
  const { down, measures = true, hasGrant = true, heldBy = [], left = 1e8, busy = quiet, last, cardBps, transferred } = given;
  const narrow: Narrow = { bps: 2 * mbit, bucketBytes: 3_000, delayMs: 20, lost: () => false };
  const checkToken = (token: Buffer) => openReflectorToken(token, key, 0) ?? 'stranger';
  const way = createWay((clock) => createTrainHandler({ checkToken, secret: randomBytes(32), clock, count: () => undefined }), {
    up: narrow,
    down: { ...narrow, bps: 8 * mbit, ...down },
  });
  const seen = { takeCapacity: [] as ReportedCapacity[], used: 0, ports: [] as number[] };
  let packets = 0;
  let watch: (nth: number) => unknown = () => undefined;
  const token = sealReflectorToken('ladakh/leh/hall', 3_600_000, key);
  const sound: SoundState = {
    sources: [{ id: 'm', name: 'Mic', muted: false, volume: 1, usedBy: heldBy }],
    defaultSource: 'm',
    sinks: [],
    defaultSink: null,
  };
  const run = createMeasureLinkCommand({
    rounds: {
      measures: () => measures,
      grant: () => (hasGrant ? { port: 8_620, token, endsUp: Number.POSITIVE_INFINITY } : undefined),
      takeCapacity: (capacity) => seen.takeCapacity.push(capacity) > 0,
      capacity: () => last,
      view: () => given.view,
    },
    platform: { sound: async () => ({ known: true, value: sound }), cameras: async () => ({ known: true, value: [] }) },
    traffic: { busiest: () => busy, cardBps: () => cardBps ?? null },
    open: async (port, onPacket) => {
      seen.ports.push(port);
      const socket = await way.open(onPacket);
      const send = (packet: Buffer) => {
        watch(++packets);
        socket.send(packet);
      };
      return { ...socket, send, localAddress: '10.1.2.3' };
    },
    budget: { left: () => left - seen.used, used: (_, bytes) => (seen.used += bytes) },
    ...(transferred && {
      transfer: async (shown: Buffer, used: (bytes: number) => void) => {
        used(transferWireBytes);
        return shown.equals(token) ? transferred : { upBps: null, downBps: null };
      },
    }),
    limits: () => ({ ceilingBps: 50 * mbit, directionBytes: 3_000_000, byTransfer: given.byTransfer ?? true }),
    clock: way.clock,
  });
  const onPacket = (look: typeof watch) => {
    watch = look;
  };
  return { way, run, seen, heldBy, onPacket };
}

test('a link test stores and returns its result, with the free capacity in the busiest minute', async () => {
  const { way, run, seen } = setUp();
  expect(await way.run(run())).toEqual({
    outcome: 'done',
    lines: [
      seenUp,
      expect.stringMatching(/^down: at least 8\.00 Mbit\/s for the first 2\.\d MB$/),
      'free, as seen by this PC: up 1.75 Mbit/s, down 7.50 Mbit/s',
    ],
  });
  const [capacity] = seen.takeCapacity;
  expect(capacity).toMatchObject({ how: 'train', udpBlocked: false });
  expect((capacity?.free?.upBps ?? 0) / mbit).toBeCloseTo(1.75, 2);
  expect((capacity?.free?.downBps ?? 0) / mbit).toBeCloseTo(7.5, 1);
  expect(capacity?.reasons).toBeUndefined();
  expect(seen.ports).toEqual([8_620]);
  expect(seen.used).toBe(way.passed.up + way.passed.down);
});

test.each([
  ['a meeting', { heldBy: ['zoom'] }, measureRefusals.meeting],
  ['an empty budget', { left: 200_000 }, measureRefusals.budget],
  ['a budget that is left for most of a test', { left: 5_000_000 }, measureRefusals.budget],
  [
    'a link in use',
    {
      busy: { upBps: 0.7 * mbit, downBps: 0 },
      last: { at: 0, how: 'train' as const, upBps: 2 * mbit, downBps: 8 * mbit, udpBlocked: false },
    },
    measureRefusals.busy,
  ],
  ['another PC that measures', { measures: false }, 'this PC does not measure the link of its site'],
  ['a centre without a reflector', { hasGrant: false }, 'the server has no reflector'],
])('with %s the command is refused and sends no packet', async (_, given, reason) => {
  const { way, run, seen } = setUp(given);
  expect(await way.run(run())).toEqual({ outcome: 'failed', reason });
  expect([seen.ports, seen.used, seen.takeCapacity]).toEqual([[], 0, []]);
});

test('a meeting that begins during a link test ends the test, and no result is stored', async () => {
  const { way, run, seen, heldBy } = setUp();
  way.clock.after(300, () => heldBy.push('teams'));
  expect(await way.run(run())).toEqual({ outcome: 'failed', reason: measureRefusals.meeting });
  expect(seen.takeCapacity).toEqual([]);
});

test('UDP that is fully blocked and UDP without large packets give different results', async () => {
  const blocked = setUp({ down: { lost: () => true } });
  await blocked.way.run(blocked.run());
  expect(blocked.seen.takeCapacity).toMatchObject([{ udpBlocked: true, blocked: 'all', upBps: null, downBps: null }]);
  const cut = setUp({ down: { lost: (packet) => packet.length > 600 } });
  expect(await cut.way.run(cut.run())).toMatchObject({ lines: [seenUp, 'down: not known, too many packets were lost', freeUp] });
  expect(cut.seen.takeCapacity).toMatchObject([{ udpBlocked: true, blocked: 'large', downBps: null, reasons: { up: null } }]);
});

test('a rate at the limit of the network card is unknown with a reason, and reported as a lower bound', async () => {
  const { way, run, seen } = setUp({ cardBps: 9 * mbit });
  expect(await way.run(run())).toMatchObject({
    lines: [seenUp, 'down: not known, as fast as the network card of this PC; at least 8.00 Mbit/s', freeUp],
  });
  expect(seen.takeCapacity).toMatchObject([{ downBps: null, free: { downBps: null }, atLeast: { downBps: expect.any(Number) } }]);
});

test('with blocked UDP a short TCP transfer gives a lower bound and is marked as TCP', async () => {
  const lost = { down: { lost: () => true } };
  const transferred = { upBps: 1.5 * mbit, downBps: null };
  const { way, run, seen } = setUp({ ...lost, transferred });
  expect(await way.run(run())).toMatchObject({
    lines: [
      'up: not known, no packet comes back',
      'down: not known, no packet comes back',
      'by TCP at least: up 1.50 Mbit/s, down not known',
    ],
  });
  expect(seen.takeCapacity).toMatchObject([{ how: 'tcp', udpBlocked: true, upBps: 1.5 * mbit, downBps: null }]);
  expect(seen.used).toBeGreaterThan(500_000);
});

test('C15 if one direction fails over UDP, TCP gives its lower bound beside the UDP result of the other direction', async () => {
  let packets = 0;
  const transferred = { upBps: 1.5 * mbit, downBps: 6 * mbit };
  // One large packet in twelve arrives: UDP is not blocked, but gives no rate.
  const { way, run, seen } = setUp({ down: { lost: (packet) => packet.length > 600 && packets++ % 12 > 0 }, transferred });
  await way.run(run());
  expect(seen.takeCapacity).toMatchObject([
    { how: 'train', udpBlocked: false, downBps: null, atLeast: { upBps: null, downBps: 6 * mbit } },
  ]);
  expect(seen.takeCapacity[0]?.upBps ?? 0).toBeGreaterThan(1.9 * mbit);
});

test('no TCP transfer is used if UDP gives both directions, over a satellite, beyond the budget, or without a result', async () => {
  const lost = { down: { lost: () => true } };
  const transferred = { upBps: mbit, downBps: mbit };
  const nothing = { upBps: null, downBps: null };
  for (const given of [
    { transferred },
    { ...lost, transferred, byTransfer: false },
    { ...lost, transferred, left: 500_000 },
    { ...lost, transferred: nothing },
  ]) {
    const { way, run, seen } = setUp(given);
    await way.run(run());
    if (seen.takeCapacity.length > 0) expect(seen.takeCapacity).toMatchObject([{ how: 'train' }]);
  }
});

test('a test beyond the quota of the reflector is refused with its reason and gives no finding about the link', async () => {
  const { way, run, seen } = setUp({ left: 1e8, down: { bps: 50 * mbit, bucketBytes: 128_000 } });
  const answers = [];
  const costs: number[] = [];
  for (let at = 0; at < 4; at += 1) {
    const usedBefore = seen.used;
    answers.push(await way.run(run()));
    costs.push(seen.used - usedBefore);
    way.rebind();
  }
  expect(answers.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done', 'failed']);
  expect(answers.at(-1)).toEqual({ outcome: 'failed', reason: measureRefusals.spent });
  expect(seen.takeCapacity.map(({ udpBlocked }) => udpBlocked)).toEqual([false, false, false]);
  // The refusal arrives with the first train, so the measurement costs few bytes.
  expect(costs[3]).toBeLessThan(60_000);
});

test.each([
  ['a router gives this PC another port', 'rebind'],
  ['the broker is started anew', 'restart'],
] as const)('if %s during a test, the test is postponed and UDP does not count as blocked', async (_how, what) => {
  for (const packetsBefore of [5, 30, 60, 78]) {
    const { way, run, seen, onPacket } = setUp();
    onPacket((nth) => nth === packetsBefore && way[what]());
    expect(await way.run(run()), `${packetsBefore}`).toEqual({ outcome: 'failed', reason: measureRefusals.moved });
    expect(seen.takeCapacity).toEqual([]);
  }
});

test('if only packets of the quality test return, the reflector counts as full, and UDP does not count as blocked', async () => {
  const window = { up: { sent: 20, lost: 0, bursts: 0 }, roundTripsMs: [20] } as unknown as LinkView['windows'][number];
  const view: LinkView = {
    windows: [window],
    problem: null,
    regular: true,
    slow: false,
    numbers: () => ({}),
    capacity: undefined,
    tiers: { up: undefined, down: undefined },
    conservativeTiers: { up: undefined, down: undefined },
  };
  const { way, run, seen } = setUp({ down: { lost: () => true }, view });
  expect(await way.run(run())).toEqual({ outcome: 'failed', reason: measureRefusals.crowded });
  expect(seen.takeCapacity).toEqual([]);
});
