/** Simulates a network path with one bottleneck. It computes all arrival times at once, without real waiting. */
import { type TrainArrival, trainIpBytes, trainWireBytes } from '@sabha/contracts';
import {
  blockPackets,
  type CapacityEstimate,
  capacityOf,
  nextTrain,
  paceOf,
  type StreamPlan,
  streamAfter,
  streamMs,
  type Train,
} from './capacity.ts';

export type SimulatedLink = {
  bps: number;
  /** Size of the token bucket: bytes that pass at once after an idle time. */
  bucketBytes: number;
  senderBps?: number;
  /** Share of packets that are lost after the bottleneck, 0 to 1. */
  loss?: number;
  /** Size of the queue in front of the bottleneck; packets beyond it are dropped. */
  queueBytes?: number;
  /** Rate of competing traffic through the bottleneck, bits/s; its packets arrive as a Poisson process. */
  othersBps?: number;
  random?: () => number;
};

/** Result of a simulated measurement, its cost in bytes, and the relative error of its rate. */
export type Run = CapacityEstimate & { trains: Train[]; bytes: number; error: number };
type TrainChange = (train: Train, at: number) => Train;

/** Byte budget of one measurement in these tests, on the wire. */
export const budgetBytes = 2_960_000;
const usual = { budgetBytes, ceilingBps: 50e6, cardBps: null };

const pauseUs = 40_000;

type TestLimits = { budgetBytes?: number; ceilingBps?: number; cardBps?: number; change?: TrainChange };

/**
 * Simulates one capacity measurement over `way`: packet trains, then a stream if bytes are left. `change` alters the arrivals of each
 * train, for example by a delay.
 */
export function measure(way: SimulatedLink, { change = (train) => train, ...limits }: TestLimits = {}): Run {
  const trains: Train[] = [];
  const all = { ...usual, ...limits };
  for (let packets = nextTrain(trains, all); packets !== null; packets = nextTrain(trains, all)) {
    trains.push(after(trains, change({ packets, arrivals: pass(way, packets) }, trains.length)));
  }
  const plan = streamAfter(trains, all);
  const behind = plan === null ? undefined : after(trains, change(flow(way, plan), trains.length));
  const capacity = capacityOf(trains, all, behind);
  const bytes = [...trains, ...(behind ? [behind] : [])].reduce((sum, { packets }) => sum + packets * trainWireBytes, 0);
  return { ...capacity, trains, bytes, error: capacity.bps === null ? 0 : capacity.bps / way.bps - 1 };
}

/** Shifts the times of a train so that it starts 40 ms after the last arrival of the trains before it. */
function after(trains: readonly Train[], { packets, arrivals }: Train): Train {
  const lastUs = trains.flatMap((train) => train.arrivals).reduce((most, { us }) => Math.max(most, us), 0);
  const fromUs = trains.length === 0 ? 0 : lastUs + pauseUs;
  return { packets, arrivals: arrivals.map(({ seq, us }) => ({ seq, us: us + fromUs })) };
}

/** Sends one packet train through a full token bucket and returns its arrivals. */
export function pass(way: SimulatedLink, packets: number): TrainArrival[] {
  const through = bucket(way);
  const { senderBps = 1e9 } = way;
  return Array.from({ length: packets }, (_, seq) => through(seq, (seq * trainIpBytes * 8) / senderBps)).flatMap((one) => one ?? []);
}

/** Sends the stream after the packet trains. The simulated sender knows each arrival at once. */
function flow(way: SimulatedLink, plan: StreamPlan): Train {
  const through = bucket(way);
  const { senderBps = 1e9 } = way;
  const arrivals: TrainArrival[] = [];
  let dueAt = 0;
  let packets = 0;
  for (; packets < plan.packets; packets += 1) {
    const inBlock = packets % blockPackets;
    if (inBlock === 0 && packets > 0) {
      const come = arrivals.slice(-600).filter(({ us }) => us <= dueAt * 1e6);
      dueAt += (blockPackets * trainIpBytes * 8) / Math.min(senderBps, paceOf(come, plan));
      if (dueAt > streamMs / 1_000) break;
    }
    arrivals.push(...(through(packets, dueAt + (inBlock * trainIpBytes * 8) / senderBps) ?? []));
  }
  return { packets, arrivals };
}

/**
 * Creates a full token bucket with a queue before it. The returned function takes a sequence number and a send time in seconds; it returns
 * the arrivals, or null for a lost packet.
 */
function bucket(way: SimulatedLink): (seq: number, sentAt: number) => TrainArrival[] | null {
  const { loss = 0, random = () => 1, othersBps = 0 } = way;
  const goes = narrow(way);
  let otherAt = othersBps > 0 ? 0 : Number.POSITIVE_INFINITY;
  return (seq, sentAt) => {
    while (otherAt <= sentAt) {
      goes(otherAt);
      otherAt += (-Math.log(1 - random()) * trainIpBytes * 8) / othersBps;
    }
    const outAt = goes(sentAt);
    return outAt !== null && random() >= loss ? [{ seq, us: outAt * 1e6 }] : null;
  };
}

/** Returns when a packet leaves the bottleneck, in seconds; null if the queue drops it. */
function narrow({ bps, bucketBytes, queueBytes = 1e9 }: SimulatedLink): (sentAt: number) => number | null {
  const perSecond = bps / 8;
  let tokens = bucketBytes;
  let lastAt = 0;
  return (sentAt) => {
    if ((lastAt - sentAt) * perSecond > queueBytes) return null;
    const startAt = Math.max(sentAt, lastAt);
    tokens = Math.min(bucketBytes, tokens + (startAt - lastAt) * perSecond);
    const outAt = startAt + Math.max(0, trainIpBytes - tokens) / perSecond;
    tokens += (outAt - startAt) * perSecond - trainIpBytes;
    lastAt = outAt;
    return outAt;
  };
}

/**
 * Simulates a receiver that stalls for `forUs` microseconds after the share `from` of the train. Packets that arrive during the stall get
 * the time of its end.
 */
export function heldUp({ packets, arrivals }: Train, from: number, forUs: number): Train {
  const start = arrivals[Math.floor(arrivals.length * from)]?.us ?? 0;
  return { packets, arrivals: arrivals.map(({ seq, us }) => ({ seq, us: us >= start ? Math.max(us, start + forUs + seq) : us })) };
}
