/** From the echoes of one round to what each direction did, without any comparison of clocks; and what several rounds say together. */

/** One probe that came back: both numbers, and the four times (by the clock of whoever took them, milliseconds). */
export type Echo = { seq: number; reflectorSeq: number; sentAt: number; receivedAt: number; repliedAt: number; arrivedAt: number };
/** `sent`: probes that went out, numbered from 0. */
export type Round = { sent: number; echoes: readonly Echo[] };

/** No two clocks run alike within a second, nor is any read as finely as it runs. */
const clockStepMs = 1;
/** Nor do they within a round. */
const driftMs = 3;

/** One direction: packets that entered it and were lost in it, in so many runs; differences of delay from packet to packet, milliseconds. */
export type Way = { sent: number; lost: number; runs: number; variationsMs: readonly number[] };
/** What one round of probes says, direction by direction; times in milliseconds. `tail`: probes that none came after, lost nobody knows which way. */
export type Window = { up: Way; down: Way; roundTripsMs: readonly number[]; tail: number };

/**
 * What a round says, direction by direction up to its last echo: which way a probe was lost that none came after is not known. Undefined where
 * nothing came back, or what came makes no sense: the reflector began anew in the middle, or numbered more than were sent, or took longer than
 * the whole way, or a clock stood still meanwhile, as that of a PC that slept.
 * Lost on the way up: those that the reflector never numbered. Lost on the way down: those that it numbered, and that did not come.
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
    down: {
      sent: reached,
      lost: Math.max(0, reached - echoes.length),
      runs: runs.down,
      variationsMs: variations(echoes, 'down'),
    },
    // What a clock tells as too short by its own steps is no time.
    roundTripsMs: echoes.map((echo) => Math.max(0, roundTripMs(echo))),
    tail: round.sent - sent,
  };
  // Each way is a part of the whole one, and so is what it differs by.
  const mostMs = greatest(window.roundTripsMs) + driftMs;
  return [...window.up.variationsMs, ...window.down.variationsMs].every((one) => one <= mostMs) ? window : undefined;
}

/** By chance no round in so many ends as if it had been cut off. */
const cutByChance = 1e-4;

/** Nothing came any more of the greater part of the round, which is not by the loss of what was before: something lets pass only so many packets. */
export function breaksOff({ up, down, tail }: Window): boolean {
  const lostOf = (up.lost + down.lost + 1) / (up.sent + 2);
  return tail >= up.sent && lostOf ** tail < cutByChance;
}

function isPossible(echo: Echo, { sent }: Round): boolean {
  const isNumber = (number: number) => Number.isInteger(number) && number >= 0 && number < sent;
  const isTime =
    roundTripMs(echo) > -clockStepMs && echo.repliedAt - echo.receivedAt > -clockStepMs && Number.isFinite(echo.receivedAt - echo.sentAt);
  return isNumber(echo.seq) && isNumber(echo.reflectorSeq) && isTime;
}

function roundTripMs({ sentAt, receivedAt, repliedAt, arrivedAt }: Echo): number {
  return arrivedAt - sentAt - (repliedAt - receivedAt);
}

/** Runs of missing numbers: the reflector's own are exactly what the way down lost; a run that is longer than those within it was lost on the way up. */
function runsOf(echoes: readonly Echo[]): { up: number; down: number } {
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

/** |D| of RFC 3550, 6.4.1: by how much two packets came further apart, or nearer, than they went; in the order in which they came. */
function variations(echoes: readonly Echo[], way: 'up' | 'down'): number[] {
  const passages = echoes.map((echo) =>
    way === 'up'
      ? { order: echo.reflectorSeq, transitMs: echo.receivedAt - echo.sentAt }
      : { order: echo.arrivedAt, transitMs: echo.arrivedAt - echo.repliedAt },
  );
  passages.sort((a, b) => a.order - b.order);
  return passages.slice(1).map(({ transitMs }, at) => Math.abs(transitMs - (passages[at]?.transitMs ?? 0)));
}

/** How a direction carries packets; losses from 0 to 1. */
export type WayQuality = ReturnType<typeof wayQuality>;
/** How a link carries packets, over its windows. */
export type Quality = { roundTripMs: { median: number; p95: number }; up: WayQuality; down: WayQuality };

/** Undefined where no window says anything. */
export function qualityOf(windows: readonly Window[]): Quality | undefined {
  const roundTrips = windows.flatMap(({ roundTripsMs }) => roundTripsMs);
  if (roundTrips.length === 0) return undefined;
  return {
    roundTripMs: { median: quantile(roundTrips, 0.5), p95: quantile(roundTrips, 0.95) },
    up: wayQuality(windows, 'up'),
    down: wayQuality(windows, 'down'),
  };
}

function wayQuality(windows: readonly Window[], direction: 'up' | 'down') {
  const ways = windows.map((window) => window[direction]);
  const total = (pick: (way: Way) => number) => ways.reduce((sum, way) => sum + pick(way), 0);
  const [sent, lost, runs] = [total((way) => way.sent), total((way) => way.lost), total((way) => way.runs)];
  const variationsMs = ways.flatMap((way) => way.variationsMs);
  const tail = windows.reduce((sum, one) => sum + one.tail, 0);
  const loss = sent === 0 ? 0 : lost / sent;
  const burst = runs === 0 ? 1 : Math.max(1, lost / runs);
  return {
    sent,
    loss,
    /** Where all of which nobody knows which way it was lost was lost in this one. */
    lossAtMost: sent + tail === 0 ? 0 : (lost + tail) / (sent + tail),
    /** Mean length of a run of lost packets; 1 = one by one. */
    burst,
    /** That length against what chance alone would make of this loss (G.107: BurstR), at least 1. */
    burstRatio: Math.max(1, burst * (1 - loss)),
    /** Mean absolute packet delay variation (MAPDV), its 95th percentile, and the running mean of RFC 3550 where it ended. */
    jitterMs: mean(variationsMs),
    jitterP95Ms: quantile(variationsMs, 0.95),
    rfcJitterMs: variationsMs.reduce((jitter, variation) => jitter + (variation - jitter) / 16, 0),
  };
}

/** Differences of delay that make a jitter: of fewer nothing is told. */
const variationsAtLeast = 5;

/** The jitter of one direction of a window, milliseconds; undefined where too few packets came through to tell it. */
export function jitterOf(window: Window, way: 'up' | 'down'): number | undefined {
  const { variationsMs } = window[way];
  return variationsMs.length < variationsAtLeast ? undefined : mean(variationsMs);
}

/** As few probes can tell a loss from chance: three are expected to be lost at it, so that 1 % needs 300. */
export function probesFor(loss: number): number {
  return Math.ceil(3 / loss);
}

/** The latest windows that together hold so many probes on their way up; undefined where all of them hold fewer. */
export function latest(windows: readonly Window[], probes: number): readonly Window[] | undefined {
  let held = 0;
  for (let at = windows.length - 1; at >= 0; at -= 1) {
    held += windows[at]?.up.sent ?? 0;
    if (held >= probes) return windows.slice(at);
  }
  return undefined;
}

/** The loss of a direction over as many probes as a threshold needs, as far as it is sure; undefined where there were not so many. */
export function lossOver(windows: readonly Window[], way: 'up' | 'down', threshold: number): number | undefined {
  const enough = latest(windows, probesFor(threshold));
  return enough && qualityOf(enough)?.[way].loss;
}

/** The same, with all that may have been lost this way. */
export function lossAtMostOver(windows: readonly Window[], way: 'up' | 'down', threshold: number): number | undefined {
  const enough = latest(windows, probesFor(threshold));
  return enough && qualityOf(enough)?.[way].lossAtMost;
}

/** What at least one of the two directions lost, whichever it is: half of all that did not come back; undefined as `lossOver`. */
export function lossOfEither(windows: readonly Window[], threshold: number): number | undefined {
  const enough = latest(windows, probesFor(threshold));
  if (enough === undefined) return undefined;
  const total = (pick: (window: Window) => number) => enough.reduce((sum, window) => sum + pick(window), 0);
  return total(({ up, down, tail }) => up.lost + down.lost + tail) / (2 * total(({ up, tail }) => up.sent + tail));
}

/** 0 where there is none. */
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
