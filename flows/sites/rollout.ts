/** A change of profiles that goes out in stages: to a few PCs first, and no further where these fare worse than before. */
import { hash } from 'node:crypto';
import { links } from '@sabha/contracts';

/** How a PC fares: `isTaken` = it holds the configuration that it should. Null where people took it out: that says nothing. */
export type Look = { online: boolean; faults: number; isTaken: boolean };
type Looks = (pc: string) => Look | null;
type Before = Pick<Look, 'online' | 'faults'>;

/** A change of profiles that goes out in stages. */
export type Rollout = {
  by: string;
  /** All whose configuration is another one, in the order in which they get it. */
  pcs: string[];
  /** How many of them have got it, or are about to; and how many had when this stage began. Counted, since an edit makes the list another. */
  released: number;
  from: number;
  stage: number;
  stageAt: number;
  /** Since when enough PCs of this stage are there with it; null while they are not. */
  provenAt: number | null;
  /** How those that have got it fared before. */
  before: Record<string, Before>;
  /** Why it went no further; null while it goes on. */
  stopped: string | null;
};

/** `rollout`: null = it is over. */
export type Stepped = { rollout: Rollout | null; released: string[] };
type Step = { look: Looks; now: number /** How long nobody listened until now. */; deafMs: number };

const shares = [0.01, 0.1, 1];
/** A stage is watched for this long: three intervals of the slowest probe, and the silence of the slowest link but the floor. */
export const soakMs = 600_000;
/** So many PCs of a stage, or all of a smaller one, must have it before anything is proven. */
const provenBy = 3;
/** One PC has a bad day by itself; so many, or this share of a large stage, are no accident. */
const worseAtLeast = 3;
const worseShare = 0.02;

/** The first stage. First come those that are there, which alone can prove anything; their order is that of hashes, so that they stand in different states. */
export function beginRollout(at: { pcs: readonly string[]; by: string; look: Looks; now: number }): Rollout {
  const rank = (pc: string) => `${at.look(pc)?.online ? 0 : 1}${hash('sha256', pc)}`;
  const pcs = at.pcs
    .map((pc) => ({ pc, rank: rank(pc) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ pc }) => pc);
  const none = { by: at.by, pcs, released: 0, from: 0, stage: 0, stageAt: at.now, provenAt: null, before: {}, stopped: null };
  return opened(none, 0, at);
}

/** Those that have got it, or are about to. */
export function releasedOf({ pcs, released }: Pick<Rollout, 'pcs' | 'released'>): string[] {
  return pcs.slice(0, released);
}

/**
 * What the present moment means for a rollout; null where it goes on as it is. Without a rollout everything is out.
 * Guarantee: it goes further only when enough PCs of every stage before had it, were watched with it for the whole time, and it was not worse
 * than before. A time in which nobody listened for longer than a link may be silent begins the watch anew, and so does a clock that was ahead.
 */
export function stepRollout(rollout: Rollout, { look, now, deafMs }: Step): Stepped | null {
  if (rollout.stopped !== null) return null;
  const isAhead = Math.max(rollout.stageAt, rollout.provenAt ?? 0) > now;
  if (isAhead || deafMs > links.fibre.silentMs) return { rollout: { ...rollout, stageAt: now, provenAt: null }, released: [] };
  const stopped = whyNot(rollout, look, now);
  if (stopped !== null) return { rollout: { ...rollout, stopped }, released: [] };
  const isLast = rollout.stage === shares.length - 1;
  if (isLast) return now - rollout.stageAt >= soakMs ? { rollout: null, released: [] } : null;
  const fresh = rollout.pcs.slice(rollout.from, rollout.released).flatMap((pc) => look(pc) ?? []);
  if (fresh.length === 0) return furtherOf(rollout, rollout.stage, { look, now });
  const isProven = fresh.filter(({ online, isTaken }) => online && isTaken).length >= Math.min(provenBy, fresh.length);
  const provenAt = isProven ? (rollout.provenAt ?? now) : null;
  if (provenAt !== null && now - provenAt >= soakMs) return furtherOf(rollout, rollout.stage + 1, { look, now });
  return provenAt === rollout.provenAt ? null : { rollout: { ...rollout, provenAt }, released: [] };
}

/** With its times by a clock that was set by so much. */
export function movedBy(rollout: Rollout, byMs: number): Rollout {
  const { stageAt, provenAt } = rollout;
  return { ...rollout, stageAt: stageAt + byMs, provenAt: provenAt === null ? null : provenAt + byMs };
}

/** Some of its PCs got another configuration past it; null where none is left. */
export function withoutPcs(rollout: Rollout, gone: ReadonlySet<string>): Rollout | null {
  const left = (until: number) => rollout.pcs.slice(0, until).filter((pc) => !gone.has(pc));
  const [pcs, released, from] = [left(rollout.pcs.length), left(rollout.released).length, left(rollout.from).length];
  return pcs.length === released ? null : { ...rollout, pcs, released, from };
}

function furtherOf(rollout: Rollout, stage: number, at: { look: Looks; now: number }): Stepped {
  const next = opened(rollout, stage, at);
  return { rollout: next, released: next.pcs.slice(next.from, next.released) };
}

function opened(rollout: Rollout, stage: number, { look, now }: { look: Looks; now: number }): Rollout {
  const { pcs, released: from } = rollout;
  const released = Math.min(pcs.length, Math.max(from + 1, Math.ceil(pcs.length * (shares[stage] ?? 1))));
  const looks = pcs.slice(from, released).map((pc) => [pc, { online: look(pc)?.online ?? false, faults: look(pc)?.faults ?? 0 }] as const);
  const before = { ...rollout.before, ...Object.fromEntries(looks) };
  return { ...rollout, stage, stageAt: now, provenAt: null, from, released, before };
}

/** Why it goes no further; null where too few are worse than before. */
function whyNot(rollout: Rollout, look: Looks, now: number): string | null {
  const released = releasedOf(rollout);
  const isSoaked = now - rollout.stageAt >= soakMs;
  const worse = released.flatMap((pc) => worseOf(rollout.before[pc], look(pc), isSoaked) ?? []);
  const limit = Math.min(released.length, Math.max(worseAtLeast, Math.ceil(released.length * worseShare)));
  if (worse.length === 0 || worse.length < limit) return null;
  const counts = ['silent', 'with more faults', 'have not taken it'].map((why) => `${worse.filter((one) => one === why).length} ${why}`);
  return `of ${released.length} PCs ${counts.join(', ')}`;
}

/** A PC that was away before can only come back. */
function worseOf(before: Before | undefined, look: Look | null, isSoaked: boolean) {
  if (before?.online !== true || look === null) return null;
  if (!look.online) return 'silent';
  if (look.faults > before.faults) return 'with more faults';
  return isSoaked && !look.isTaken ? 'have not taken it' : null;
}
