/**
 * What lasts of a rate. A line may lend a burst, or a policer may pass one, at a rate that it does not keep: trains see only that. So a stream
 * follows them at once, a little faster than they went, in blocks, until what is lent is used up or the bytes are; its end says what lasts.
 * Pure. What goes through is counted, for what a policer drops did not go.
 */
import { type TrainArrival, trainIpBytes } from '#contracts';
import { inOrder, middle, rate, steadyRate, type Train } from './arrivals.ts';

/** So long at its own rate fills the bucket of a policer: the normal burst that makers of routers recommend (Cisco IOS, "Policing": rate × 1.5 s). */
export const bucketSeconds = 1.5;
/** Packets that are sent at once. */
export const blockPackets = 8;

/** What trains found: `isSure` where several agreed. */
export type Lent = { bps: number; isSure: boolean };
/** `kept`: all of the stream went as fast. `fell`: only its beginning did, and it ended at this steady rate. */
export type Lasting =
  | { kind: 'kept'; bps: number }
  | { kind: 'fell'; bps: number; packets: number; ms: number }
  | { kind: 'unclear'; reason: string };

/** Above what passed, so that the narrow part never waits for us. */
const ahead = { ofTrains: 1.15, ofLate: 1.5 };
/** By so many arrivals a rate is told while the stream runs; it is never slowed to less than this share. */
const recent = { packets: 48, least: 1 / 40 };
const keptShare = 0.93;
/** Of the rate of the trains: what a stream has to reach at least where it did not fall, but other traffic took a part. */
const besideOthers = 0.5;
const lostAtMost = 0.05;
/** Where nothing is dropped, blocks that come so much faster than all of them did not wait before the narrow part: it was not full. */
const withinAtMost = 1.2;
/** Of the first packets where the rate fell. A queue that others fill begins to drop later; a policer whose bucket is empty does not wait. */
const lostAtOnce = { of: 3 * blockPackets, least: 0.4 };
const bentAtMost = 0.15;
const fewest = { packets: 40, ms: 50 };
const plenty = { packets: 64, ms: 100 };
/** So far a straight line of arrivals may bulge. */
const bulge = { packets: 10, share: 0.04 };

/**
 * The least that lasts of a rate, bits/s, which nothing slowed down for so many bytes: a usual bucket B = r · 1.5 s lends B / (1 − r / bps) bytes
 * at it, and would have been empty for any r below this.
 */
export function lastsAtLeast(bps: number, seenBytes: number): number {
  return bps / (1 + (bucketSeconds * bps) / (8 * seenBytes));
}

/** How fast to send now, bits/s: slower where less than before comes through, so that little is dropped or queues. */
export function paceOf(arrivals: readonly TrainArrival[], fromBps: number): number {
  const last = counted(arrivals.slice(-recent.packets));
  const [first, newest] = [last[0], last.at(-1)];
  const full = ahead.ofTrains * fromBps;
  if (last.length < recent.packets || first === undefined || newest === undefined || newest.us <= first.us) return full;
  return Math.min(full, Math.max(ahead.ofLate * rate(first, newest), recent.least * fromBps));
}

/** True where a stream need not go on: it fell, and its end is long enough. */
export function isEnough(stream: Train, lent: Lent): boolean {
  const lasting = lastingOf(stream, lent);
  return lasting.kind === 'fell' && lasting.packets >= plenty.packets && lasting.ms >= plenty.ms;
}

/** Guarantee: `kept` is only what went at the rate of the trains to the end, and `fell` only what was steady at its end. */
export function lastingOf(stream: Train, { bps: fromBps, isSure }: Lent): Lasting {
  const came = inOrder(stream);
  if (came.length < fewest.packets) return { kind: 'unclear', reason: 'too many packets were lost' };
  const end = straightEnd(came);
  const bps = steadyRate(counted(end));
  const isFast = (one: number) => one >= keptShare * fromBps;
  if (isFast(bps)) return { kind: 'kept', bps };
  const isWhole = end.length === came.length;
  // Each block goes as fast as ever, and all of them come: others use the line as well.
  if (isWhole && lossOf(end) <= lostAtMost && isFast(rateWithinBlocks(end)) && bps >= besideOthers * fromBps) return { kind: 'kept', bps };
  const ms = msOf(end);
  const isOthers = isShared(came, end, { bps, fastBps: keptShare * fromBps, isSure });
  if (isOthers || end.length < fewest.packets || ms < fewest.ms || !isSteady(end)) {
    return { kind: 'unclear', reason: 'the rate is not steady' };
  }
  return { kind: 'fell', bps, packets: end.length, ms };
}

/** True where blocks did not wait before the narrow part, as behind a bucket that is empty, and no policer dropped what is missing: it waited with what others sent. */
function isShared(
  came: readonly TrainArrival[],
  end: readonly TrainArrival[],
  { bps, fastBps, isSure }: { bps: number; fastBps: number; isSure: boolean },
): boolean {
  const within = rateWithinBlocks(end);
  if (lossOf(end) <= lostAtMost && within > withinAtMost * bps) return true;
  return within >= fastBps && !isPoliced(came, end, isSure ? fastBps : 0);
}

/** How much was lent: as much as a bucket must hold that lets all this pass and is filled at `bps`. `trains` by one clock. */
export function lentBytes(trains: readonly Train[], bps: number): number {
  let [level, most, lastUs] = [0, 0, 0];
  for (const { us } of trains.flatMap(inOrder)) {
    level = Math.max(0, level - (Math.max(0, us - lastUs) * bps) / 8e6) + trainIpBytes;
    most = Math.max(most, level);
    lastUs = us;
  }
  return most;
}

/** The middle of the rates at which single blocks came, by the numbers of their packets; not a number where no block did. */
export function rateWithinBlocks(arrivals: readonly TrainArrival[]): number {
  const blocks = Map.groupBy(arrivals, ({ seq }) => Math.floor(seq / blockPackets));
  const rates = blocks.values().flatMap((block) => {
    const [first, last] = [block[0], block.at(-1)];
    return first && last && block.length * 2 >= blockPackets && last.us > first.us && last.seq > first.seq ? [rate(first, last)] : [];
  });
  return middle([...rates]);
}

/** What is left of the arrivals behind the last place where their rate fell. */
function straightEnd(came: readonly TrainArrival[]): readonly TrainArrival[] {
  let end = came;
  for (let at = kneeOf(end); at !== null; at = kneeOf(end)) end = end.slice(at);
  return end;
}

/** The place that lies farthest above the straight line from the first arrival to the last; null where none lies far. */
function kneeOf(end: readonly TrainArrival[]): number | null {
  const [first, last] = [end[0], end.at(-1)];
  if (first === undefined || last === undefined || end.length < recent.packets / 2) return null;
  const slope = (end.length - 1) / Math.max(1, last.us - first.us);
  let [knee, most] = [0, 0];
  for (const [at, { us }] of end.entries()) {
    const above = at - slope * (us - first.us);
    if (above > most) [knee, most] = [at, above];
  }
  return most > Math.max(bulge.packets, bulge.share * end.length) ? knee : null;
}

function isSteady(end: readonly TrainArrival[]): boolean {
  const half = end.length >> 1;
  const [before, behind] = [end.slice(0, half), end.slice(half)].map((part) => steadyRate(counted(part)));
  return before !== undefined && behind !== undefined && Math.abs(before / behind - 1) <= bentAtMost;
}

/** Numbered by how many came: what was dropped did not go through. */
function counted(arrivals: readonly TrainArrival[]): TrainArrival[] {
  return arrivals.map(({ us }, seq) => ({ seq, us }));
}

function lossOf(end: readonly TrainArrival[]): number {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const { seq } of end) [least, most] = [Math.min(least, seq), Math.max(most, seq)];
  return 1 - end.length / (most - least + 1);
}

/**
 * A policer passes what its bucket holds as fast as ever, and drops from then on. Where what came before was slow already, or where nothing was
 * dropped for a while when the rate fell, a queue was filling that others share.
 */
function isPoliced(came: readonly TrainArrival[], end: readonly TrainArrival[], fastBps: number): boolean {
  const before = counted(came.slice(0, came.length - end.length + 1));
  const [first, last] = [before[0], before.at(-1)];
  const isSlow = first !== undefined && last !== undefined && last.us > first.us && rate(first, last) < fastBps;
  return !isSlow && isLostAtOnce(end);
}

function isLostAtOnce(end: readonly TrainArrival[]): boolean {
  const from = Math.min(...end.map(({ seq }) => seq));
  return end.filter(({ seq }) => seq < from + lostAtOnce.of).length <= (1 - lostAtOnce.least) * lostAtOnce.of;
}

function msOf(end: readonly TrainArrival[]): number {
  return ((end.at(-1)?.us ?? 0) - (end[0]?.us ?? 0)) / 1_000;
}
