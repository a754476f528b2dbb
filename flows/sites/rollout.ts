/** A change of profiles that goes out in stages: to a few PCs first, and no further where these fare worse than before. */
import { createHash } from 'node:crypto';

/** How a PC fares: `isTaken` = it holds the configuration that it should. */
export type Look = { online: boolean; faults: number; isTaken: boolean };
type Before = Pick<Look, 'online' | 'faults'>;

export type Rollout = {
  by: string;
  /** All whose configuration is another one, in the order in which they get it. */
  pcs: string[];
  stage: number;
  stageAt: number;
  /** How those that have got it fared before. */
  before: Record<string, Before>;
  /** Why it went no further; null while it goes on. */
  stopped: string | null;
};

export type Stepped = { rollout: Rollout | null; released: string[] };

const shares = [0.01, 0.1, 1];
/** A stage is watched for this long: three intervals of the slowest probe, and the silence of the slowest link but the floor. */
export const soakMs = 600_000;
/** One PC has a bad day by itself; so many, or this share of a large stage, are no accident. */
const worseAtLeast = 3;
const worseShare = 0.02;

/** The first stage. The order is that of hashes, so that the first few stand in different states. */
export function beginRollout(at: { pcs: readonly string[]; by: string; look(pc: string): Look; now: number }): Rollout {
  const pcs = at.pcs.toSorted((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1));
  const first = { by: at.by, pcs, stage: 0, stageAt: at.now, before: {}, stopped: null };
  return { ...first, before: beforeOf(releasedOf(first), at.look) };
}

/** Those that have got it, or are about to. */
export function releasedOf({ pcs, stage }: Pick<Rollout, 'pcs' | 'stage'>): string[] {
  return pcs.slice(0, Math.ceil(pcs.length * (shares[stage] ?? 1)));
}

/**
 * What the present moment means for a rollout; null where it goes on as it is. Without a rollout everything is out.
 * Guarantee: it goes further only when every stage before was watched for its whole time and was not worse than before.
 */
export function stepRollout(rollout: Rollout, look: (pc: string) => Look, now: number): Stepped | null {
  if (rollout.stopped !== null) return null;
  const released = releasedOf(rollout);
  const isSoaked = now - rollout.stageAt >= soakMs;
  const worse = released.flatMap((pc) => worseOf(rollout.before[pc], look(pc), isSoaked) ?? []);
  const limit = Math.min(released.length, Math.max(worseAtLeast, Math.ceil(released.length * worseShare)));
  if (worse.length >= limit) {
    const counts = ['silent', 'with more faults', 'have not taken it'].map((why) => `${worse.filter((one) => one === why).length} ${why}`);
    return { rollout: { ...rollout, stopped: `of ${released.length} PCs ${counts.join(', ')}` }, released: [] };
  }
  if (!isSoaked) return null;
  const stage = rollout.stage + 1;
  if (stage === shares.length) return { rollout: null, released: [] };
  const next = { ...rollout, stage, stageAt: now };
  const fresh = releasedOf(next).slice(released.length);
  return { rollout: { ...next, before: { ...rollout.before, ...beforeOf(fresh, look) } }, released: fresh };
}

/** Some of its PCs got another configuration past it; null where none is left. */
export function withoutPcs(rollout: Rollout, gone: ReadonlySet<string>): Rollout | null {
  const released = releasedOf(rollout).filter((pc) => !gone.has(pc));
  const held = rollout.pcs.slice(releasedOf(rollout).length).filter((pc) => !gone.has(pc));
  return held.length === 0 ? null : { ...rollout, pcs: [...released, ...held] };
}

function beforeOf(pcs: readonly string[], look: (pc: string) => Look): Record<string, Before> {
  return Object.fromEntries(pcs.map((pc) => [pc, { online: look(pc).online, faults: look(pc).faults }]));
}

/** A PC that was away before can only come back. */
function worseOf(before: Before | undefined, { online, faults, isTaken }: Look, isSoaked: boolean) {
  if (before?.online !== true) return null;
  if (!online) return 'silent';
  if (faults > before.faults) return 'with more faults';
  return isSoaked && !isTaken ? 'have not taken it' : null;
}

function hashOf(pc: string): string {
  return createHash('sha256').update(pc).digest('hex');
}
