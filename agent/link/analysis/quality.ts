/**
 * Computes loss, delay and jitter of each direction from the echoes of a quality round, without comparing clocks. Combines several rounds.
 */

/**
 * Probe that came back, with two sequence numbers and four times in milliseconds. Each time is by the clock of the machine that took it.
 */
export type ProbeEcho = { seq: number; reflectorSeq: number; sentAt: number; receivedAt: number; repliedAt: number; arrivedAt: number };
/** Quality round: number of probes sent, numbered from 0, and their echoes. */
export type Round = { sent: number; echoes: readonly ProbeEcho[] };

/** Tolerance for comparing two clocks, including their resolution. */
const clockStepMs = 1;
/** Tolerance for the drift of two clocks during one round. */
const driftMs = 3;

/** One direction of a round: packets sent, packets lost, runs of lost packets, and delay differences between packets in milliseconds. */
export type DirectionSample = { sent: number; lost: number; runs: number; variationsMs: readonly number[] };
/**
 * Window: result of one round for each direction; times in milliseconds. `tail`: probes after the last echo, whose direction of loss is
 * unknown.
 */
export type Window = { up: DirectionSample; down: DirectionSample; roundTripsMs: readonly number[]; tail: number };

/**
 * Evaluates a round up to its last echo. A probe without a later echo may have been lost in either direction. Lost on the way up: probes
 * that the reflector never numbered. Lost on the way down: probes that it numbered and that did not arrive. Returns undefined if no probe
 * came back, or if the round is impossible:
 * - the reflector restarted during the round, or numbered more probes than were sent
 * - the reflector reports a processing time longer than the round trip
 * - a clock stopped during the round, as on a PC that slept
 */
export function windowOf(round: Round): Window | undefined {
  const echoes = [...new Map(round.echoes.map((echo) => [echo.seq, echo])).values()].sort((a, b) => a.seq - b.seq);
  const isOneCount = new Set(echoes.map(({ reflectorSeq }) => reflectorSeq)).size === echoes.length;
  if (echoes.length === 0 || !isOneCount || !echoes.every((echo) => isPossible(echo, round))) return undefined;
  const sent = greatest(echoes.map(({ seq }) => seq)) + 1;
  const reached = Math.min(sent, greatest(echoes.map(({ reflectorSeq }) => reflectorSeq)) + 1);
  const runs = runsOf(echoes);
  const window = {
    up: { sent, lost: sent - reached, runs: runs.up, variationsMs: variations(echoes, 'up') },
    down: { sent: reached, lost: Math.max(0, reached - echoes.length), runs: runs.down, variationsMs: variations(echoes, 'down') },
    // The resolution of a clock can make a round trip negative.
    roundTripsMs: echoes.map((echo) => Math.max(0, roundTripMs(echo))),
    tail: round.sent - sent,
  };
  // A delay difference of one direction cannot exceed the round trip.
  const mostMs = greatest(window.roundTripsMs) + driftMs;
  return [...window.up.variationsMs, ...window.down.variationsMs].every((one) => one <= mostMs) ? window : undefined;
}

/** Probability below which the early end of a round is not random. */
const cutByChance = 1e-4;

/**
 * Returns true if at least half of the round is missing at its end. Random loss does not explain this; a device on the path passes only a
 * limited number of packets.
 */
export function isCutOff({ up, down, tail }: Window): boolean {
  const lostOf = (up.lost + down.lost + 1) / (up.sent + 2);
  return tail >= up.sent && lostOf ** tail < cutByChance;
}

function isPossible(echo: ProbeEcho, { sent }: Round): boolean {
  const isNumber = (number: number) => Number.isInteger(number) && number >= 0 && number < sent;
  const isTime =
    roundTripMs(echo) > -clockStepMs && echo.repliedAt - echo.receivedAt > -clockStepMs && Number.isFinite(echo.receivedAt - echo.sentAt);
  return isNumber(echo.seq) && isNumber(echo.reflectorSeq) && isTime;
}

function roundTripMs({ sentAt, receivedAt, repliedAt, arrivedAt }: ProbeEcho): number {
  return arrivedAt - sentAt - (repliedAt - receivedAt);
}

/**
 * Counts runs of lost packets. A gap in the reflector's numbers was lost on the way down. A longer gap in the probe numbers was lost on the
 * way up.
 */
function runsOf(echoes: readonly ProbeEcho[]): { up: number; down: number } {
  const numbers = new Set(echoes.map(({ reflectorSeq }) => reflectorSeq));
  const lostDown = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from - 1) }, (_, at) => from + 1 + at).filter((one) => !numbers.has(one)).length;
  const first = { seq: -1, reflectorSeq: -1 };
  const gaps = echoes.map((echo, at) => ({ from: echoes[at - 1] ?? first, to: echo }));
  const sorted = [...numbers].sort((a, b) => a - b);
  return {
    up: gaps.filter(({ from, to }) => to.seq - from.seq - 1 > lostDown(from.reflectorSeq, to.reflectorSeq)).length,
    down: sorted.filter((number, at) => number - (sorted[at - 1] ?? -1) > 1).length,
  };
}

/** |D| of RFC 3550, 6.4.1: difference between the transit times of two consecutive packets, in order of arrival. */
function variations(echoes: readonly ProbeEcho[], way: 'up' | 'down'): number[] {
  const passages = echoes.map((echo) =>
    way === 'up'
      ? { order: echo.reflectorSeq, transitMs: echo.receivedAt - echo.sentAt }
      : { order: echo.arrivedAt, transitMs: echo.arrivedAt - echo.repliedAt },
  );
  passages.sort((a, b) => a.order - b.order);
  return passages.slice(1).map(({ transitMs }, at) => Math.abs(transitMs - (passages[at]?.transitMs ?? 0)));
}

/** Quality of one direction; loss values range from 0 to 1. */
export type DirectionQuality = ReturnType<typeof directionQuality>;
export type Quality = { roundTripMs: { median: number; p95: number }; up: DirectionQuality; down: DirectionQuality };

/** Combines windows; returns undefined if the list is empty. */
export function qualityOf(windows: readonly Window[]): Quality | undefined {
  const roundTrips = windows.flatMap(({ roundTripsMs }) => roundTripsMs);
  if (roundTrips.length === 0) return undefined;
  return {
    roundTripMs: { median: quantile(roundTrips, 0.5), p95: quantile(roundTrips, 0.95) },
    up: directionQuality(windows, 'up'),
    down: directionQuality(windows, 'down'),
  };
}

function directionQuality(windows: readonly Window[], direction: 'up' | 'down') {
  const ways = windows.map((window) => window[direction]);
  const total = (pick: (way: DirectionSample) => number) => ways.reduce((sum, way) => sum + pick(way), 0);
  const [sent, lost, runs] = [total((way) => way.sent), total((way) => way.lost), total((way) => way.runs)];
  const variationsMs = ways.flatMap((way) => way.variationsMs);
  const tail = windows.reduce((sum, one) => sum + one.tail, 0);
  const loss = sent === 0 ? 0 : lost / sent;
  const burst = runs === 0 ? 1 : Math.max(1, lost / runs);
  return {
    sent,
    loss,
    /** Highest possible loss: every probe with unknown direction of loss counts as lost in this direction. */
    lossAtMost: sent + tail === 0 ? 0 : (lost + tail) / (sent + tail),
    /** Mean length of a run of lost packets; 1 means that only single packets were lost. */
    burst,
    /** BurstR of G.107: mean run length divided by its expectation for random loss, at least 1. */
    burstRatio: Math.max(1, burst * (1 - loss)),
    /** Mean of the delay differences, their 95th percentile, and the interarrival jitter of RFC 3550. */
    jitterMs: mean(variationsMs),
    jitterP95Ms: quantile(variationsMs, 0.95),
    rfcJitterMs: variationsMs.reduce((jitter, variation) => jitter + (variation - jitter) / 16, 0),
  };
}

/** Fewer delay differences than this give no jitter. */
const variationsAtLeast = 5;

/** Returns the jitter of one direction of a window, milliseconds; undefined if too few packets arrived. */
export function jitterOf(window: Window, way: 'up' | 'down'): number | undefined {
  const { variationsMs } = window[way];
  return variationsMs.length < variationsAtLeast ? undefined : mean(variationsMs);
}

/** Returns the probes needed to measure a loss ratio: three of them are expected to be lost. 1 % needs 300. */
export function probesFor(loss: number): number {
  return Math.ceil(3 / loss);
}

/** Returns the newest windows that together hold this many upward probes; undefined if all windows hold fewer. */
export function latest(windows: readonly Window[], probes: number): readonly Window[] | undefined {
  let held = 0;
  for (let at = windows.length - 1; at >= 0; at -= 1) {
    held += windows[at]?.up.sent ?? 0;
    if (held >= probes) return windows.slice(at);
  }
  return undefined;
}

/** Returns the proven loss of a direction, over the probes that the threshold needs; undefined if there were too few. */
export function lossOver(windows: readonly Window[], way: 'up' | 'down', threshold: number): number | undefined {
  const enough = latest(windows, probesFor(threshold));
  return enough && qualityOf(enough)?.[way].loss;
}

/** Returns the highest possible loss of a direction: the probes of unknown direction count as lost too. */
export function lossAtMostOver(windows: readonly Window[], way: 'up' | 'down', threshold: number): number | undefined {
  const enough = latest(windows, probesFor(threshold));
  return enough && qualityOf(enough)?.[way].lossAtMost;
}

/** Returns a loss that at least one direction has: half of all probes that did not come back. Undefined if there were too few probes. */
export function lossOfWorseDirection(windows: readonly Window[], threshold: number): number | undefined {
  const enough = latest(windows, probesFor(threshold));
  if (enough === undefined) return undefined;
  const total = (pick: (window: Window) => number) => enough.reduce((sum, window) => sum + pick(window), 0);
  return total(({ up, down, tail }) => up.lost + down.lost + tail) / (2 * total(({ up, tail }) => up.sent + tail));
}

/** Returns the value below which this share of all values lies; 0 for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? 0;
  return low + ((sorted[Math.ceil(place)] ?? low) - low) * (place - Math.floor(place));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}
