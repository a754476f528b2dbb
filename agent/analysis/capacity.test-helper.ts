/** A way with one narrow part, computed and not waited for. */
import { type TrainArrival, trainIpBytes, trainWireBytes } from '#contracts';
import { type Capacity, capacityOf, nextTrain, type Train } from './capacity.ts';

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
  random?: () => number;
};

/** What a whole measurement found, what it cost, and how far it is from the truth. */
export type Run = Capacity & { trains: Train[]; bytes: number; error: number };
type Change = (train: Train, at: number) => Train;

/** What a measurement of these tests may cost, bytes on the wire. */
export const budgetBytes = 960_000;
const usual = { budgetBytes, ceilingBps: 50e6, cardBps: null };

type Given = { budgetBytes?: number; ceilingBps?: number; cardBps?: number; change?: Change };

/** A whole measurement; `change` disturbs single trains. */
export function measure(way: Way, { change = (train) => train, ...limits }: Given = {}): Run {
  const trains: Train[] = [];
  for (let packets = nextTrain(trains, { ...usual, ...limits }); packets !== null; packets = nextTrain(trains, { ...usual, ...limits })) {
    trains.push(change({ packets, arrivals: pass(way, packets) }, trains.length));
  }
  const capacity = capacityOf(trains, { ...usual, ...limits });
  const bytes = trains.reduce((sum, { packets }) => sum + packets * trainWireBytes, 0);
  return { ...capacity, trains, bytes, error: capacity.bps === null ? 0 : capacity.bps / way.bps - 1 };
}

/** One train through a rested token bucket. */
export function pass(
  { bps, bucketBytes, senderBps = 1e9, loss = 0, queueBytes = 1e9, random = () => 1 }: Way,
  packets: number,
): TrainArrival[] {
  const arrivals: TrainArrival[] = [];
  const perSecond = bps / 8;
  let tokens = bucketBytes;
  let lastAt = 0;
  for (let seq = 0; seq < packets; seq += 1) {
    const sentAt = (seq * trainIpBytes * 8) / senderBps;
    if ((lastAt - sentAt) * perSecond > queueBytes) continue;
    const startAt = Math.max(sentAt, lastAt);
    tokens = Math.min(bucketBytes, tokens + (startAt - lastAt) * perSecond);
    const outAt = startAt + Math.max(0, trainIpBytes - tokens) / perSecond;
    tokens += (outAt - startAt) * perSecond - trainIpBytes;
    lastAt = outAt;
    if (random() >= loss) arrivals.push({ seq, us: outAt * 1e6 });
  }
  return arrivals;
}
