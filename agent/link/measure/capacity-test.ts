/** Measures the capacity of both directions of the link once, with packet trains and a stream to and from the reflector. */
import {
  type Cancel,
  type Clock,
  measureRefusals,
  type TrainDenial,
  trainIpBytes,
  trainPayloadBytes,
  trainSessionBytes,
  trainWireBytes,
} from '@sabha/contracts';
import { type CapacityEstimate, type CapacityLimits, capacityOf, nextTrain, streamAfter, type Train } from '../analysis/capacity.ts';
import { udpWireBytesAt } from '../net/meter.ts';
import { createTrains, type Socket, type Trains } from './trains.ts';

export type CapacityOptions = {
  /** Opens a socket to the reflector; resolves with the reason as text if no socket opens. */
  open(onPacket: (packet: Buffer) => void): Promise<Socket | string>;
  token: Buffer;
  clock: Clock;
  /** `left`: wire bytes that link tests may still use this month. `used`: counts the bytes of this test. */
  budget: { left(): number; used(wireBytes: number): void };
  ceilingBps: number;
  directionBytes: number;
  /** Rate of this PC's network card; null if unknown. */
  cardBps: number | null;
  /** Returns a reason to stop, such as a meeting that has begun; null to continue. */
  objection?: () => Promise<string | null>;
};

/** `all`: no packet comes back. `large`: small packets come back, but packets as large as those of a meeting do not. */
export type BlockedUdp = 'all' | 'large';

type DirectionCapacity = CapacityEstimate & { wireBytes: number };

export type Measured =
  | { ok: true; blocked: BlockedUdp | null; roundTripMs: number | null; up: DirectionCapacity; down: DirectionCapacity }
  | { ok: false; reason: string };

/** Bytes for hellos, requests and reports: a fixed number, and a share of the total. */
const overheadBytes = { bytes: 20_000, share: 0.02 };
const pauseMs = 30;
/** Interval of the check for a meeting that begins during a stream of several seconds. */
const lookEveryMs = 2_000;
const notMeasured: DirectionCapacity = {
  bps: null,
  reason: 'no packet comes back',
  atLeastBps: null,
  burst: null,
  seenBytes: null,
  wireBytes: 0,
};

/**
 * Measures both directions. If the reason is one of `measureLater`, the result says nothing about the link, and the test is repeated later.
 * Guarantee: one direction uses no more bytes than a session may. Both together never use more than the budget has left.
 */
export async function measureCapacity(options: CapacityOptions): Promise<Measured> {
  let usedBytes = 0;
  const used = (wireBytes: number) => {
    usedBytes += wireBytes;
    options.budget.used(wireBytes);
  };
  let trains: Trains | undefined;
  const socket = await options.open((packet) => trains?.take(packet));
  if (typeof socket === 'string') return { ok: false, reason: `no way to the reflector: ${socket}` };
  trains = createTrains({ ...options, socket, used });
  try {
    const roundTripMs = await trains.greet();
    if (roundTripMs === null) return { ok: true, blocked: 'all', roundTripMs, up: notMeasured, down: notMeasured };
    const way: TrainPath = { trains, longerBytes: udpWireBytesAt(socket.localAddress, trainPayloadBytes) - trainWireBytes };
    const up = await oneDirection(options, way, 'up');
    const upBytes = usedBytes;
    if (typeof up === 'string') return { ok: false, reason: up };
    const down = await oneDirection(options, way, 'down');
    if (typeof down === 'string') return { ok: false, reason: down };
    const blocked: BlockedUdp | null = up.isBlocked || down.isBlocked ? 'large' : null;
    const told = { ok: true as const, blocked, roundTripMs, up: { ...up.capacity, wireBytes: upBytes } };
    return { ...told, down: { ...down.capacity, wireBytes: usedBytes - upBytes } };
  } finally {
    trains.close();
    socket.close();
  }
}

/** `longerBytes`: extra bytes per packet over IPv6. Budgets and rates are first computed for IPv4. */
type TrainPath = { trains: Trains; longerBytes: number };

async function oneDirection(
  options: CapacityOptions,
  { trains: way, longerBytes }: TrainPath,
  direction: 'up' | 'down',
): Promise<{ capacity: CapacityEstimate; isBlocked: boolean } | string> {
  const { budget, ceilingBps, directionBytes, cardBps } = options;
  const share = trainWireBytes / (trainWireBytes + longerBytes);
  const budgetBytes =
    share * ((1 - overheadBytes.share) * Math.min(trainSessionBytes, directionBytes, budget.left()) - overheadBytes.bytes);
  const limits: CapacityLimits = { budgetBytes, ceilingBps, cardBps };
  const trains: Train[] = [];
  for (let packets = nextTrain(trains, limits); packets !== null; packets = nextTrain(trains, limits)) {
    const next = packets;
    const train = await sendTrain(options, way, { pauses: trains.length > 0, send: () => way[direction](next) });
    if (typeof train === 'string') return train;
    trains.push(train);
  }
  const plan = streamAfter(trains, limits);
  const stream = plan === null ? undefined : await sendTrain(options, way, { pauses: false, send: () => way.stream(direction, plan) });
  if (typeof stream === 'string') return stream;
  const isBlocked = trains.length > 0 && trains.every(isEmpty);
  return { capacity: scaledEstimate(capacityOf(trains, limits, stream), (trainIpBytes + longerBytes) / trainIpBytes), isBlocked };
}

function scaledEstimate(capacity: CapacityEstimate, by: number): CapacityEstimate {
  if (capacity.bps === null) return { ...capacity, atLeastBps: capacity.atLeastBps && capacity.atLeastBps * by };
  const { bps, burst, seenBytes } = capacity;
  return {
    ...capacity,
    bps: bps * by,
    burst: burst && { bps: burst.bps * by, bytes: burst.bytes * by },
    seenBytes: seenBytes && seenBytes * by,
  };
}

/** Sends one train or stream; resolves with the reason as text if it may not be sent. */
async function sendTrain(
  { clock, objection }: CapacityOptions,
  way: Trains,
  { pauses, send }: { pauses: boolean; send: () => Promise<Train | TrainDenial> },
): Promise<Train | string> {
  const reason = (await objection?.()) ?? null;
  if (reason !== null) return reason;
  if (pauses) await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  let begun: string | null = null;
  let cancel: Cancel = () => undefined;
  const watch = async () => {
    begun ??= (await objection?.()) ?? null;
    if (begun === null) cancel = clock.after(lookEveryMs, () => void watch());
    else way.close();
  };
  cancel = clock.after(lookEveryMs, () => void watch());
  const train = await send();
  cancel();
  if (begun !== null) return begun;
  if (typeof train === 'string') return measureRefusals[train];
  // If the reflector does not respond or sees this PC at another address, the empty train says nothing about the link.
  return isEmpty(train) && !(await way.isStillThere()) ? measureRefusals.moved : train;
}

function isEmpty({ arrivals }: Train): boolean {
  return arrivals.length === 0;
}
