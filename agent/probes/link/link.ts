/**
 * Checks whether the link of this site can carry a meeting: loss, jitter, delay, and the tier that follows from them and from the
 * capacity.
 * Only the PC that measures has these checks. Every PC has the check of its data budget.
 */
import { type Check, type Profile, type TierLimit, tierNeeds, tiers } from '@sabha/contracts';
import type { Probe, ProbeResult } from '../../checks/probe.ts';
import { jitterOf, latest, lossAtMostOver, lossOfWorseDirection, lossOver, quantile } from '../../link/analysis/quality.ts';
import { type Direction, type TierState, tierIndex } from '../../link/analysis/tier.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import type { LinkView } from '../../link/measure/quality-rounds.ts';
import type { BudgetFigures } from '../../link/net/data-budget.ts';

const directions: readonly Direction[] = ['up', 'down'];
const directionWords = { up: 'to the server', down: 'from the server' };
const tierWords = ['not even audio', 'audio only', 'SD video at most', 'HD video at most'];
const limitWords: Partial<Record<TierLimit, string>> = {
  capacity: 'because of its capacity',
  loss: 'because of its loss',
  jitter: 'because of its jitter',
  delay: 'because of its delay',
};
const problemWords = {
  'no reflector': 'the server has no reflector',
  'no answer': 'no answer from the reflector',
  'breaks off': 'only the first packets of a round come back',
  'no budget': 'the data budget for tests is used up',
  'no sense': 'the measured values make no sense',
};
const whetherItLasts = 'it is not known whether the speed lasts';
const whichWay = 'it is not known which way packets were lost';
/** Number of measuring windows whose median jitter is judged, so that one bad window does not count. */
const jitterWindows = 3;

/** The link probe. On a PC without measurements it checks only the data budget. */
export const linkProbe: Probe = {
  name: 'link',
  everyMs: 30_000,
  timeoutMs: 1_000,
  async run({ self: { link }, profile, budget }) {
    const own = link === undefined ? none : qualityOfLink(link, profile);
    const spent = budget === undefined ? none : budgetAnswer(budget.figures());
    return { checks: [...own.checks, ...spent.checks], numbers: { ...own.numbers, ...spent.numbers } };
  },
};

const none: ProbeResult = { checks: [] };

function qualityOfLink(link: LinkView, profile: Profile): ProbeResult {
  const isMeasured = link.regular || link.windows.length > 0;
  const numbers = { ...(link.problem === null && link.numbers()), ...capacityNumbers(link.capacity) };
  return { checks: [...(isMeasured ? checksOf(link, profile) : []), ...udpCheck(link)], numbers };
}

function checksOf(link: LinkView, { tier: required = 'audio' }: Profile): Check[] {
  if (link.problem !== null) {
    const reason = problemWords[link.problem];
    return ['loss', 'jitter', 'delay', 'tier'].map((device) => check(device, unknown(reason)));
  }
  const { loss, jitterMs } = tierNeeds[required];
  return [
    check('loss', judgeLoss(link, loss)),
    check('jitter', judgeJitter(link, jitterMs.warn)),
    check('delay', judgeDelay(link)),
    check('tier', judgeTier(link, tierIndex(required))),
  ];
}

/**
 * Judges loss: above `warn` over many packets, or above `critical` over a few, because sound breaks at such a loss.
 * Loss in an unknown direction is a fault if one direction must have lost too much. If one may have, the result is unknown.
 */
function judgeLoss({ windows }: LinkView, { warn, critical }: { warn: number; critical: number }): Verdict {
  const over = (threshold: number) => directions.filter((way) => (lossOver(windows, way, threshold) ?? 0) > threshold);
  const thresholds = [warn, critical, tierNeeds.audio.loss.critical];
  const bad = new Set(thresholds.flatMap(over));
  if (bad.size > 0) return fault('link.loss_high', directionOf([...bad]));
  if (thresholds.some((threshold) => (lossOfWorseDirection(windows, threshold) ?? 0) > threshold)) {
    return fault('link.loss_high', 'one way or the other');
  }
  const atMost = directions.map((way) => lossAtMostOver(windows, way, warn));
  if (atMost.includes(undefined)) return unknown('too few probes yet');
  return atMost.some((loss) => (loss ?? 0) > warn) ? unknown(whichWay) : ok;
}

function judgeJitter({ windows }: LinkView, warnMs: number): Verdict {
  const last = windows.slice(-jitterWindows);
  const known = directions.map((way) => ({ way, jittersMs: last.flatMap((window) => jitterOf(window, way) ?? []) }));
  const told = known.filter(({ jittersMs }) => jittersMs.length === jitterWindows);
  const bad = told.filter(({ jittersMs }) => quantile(jittersMs, 0.5) > warnMs).map(({ way }) => way);
  if (bad.length > 0) return fault('link.jitter_high', directionOf(bad));
  return told.length === known.length ? ok : unknown('too few probes yet');
}

function judgeDelay({ slow, windows }: LinkView): Verdict {
  if (latest(windows, 1) === undefined) return unknown('too few probes yet');
  if (slow === undefined) return unknown('not measured for long enough to know what is usual');
  return slow ? fault('link.delay_high') : ok;
}

/**
 * Judges the tier by the worse direction. A direction below the required tier is a fault. Without one, a direction with an unknown tier
 * makes the check unknown.
 */
function judgeTier({ tiers: known, conservativeTiers, capacity }: LinkView, required: number): Verdict {
  const states = directions.flatMap((way) => {
    const state = known[way];
    return state === undefined ? [] : [{ way, state }];
  });
  const thin = states.flatMap(({ way, state }) => (isKnown(state) && tierIndex(state.tier) < required ? [{ way, state }] : []));
  thin.sort((a, b) => tierIndex(a.state.tier) - tierIndex(b.state.tier));
  const [worst] = thin;
  if (worst !== undefined)
    return fault('link.tier_low', `${directionWords[worst.way]}: ${wordsOf(worst.state)}${burstWords(capacity, worst)}`);
  if (states.some(({ state }) => state.limit === 'udp-blocked')) return unknown('UDP does not get through');
  const all = states.length === directions.length && states.every(({ state }) => isKnown(state));
  const unsure = directions
    .map((way) => conservativeTiers[way])
    .filter((state) => state === undefined || !isKnown(state) || tierIndex(state.tier) < required);
  if (all) return unsure.length === 0 ? ok : unknown(unsure.some((state) => state?.limit === 'loss') ? whichWay : whetherItLasts);
  const isMeasured = typeof capacity?.upBps === 'number' && typeof capacity.downBps === 'number';
  const why = capacity?.reasons?.up ?? capacity?.reasons?.down ?? 'the capacity of the link is not known';
  return unknown(states.length === 0 || isMeasured ? 'too few probes yet' : why);
}

/**
 * Judges whether UDP passes. Only a capacity measurement sends packets as large as those of a meeting, so there is no check before the
 * first one. The regular rounds of small packets show whether packets pass now.
 */
function udpCheck({ capacity, problem, windows, regular }: LinkView): Check[] {
  if (capacity === undefined) return [];
  const comesBack = problem === null && windows.length > 0;
  if (comesBack && (!capacity.udpBlocked || capacity.blocked === 'all')) return [check('udp', ok)];
  // A past measurement does not show whether UDP passes now.
  if (!capacity.udpBlocked) {
    const isAsked = regular || problem !== null;
    return isAsked ? [check('udp', unknown(problem === null ? 'too few probes yet' : problemWords[problem]))] : [];
  }
  return [
    check('udp', fault('link.udp_blocked', capacity.blocked === 'large' ? 'large packets do not get through' : 'no packet comes back')),
  ];
}

function capacityNumbers(capacity: LinkView['capacity']): ProbeResult['numbers'] {
  const { upBps = null, downBps = null } = capacity ?? {};
  return { ...(upBps !== null && { cu: upBps }), ...(downBps !== null && { cd: downBps }) };
}

function isKnown(state: NonNullable<LinkView['tiers']['up']>): state is TierState {
  return state.tier !== undefined;
}

function wordsOf({ tier, limit }: TierState): string {
  const words = tierWords[tiers.indexOf(tier ?? 'audio') + (tier === null ? 0 : 1)] ?? '';
  const because = limit === null ? undefined : limitWords[limit];
  return because === undefined ? words : `${words}, ${because}`;
}

/** Returns a text with both rates of a link that starts fast and then slows down; empty for another link. */
function burstWords(capacity: LinkView['capacity'], { way, state }: { way: Direction; state: TierState }): string {
  const burst = capacity?.burst?.[way] ?? null;
  const bps = way === 'up' ? capacity?.upBps : capacity?.downBps;
  if (state.limit !== 'capacity' || burst === null || typeof bps !== 'number') return '';
  const mbit = (rate: number) => Number((rate / 1e6).toPrecision(2));
  return ` (at first ${mbit(burst.bps)} Mbit/s, then ${mbit(bps)})`;
}

function directionOf(bad: readonly Direction[]): string {
  const [first] = bad;
  return bad.length > 1 || first === undefined ? 'both ways' : directionWords[first];
}

function check(device: string, verdict: Verdict): Check {
  return { component: 'link', device, ...verdict };
}

/** Judges the data budget. The reason contains no figures, because each changed reason is sent to the server. */
function budgetAnswer({ telemetryBytes, telemetryLimit, testBytes, testLimit }: BudgetFigures): ProbeResult {
  const isTestSpent = testBytes >= testLimit;
  const isTelemetrySpent = telemetryBytes >= telemetryLimit;
  const spent = isTestSpent || isTelemetrySpent;
  const answer = spent
    ? { status: 'fault' as const, fault: 'link.budget_spent', reason: isTelemetrySpent ? 'by messages' : 'by tests of the link' }
    : { status: 'ok' as const, fault: null, reason: null };
  const check: Check = { component: 'link', device: 'budget', ...answer };
  return { checks: [check], numbers: { bt: testBytes / testLimit, bm: telemetryBytes / telemetryLimit } };
}
