/** Sends each PC its signed configuration, on request in stages (a staged rollout). */
import { hash } from 'node:crypto';
import { type Clock, type Config, encode, links, pcTopic, type RolloutView, type Signed } from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { Op } from '../engine/records/ops.ts';
import type { Tree } from './table.ts';

/** Interval between two sends, because each PC responds to a configuration with a birth. */
const spreadMs = 20;
const spreadLimitMs = 30_000;
const key = 'rollout';

export type ConfigsOptions = {
  tree: Tree;
  meta: Readonly<Record<string, string>>;
  clock: Clock;
  recordOf(pc: string): PcRecord | undefined;
  seal(config: Config): Signed;
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** Returns true when this pipeline is discarded; nothing is sent then. */
  isOver(): boolean;
};

/** Operations to commit, and the PCs that get their configuration after the commit. */
export type Outgoing = { ops: Op[]; pcs: readonly string[] };

/**
 * Creates the sender of configurations. Guarantee: a PC that a rollout holds back keeps its configuration; a PC without a configuration
 * gets the newest.
 */
export function createConfigs({ tree, meta, clock, recordOf, seal, send, isOver }: ConfigsOptions) {
  let rollout = JSON.parse(meta[key] ?? 'null') as Rollout | null;
  let heldBack = new Set(rollout?.pcs.slice(rollout.released));

  const look = (pc: string): PcState | null => {
    const record = recordOf(pc);
    if (tree.table().node(pc) === undefined) return null;
    const faults = record?.checks.filter(({ status }) => status === 'fault').length ?? 0;
    return { online: record?.presence === 'online', faults, isTaken: record?.config === tree.wanted(pc) };
  };
  const put = (next: Rollout | null): Op => {
    rollout = next;
    heldBack = new Set(next?.pcs.slice(next.released));
    return { op: 'meta', key, value: JSON.stringify(next) };
  };
  const sendOne = (pc: string): void => {
    if (isOver() || tree.table().node(pc) === undefined) return;
    if (heldBack.has(pc) && (recordOf(pc)?.config ?? 0) !== 0) return;
    send(pcTopic(pc, 'config'), encode('config', seal(tree.config(pc).config)), 1);
  };

  return {
    /** Handles the birth of a PC, which names the version of its configuration. */
    handleBirth(pc: string, version: number): Outgoing {
      const { config, op } = tree.config(pc);
      return { ops: op === undefined ? [] : [op], pcs: version === config.version ? [] : [pc] };
    },

    /** Handles changed configurations. A change in stages includes the PCs that an earlier rollout still holds back. */
    changed(pcs: readonly string[], staged: { by: string } | undefined, now: number): Outgoing {
      if (staged !== undefined && pcs.length > 0) {
        const begun = beginRollout({ pcs: [...new Set([...heldBack, ...pcs])], by: staged.by, look, now });
        return { ops: [put(begun)], pcs: releasedOf(begun) };
      }
      return { ops: rollout === null || pcs.length === 0 ? [] : [put(withoutPcs(rollout, new Set(pcs)))], pcs };
    },

    /** Sends to each online PC, spread over time like the births after a hello. */
    send(pcs: readonly string[]): void {
      const online = pcs.filter((pc) => recordOf(pc)?.presence === 'online');
      const everyMs = Math.min(spreadMs, spreadLimitMs / online.length);
      for (const [at, pc] of online.entries()) {
        if (at === 0) sendOne(pc);
        else clock.after(at * everyMs, () => sendOne(pc));
      }
    },

    /** Advances the rollout. `deafMs`: how long the server received nothing until now. */
    tick(now: number, deafMs: number): Outgoing {
      const stepped = rollout && stepRollout(rollout, { look, now, deafMs });
      if (!stepped) return { ops: [], pcs: [] };
      if (stepped.rollout?.stopped === null && stepped.released.length === 0) return { ops: [put(stepped.rollout)], pcs: [] };
      const what = stepped.rollout === null ? 'finished' : stepped.rollout.stopped === null ? 'goes on' : 'stopped';
      const about = stepped.rollout?.stopped ?? `${stepped.released.length} more PCs`;
      const audit = { op: 'audit', at: now, who: 'centre', what: `staged configuration ${what}`, about } as const;
      return { ops: [put(stepped.rollout), audit], pcs: stepped.released };
    },

    /** Releases the rollout to all PCs at once. */
    release(by: string, now: number): Outgoing {
      const pcs = [...heldBack];
      const audit = { op: 'audit', at: now, who: by, what: 'staged configuration released', about: `${pcs.length} more PCs` } as const;
      return { ops: [put(null), audit], pcs };
    },

    /** Shifts the times of the rollout after a step of the server clock (R29, clock of the server). The watch keeps its length. */
    setClock: (byMs: number): Op[] => (rollout === null ? [] : [put(shiftRollout(rollout, byMs))]),

    view: (): RolloutView | null => rollout && viewOf(rollout),
  };
}

function viewOf({ by, pcs, released, stage, stageAt, stopped }: Rollout): RolloutView {
  return { by, stage: stage + 1, stageAt, pcs: pcs.length, released, stopped };
}

/** State of a PC. `isTaken`: the PC has its wanted configuration. Null for a removed PC, which proves nothing. */
export type PcState = { online: boolean; faults: number; isTaken: boolean };
type PcStateOf = (pc: string) => PcState | null;
type StateBefore = Pick<PcState, 'online' | 'faults'>;

export type Rollout = {
  by: string;
  /** All PCs with a changed configuration, in the order of release. */
  pcs: string[];
  /** Number of released PCs, and the same number at the start of this stage. A count, because another change replaces the list. */
  released: number;
  from: number;
  stage: number;
  stageAt: number;
  /** Time since which enough PCs of this stage are online with the configuration; null while there are too few. */
  provenAt: number | null;
  /** State of the released PCs before their release. */
  before: Record<string, StateBefore>;
  stopped: string | null;
};

type RolloutContext = { look: PcStateOf; now: number; deafMs: number };

const shares = [0.01, 0.1, 1];
/**
 * Time for which each stage is watched, ms: three intervals of the slowest probe. It is also the silence limit of the slowest link class
 * except `floor`.
 */
export const stageWatchMs = 600_000;
/** Number of PCs of a stage, or all of a smaller stage, that must have the configuration before the watch time starts. */
const provenPcs = 3;
/** Number of worse PCs that stops a rollout, or this share of a large stage. Fewer may be a coincidence. */
const worseAtLeast = 3;
const worseShare = 0.02;

/**
 * Returns a rollout at its first stage. Online PCs come first, because only they can prove that the change works. Ordering by hash spreads
 * them over the states.
 */
export function beginRollout(at: { pcs: readonly string[]; by: string; look: PcStateOf; now: number }): Rollout {
  const rank = (pc: string) => `${at.look(pc)?.online ? 0 : 1}${hash('sha256', pc)}`;
  const ranked = at.pcs.map((pc) => ({ pc, rank: rank(pc) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const pcs = ranked.map(({ pc }) => pc);
  const none = { by: at.by, pcs, released: 0, from: 0, stage: 0, stageAt: at.now, provenAt: null, before: {}, stopped: null };
  return openStage(none, 0, at).rollout;
}

/** Returns the PCs that have the configuration or are about to get it. */
export function releasedOf({ pcs, released }: Pick<Rollout, 'pcs' | 'released'>): string[] {
  return pcs.slice(0, released);
}

/**
 * Advances a rollout to the present. Returns null if nothing changes; `rollout` is null when the rollout has ended and all PCs are
 * released. Guarantee: the next stage starts only after a full watch time. In it enough PCs of each earlier stage had the configuration and
 * were not worse than before. A receive gap longer than the silence limit restarts the watch time, and so does a clock that was ahead.
 */
export function stepRollout(
  rollout: Rollout,
  { look, now, deafMs }: RolloutContext,
): { rollout: Rollout | null; released: string[] } | null {
  if (rollout.stopped !== null) return null;
  const isAhead = Math.max(rollout.stageAt, rollout.provenAt ?? 0) > now;
  if (isAhead || deafMs > links.fibre.silentMs) return { rollout: { ...rollout, stageAt: now, provenAt: null }, released: [] };
  const stopped = stopReason(rollout, look, now);
  if (stopped !== null) return { rollout: { ...rollout, stopped }, released: [] };
  const isLast = rollout.stage === shares.length - 1;
  if (isLast) return now - rollout.stageAt >= stageWatchMs ? { rollout: null, released: [] } : null;
  const fresh = rollout.pcs.slice(rollout.from, rollout.released).flatMap((pc) => look(pc) ?? []);
  if (fresh.length === 0) return openStage(rollout, rollout.stage, { look, now });
  const isProven = fresh.filter(({ online, isTaken }) => online && isTaken).length >= Math.min(provenPcs, fresh.length);
  const provenAt = isProven ? (rollout.provenAt ?? now) : null;
  if (provenAt !== null && now - provenAt >= stageWatchMs) return openStage(rollout, rollout.stage + 1, { look, now });
  return provenAt === rollout.provenAt ? null : { rollout: { ...rollout, provenAt }, released: [] };
}

function shiftRollout(rollout: Rollout, byMs: number): Rollout {
  const { stageAt, provenAt } = rollout;
  return { ...rollout, stageAt: stageAt + byMs, provenAt: provenAt === null ? null : provenAt + byMs };
}

/** Removes PCs that got another configuration. Returns null if no PC is left. */
function withoutPcs(rollout: Rollout, gone: ReadonlySet<string>): Rollout | null {
  const left = (until: number) => rollout.pcs.slice(0, until).filter((pc) => !gone.has(pc));
  const [pcs, released, from] = [left(rollout.pcs.length), left(rollout.released).length, left(rollout.from).length];
  return pcs.length === released ? null : { ...rollout, pcs, released, from };
}

/** Opens a stage. Returns the rollout and the PCs that get the configuration now. */
function openStage(rollout: Rollout, stage: number, { look, now }: { look: PcStateOf; now: number }) {
  const { pcs, released: from } = rollout;
  const until = Math.min(pcs.length, Math.max(from + 1, Math.ceil(pcs.length * (shares[stage] ?? 1))));
  const released = pcs.slice(from, until);
  const looks = released.map((pc) => [pc, { online: look(pc)?.online ?? false, faults: look(pc)?.faults ?? 0 }] as const);
  const before = { ...rollout.before, ...Object.fromEntries(looks) };
  return { rollout: { ...rollout, stage, stageAt: now, provenAt: null, from, released: until, before }, released };
}

/** Returns why the rollout must stop. Null while too few PCs are worse than before. */
function stopReason(rollout: Rollout, look: PcStateOf, now: number): string | null {
  const released = releasedOf(rollout);
  const isSoaked = now - rollout.stageAt >= stageWatchMs;
  const worse = released.flatMap((pc) => worseReason(rollout.before[pc], look(pc), isSoaked) ?? []);
  const limit = Math.min(released.length, Math.max(worseAtLeast, Math.ceil(released.length * worseShare)));
  if (worse.length === 0 || worse.length < limit) return null;
  const counts = ['silent', 'with more faults', 'have not applied it'].map((why) => `${worse.filter((one) => one === why).length} ${why}`);
  return `of ${released.length} PCs ${counts.join(', ')}`;
}

/** Returns why a PC is worse than before. A PC that was offline before cannot get worse. */
function worseReason(before: StateBefore | undefined, look: PcState | null, isSoaked: boolean) {
  if (before?.online !== true || look === null) return null;
  if (!look.online) return 'silent';
  if (look.faults > before.faults) return 'with more faults';
  return isSoaked && !look.isTaken ? 'have not applied it' : null;
}
