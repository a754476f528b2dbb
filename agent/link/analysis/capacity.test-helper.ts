/** A way with one narrow part, computed and not waited for. */
import { type TrainArrival, trainIpBytes, trainWireBytes } from '@sabha/contracts';
import { blockPackets, type Capacity, capacityOf, nextTrain, paceOf, type Stream, streamAfter, streamMs, type Train } from './capacity.ts';

/** A way that trains go. */
export type Way = {
  bps: number;
  /** Lets so many bytes pass at once when it has rested. */
  bucketBytes: number;
  /** Rate at which the sender can send. */
  senderBps?: number;
  /** Share of the packets that is lost behind the narrow part. */
  loss?: number;
  /** How many bytes wait before it; what comes on top is dropped. */
  queueBytes?: number;
  /** What others send through it, packet by packet, whatever becomes of it. */
  othersBps?: number;
  random?: () => number;
};

/** What a whole measurement found, what it cost, and how far it is from the truth. */
export type Run = Capacity & { trains: Train[]; bytes: number; error: number };
type Change = (train: Train, at: number) => Train;

/** What a measurement of these tests may cost, bytes on the wire. */
export const budgetBytes = 2_960_000;
const usual = { budgetBytes, ceilingBps: 50e6, cardBps: null };

const pauseUs = 40_000;

type Given = { budgetBytes?: number; ceilingBps?: number; cardBps?: number; change?: Change };

/** A whole measurement; `change` disturbs single trains, the stream too. */
export function measure(way: Way, { change = (train) => train, ...limits }: Given = {}): Run {
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

/** On the clock of those before it, a little later than the last. */
function after(trains: readonly Train[], { packets, arrivals }: Train): Train {
  const lastUs = trains.flatMap((train) => train.arrivals).reduce((most, { us }) => Math.max(most, us), 0);
  const fromUs = trains.length === 0 ? 0 : lastUs + pauseUs;
  return { packets, arrivals: arrivals.map(({ seq, us }) => ({ seq, us: us + fromUs })) };
}

/** One train through a rested token bucket. */
export function pass(way: Way, packets: number): TrainArrival[] {
  const through = bucket(way);
  const { senderBps = 1e9 } = way;
  return Array.from({ length: packets }, (_, seq) => through(seq, (seq * trainIpBytes * 8) / senderBps)).flatMap((one) => one ?? []);
}

/** The stream behind them, of which each arrival is known at once. */
function flow(way: Way, plan: Stream): Train {
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

/** A rested token bucket with a queue before it; what it lets through of each packet, seconds. */
function bucket(way: Way): (seq: number, sentAt: number) => TrainArrival[] | null {
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

/** When a packet leaves it; null where it is dropped. */
function narrow({ bps, bucketBytes, queueBytes = 1e9 }: Way): (sentAt: number) => number | null {
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

/** From a share of the train on everything is stamped when the receiver runs again, then as it comes. */
export function heldUp({ packets, arrivals }: Train, from: number, forUs: number): Train {
  const start = arrivals[Math.floor(arrivals.length * from)]?.us ?? 0;
  return { packets, arrivals: arrivals.map(({ seq, us }) => ({ seq, us: us >= start ? Math.max(us, start + forUs + seq) : us })) };
}
