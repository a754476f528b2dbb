/** How faults end of which nobody was told: nothing in the ledger says when, and their incident goes on. */
import type { Memory } from '../../engine/memory/memory.ts';
import type { Incident, StandingFault, Transition } from '../../engine/records/incidents.ts';
import { watchedUntil, withBreaks } from '../../engine/transitions/incident.ts';
import { silence } from '../../engine/transitions/standing.ts';
import { keysOf } from './explaining.ts';

type Faults = readonly StandingFault[];

/** Follows the endings in a memory, into which `put` puts what is left. */
export function createEndings(memory: Memory, put: (incident: Incident, now: number) => void) {
  /** When the faults of each scope last ended or came back: by that a return is known as flapping, and what is gone is watched for longer. */
  const times = new Map<string, Record<string, number>>();

  function mark(scope: string, faults: Faults, at: number): void {
    times.set(scope, { ...times.get(scope), ...Object.fromEntries(faults.map(({ key }) => [key, at])) });
  }

  const broke = (scope: string, keys: Iterable<string>, at: number) => void times.set(scope, withBreaks(times.get(scope) ?? {}, keys, at));

  function end(id: number, now: number, isGone: (fault: StandingFault) => boolean): void {
    const incident = memory.incidents.get(id);
    const over = incident?.faults.filter(isGone) ?? [];
    if (incident?.over !== null || over.length === 0) return;
    mark(incident.scope, over, now);
    put({ ...incident, faults: incident.faults.filter((fault) => !over.includes(fault)) }, now);
  }

  return {
    /** They are over, as the ledger says. */
    mark,
    /** They are new in their incident. */
    broke,
    /** Of a scope these were its faults, and are so now: what was gone and stands again came back. */
    followed(scope: string, { before, faults, at }: { before: Faults; faults: Faults; at: number }): void {
      const gone = keysOf(before.filter(({ goneAt }) => goneAt !== null));
      const returned = faults.filter(({ key, goneAt, unknownSince }) => gone.has(key) && goneAt === null && unknownSince === null);
      mark(scope, returned, at);
      broke(scope, keysOf(returned), at);
    },
    /** What has been gone for its time by now ends without a word; with the last of its incident there is one. Of the sessions of a silent PC nothing is kept. */
    passed(id: number, now: number): void {
      const { scope = '', faults = [] } = memory.incidents.get(id) ?? {};
      const isUntold = (one: StandingFault) => one.told === null && one.key !== silence && now >= watchedUntil(one, times.get(scope) ?? {});
      if (!faults.every(isUntold)) end(id, now, isUntold);
    },
    /** A transition that waited for its turn was over before it. */
    counted({ incident, about }: Transition, now: number): void {
      const gone = keysOf(about);
      end(incident, now, ({ key, goneAt, told }) => gone.has(key) && goneAt !== null && told === null);
    },
  };
}
