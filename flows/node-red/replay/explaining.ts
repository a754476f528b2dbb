/** Which faults of the past something greater was told in place of: by the causes that stood, and by what the ledger says came of each step. */
import type { Memory } from '../../engine/memory/memory.ts';
import type { Incident, StandingFault, Transition } from '../../engine/records/incidents.ts';
import { explainedWord } from '../../engine/transitions/offer.ts';
import { faultKey } from '../../engine/transitions/standing.ts';

/** What explains the incidents of one story. */
export function createExplaining(memory: Pick<Memory, 'incidents'>) {
  /** When each incident was opened here, and when its last news came. */
  const openedAt = new Map<number, number>();
  const newsAt = new Map<number, number>();
  /** Faults by incident. */
  const said = new Map<number, Set<string>>();
  const add = ({ incident, about }: Transition) => void said.set(incident, new Set([...(said.get(incident) ?? []), ...keysOf(about)]));

  return {
    add,
    /** A step comes: what is news is explained by nothing, unless that was found at once. */
    comes(transition: Transition): void {
      const { incident, kind, at, about, sent, passes = [] } = transition;
      if (!openedAt.has(incident)) openedAt.set(incident, at);
      if (kind !== 'raised' && kind !== 'worsened') return;
      newsAt.set(incident, at);
      for (const key of keysOf(about)) said.get(incident)?.delete(key);
      if (wasExplained(transition) && sent.length + passes.length === 0) add(transition);
    },
    /** True of what is not told of an incident; a cause that came after its news stands for all of it. */
    in({ id, parent }: Incident): (fault: StandingFault) => boolean {
      const cause = parent === undefined ? undefined : memory.incidents.get(parent);
      const isAll = cause?.over === null && (openedAt.get(cause.id) ?? 0) > (newsAt.get(id) ?? 0);
      return ({ key }) => isAll || said.get(id)?.has(key) === true;
    },
  };
}

/** A replay may be so much later than the engine was. */
const lateMs = 15_000;

/** From when on it is, where a step was on the wires and was found to be explained some time later. */
export function explainedFrom(transition: Transition): number | undefined {
  const last = transition.passes?.at(-1);
  return last !== undefined && wasExplained(transition) ? last.at + lateMs : undefined;
}

function wasExplained({ conclusion }: Transition): boolean {
  return conclusion?.endsWith(explainedWord) === true;
}

/** The keys of the faults that a step is about. */
export function keysOf(about: Transition['about']): Set<string> {
  return new Set(about.map(({ fault, device }) => faultKey(fault, device)));
}
