/** When what the ledger holds came to be, by the world's time. The centre dates it by its own time, which is set with the clock of its machine (R29). */
import type { SiteStage } from '@sabha/contracts';
import type { Incident } from '../../flows/engine/records/incidents.ts';
import type { Op } from '../../flows/engine/records/ops.ts';
import type { TreeNode } from '../../flows/engine/records/sites.ts';

/** From when to when, by the world's time; without an end where it lasts. */
export type Span = { from: number; to: number };

const lasting = Number.POSITIVE_INFINITY;

/** A stage that a site came into, as it came to the disk. */
export type Staged = { stage: SiteStage; at: number };

export function createDates() {
  const decided = new Map<number, number>();
  const stood = new Map<number, Map<string, number>>();
  const toldSince = new Map<string, number>();
  const written = new Map<string, number>();
  const stages = new Map<string, (Staged & { stageAt: number })[]>();
  const spans = new Map<number, Span[]>();

  function note(op: Op, worldOf: (at: number) => number, givenMs: number): void {
    if (op.op === 'incident') {
      const { id, faults } = op.incident;
      const before = stood.get(id);
      stood.set(id, new Map(faults.map(({ key, since }) => [key, before?.get(key) ?? worldOf(since)])));
      noteSpan(op.incident, givenMs);
    }
    if (op.op === 'outbox') setOnce(written, op.row.key, worldOf(op.row.createdAt));
    if (op.op === 'node') noteStage(op.node, worldOf, givenMs);
  }

  /** It stands while one of its faults does: its all-clear may come minutes after that, for it waits whether they come back. */
  function noteSpan({ id, faults, overAt }: Incident, givenMs: number): void {
    const before = spans.get(id) ?? [];
    const last = before.at(-1);
    const isOpen = last?.to === lasting;
    const stands = overAt === null && faults.some(({ goneAt }) => goneAt === null);
    if (stands && !isOpen) spans.set(id, [...before, { from: givenMs, to: lasting }]);
    if (last !== undefined && isOpen && !stands) last.to = givenMs;
  }

  function noteStage({ path, site }: TreeNode, worldOf: (at: number) => number, givenMs: number): void {
    const before = stages.get(path) ?? [];
    if (site === null || before.at(-1)?.stageAt === site.stageAt) return;
    const { stage, stageAt } = site;
    // A clock that was put between the two, and a process that had no turn: what is watched for certain, and what is not, is judged.
    const at = (stage === 'live' ? Math.min : Math.max)(givenMs, worldOf(stageAt));
    stages.set(path, [...before, { stage, stageAt, at }]);
  }

  /** What a raise tells of stood since then, whatever becomes of the fault later. What waits for its turn may take other news with it. */
  function noteTransition(op: Op, worldOf: (at: number) => number): void {
    if (op.op !== 'transition') return;
    const { id, incident, at, about } = op.transition;
    setOnce(decided, id, worldOf(at));
    for (const { fault, device } of about) {
      const key = `${fault}|${device}`;
      setOnce(toldSince, `${id} ${key}`, stood.get(incident)?.get(key) ?? worldOf(at));
    }
  }

  return {
    /** Rows that came to the disk. `givenMs`: when they were given; `worldOf` makes the world's time of the centre's, as it was then. */
    took(ops: readonly Op[], givenMs: number, worldOf: (at: number) => number): void {
      for (const op of ops) note(op, worldOf, givenMs);
      for (const op of ops) noteTransition(op, worldOf);
    },
    /** When a transition was made. */
    decided: (transition: number) => decided.get(transition),
    /** Since when a fault had stood that a transition tells of. */
    toldSince: (transition: number, key: string) => toldSince.get(`${transition} ${key}`),
    /** When a message was put into the outbox. */
    written: (key: string) => written.get(key),
    /** From when to when an incident stood, in order: one that came back before its all-clear stood more than once. */
    spans: (incident: number): readonly Span[] => spans.get(incident) ?? [],
    /** The stages that a site came into, in order. */
    stages: (site: string): readonly Staged[] => stages.get(site) ?? [],
  };
}

function setOnce<K>(map: Map<K, number>, key: K, at: number): void {
  if (!map.has(key)) map.set(key, at);
}
