/**
 * Dates the rows of the ledger by the simulation's time. The server dates them by its own clock, which steps with its machine (R29, clock
 * of the server).
 */
import type { SiteStage } from '@sabha/contracts';
import type { Incident } from '../../flows/engine/records/incidents.ts';
import type { Op } from '../../flows/engine/records/ops.ts';
import type { TreeNode } from '../../flows/engine/records/sites.ts';

/** Start and end in simulation time. The end is infinite if the incident is still open. */
export type Span = { from: number; to: number };

const lasting = Number.POSITIVE_INFINITY;

/** A stage of a site with the time of the commit that set it. */
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

  /**
   * Records the time in which an incident had a fault. Its all-clear may come minutes later, because the server waits whether the fault
   * returns.
   */
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
    // After a clock step or a suspension the commit has two possible times. This one makes the closed time of a site shorter, so the audit
    // covers only what is certain.
    const at = (stage === 'live' ? Math.min : Math.max)(givenMs, worldOf(stageAt));
    stages.set(path, [...before, { stage, stageAt, at }]);
  }

  /** A fault in a transition `raised` existed since then, whatever follows. A delayed transition may include other faults. */
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
    /**
     * Records committed rows. `givenMs`: simulation time at which the commit was requested. `worldOf`: converts a time of the server's
     * clock, as it was set at `givenMs`, to simulation time.
     */
    took(ops: readonly Op[], givenMs: number, worldOf: (at: number) => number): void {
      for (const op of ops) note(op, worldOf, givenMs);
      for (const op of ops) noteTransition(op, worldOf);
    },
    /** Returns when a transition was created. */
    decided: (transition: number) => decided.get(transition),
    /** Returns since when a fault of a transition had existed. */
    toldSince: (transition: number, key: string) => toldSince.get(`${transition} ${key}`),
    /** Returns when a message was added to the outbox. */
    written: (key: string) => written.get(key),
    /** Returns when an incident lasted, in order. An incident that relapsed before its all-clear has several. */
    spans: (incident: number): readonly Span[] => spans.get(incident) ?? [],
    stages: (site: string): readonly Staged[] => stages.get(site) ?? [],
  };
}

function setOnce<K>(map: Map<K, number>, key: K, at: number): void {
  if (!map.has(key)) map.set(key, at);
}
