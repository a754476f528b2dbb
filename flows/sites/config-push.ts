/** Sends each PC the configuration that it should hold, signed; in stages where the change was asked for so. */
import { type Clock, type Config, encode, pcTopic, type RolloutView, type Signed } from '@sabha/contracts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { Op } from '../engine/records/ops.ts';
import { beginRollout, type Look, movedBy, type Rollout, releasedOf, stepRollout, withoutPcs } from './rollout.ts';
import type { Tree } from './table.ts';

/** Each PC answers a configuration with a birth. */
const spreadMs = 20;
const spreadLimitMs = 30_000;
const key = 'rollout';

/** Whose configurations they are, and how they go out. */
export type ConfigsOptions = {
  tree: Tree;
  meta: Readonly<Record<string, string>>;
  clock: Clock;
  recordOf(pc: string): PcRecord | undefined;
  /** The centre's signature. */
  seal(config: Config): Signed;
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** The pipeline is thrown away: nothing is sent any more. */
  isOver(): boolean;
};

/** What is to be committed, and who is to be told of it after that. */
export type Outgoing = { ops: Op[]; pcs: readonly string[] };

/** Guarantee: a PC that a rollout holds back keeps the configuration that it has; one without any gets the newest. */
export function createConfigs({ tree, meta, clock, recordOf, seal, send, isOver }: ConfigsOptions) {
  let rollout = JSON.parse(meta[key] ?? 'null') as Rollout | null;
  let held = heldBy(rollout);

  const look = (pc: string): Look | null => {
    const record = recordOf(pc);
    if (tree.table().node(pc) === undefined) return null;
    const faults = record?.checks.filter(({ status }) => status === 'fault').length ?? 0;
    return { online: record?.presence === 'online', faults, isTaken: record?.config === tree.wanted(pc) };
  };
  const put = (next: Rollout | null): Op => {
    rollout = next;
    held = heldBy(next);
    return { op: 'meta', key, value: JSON.stringify(next) };
  };
  const sendOne = (pc: string): void => {
    if (isOver() || tree.table().node(pc) === undefined) return;
    if (held.has(pc) && (recordOf(pc)?.config ?? 0) !== 0) return;
    send(pcTopic(pc, 'config'), encode('config', seal(tree.config(pc).config)), 1);
  };

  return {
    /** A PC was born with this version. */
    born(pc: string, version: number): Outgoing {
      const { config, op } = tree.config(pc);
      return { ops: op === undefined ? [] : [op], pcs: version === config.version ? [] : [pc] };
    },

    /** These have another configuration now. One that is staged takes along whoever an earlier one still holds back. */
    changed(pcs: readonly string[], staged: { by: string } | undefined, now: number): Outgoing {
      if (staged !== undefined && pcs.length > 0) {
        const begun = beginRollout({ pcs: [...new Set([...held, ...pcs])], by: staged.by, look, now });
        return { ops: [put(begun)], pcs: releasedOf(begun) };
      }
      return { ops: rollout === null || pcs.length === 0 ? [] : [put(withoutPcs(rollout, new Set(pcs)))], pcs };
    },

    /** One by one over the time of a hello. */
    send(pcs: readonly string[]): void {
      const online = pcs.filter((pc) => recordOf(pc)?.presence === 'online');
      const everyMs = Math.min(spreadMs, spreadLimitMs / online.length);
      for (const [at, pc] of online.entries()) {
        if (at === 0) sendOne(pc);
        else clock.after(at * everyMs, () => sendOne(pc));
      }
    },

    /** `deafMs` = how long nobody listened to the PCs until now. */
    tick(now: number, deafMs: number): Outgoing {
      const stepped = rollout && stepRollout(rollout, { look, now, deafMs });
      if (!stepped) return { ops: [], pcs: [] };
      if (stepped.rollout?.stopped === null && stepped.released.length === 0) return { ops: [put(stepped.rollout)], pcs: [] };
      const what = stepped.rollout === null ? 'finished' : stepped.rollout.stopped === null ? 'goes on' : 'stopped';
      const about = stepped.rollout?.stopped ?? `${stepped.released.length} more PCs`;
      const audit = { op: 'audit', at: now, who: 'centre', what: `staged configuration ${what}`, about } as const;
      return { ops: [put(stepped.rollout), audit], pcs: stepped.released };
    },

    /** Whoever is held back gets it now, whatever was seen. */
    release(by: string, now: number): Outgoing {
      const pcs = [...held];
      const audit = { op: 'audit', at: now, who: by, what: 'staged configuration released', about: `${pcs.length} more PCs` } as const;
      return { ops: [put(null), audit], pcs };
    },

    /** The centre's time was set by so much: a watch takes as long as it takes (R29). */
    setClock: (byMs: number): Op[] => (rollout === null ? [] : [put(movedBy(rollout, byMs))]),

    view: (): RolloutView | null => rollout && viewOf(rollout),
  };
}

function viewOf({ by, pcs, released, stage, stageAt, stopped }: Rollout): RolloutView {
  return { by, stage: stage + 1, stageAt, pcs: pcs.length, released, stopped };
}

function heldBy(rollout: Rollout | null): Set<string> {
  return new Set(rollout === null ? [] : rollout.pcs.slice(rollout.released));
}
