/** When the engine looked, as far as its ledger tells: whose turn it was was judged then, and not in between. */
import type { Act, Transition } from '../../engine/records/incidents.ts';
import type { Past } from '../../engine/records/past.ts';
import { createNoise } from '../../engine/transitions/noise.ts';
import type { TransitionOptions } from '../../engine/transitions/offer.ts';

/** It looks so often, and sooner where something is due. */
export const tickMs = 1_000;

/** Reads them. */
export function createLooks({ incidents, transitions }: Past) {
  const all = new Set(transitions.flatMap(lookedAt));
  const ahead = [...all].sort((a, b) => b - a);
  const scopes = new Map(incidents.map(({ id, scope }) => [id, scope]));
  const told = Map.groupBy(
    transitions.filter((one) => one.told),
    ({ incident }) => scopes.get(incident) ?? '',
  );
  const changedAt = new Map<string, number>();
  const overAt = new Map<string, number>();
  const isSeen = (at: number | undefined, now: number) => all.has(now) || now - (at ?? 0) >= tickMs;

  return {
    /** True where it surely looked. */
    isLook: (at: number) => all.has(at),
    /** The next sure look after a time; times only grow. */
    after(now: number): number | undefined {
      while ((ahead.at(-1) ?? now + 1) <= now) ahead.pop();
      return ahead.at(-1);
    },
    /** Something has changed in a scope. */
    changed: (scope: string, at: number) => void changedAt.set(scope, at),
    /** What was decided in a scope. A wait that was over already when it began is ended by the next look. */
    decided(scope: string, acts: readonly Act[], at: number): void {
      if (acts.some((act) => act.do === 'wait' && act.dueAt <= at)) overAt.set(scope, at);
    },
    /** As of when a turn is judged: when it really came, or when a whole look is over, also over what changed there last. */
    turnAt(now: number, scope: string): number {
      if (!isSeen(changedAt.get(scope), now)) return Number.NEGATIVE_INFINITY;
      return all.has(now) ? now : now - tickMs;
    },
    /** True where no wait of a scope is ended yet. */
    isUnread: (scope: string, now: number) => !isSeen(overAt.get(scope), now),
    /** What is told about when it really was counts from then: some milliseconds more or less would give its turn to another. */
    pace(): TransitionOptions['pace'] {
      const pace = createNoise();
      return {
        ...pace,
        told(scope, telling, now) {
          const near = (told.get(scope) ?? []).flatMap((one) => (one.told && Math.abs(one.told.at - now) <= 2 * tickMs ? one.told.at : []));
          pace.told(scope, telling, near.sort((a, b) => Math.abs(a - now) - Math.abs(b - now))[0] ?? now);
        },
      };
    },
  };
}

/** It offered or told this then, or heard what the tabs made of it. */
function lookedAt({ offeredAt, turn, told, passes = [] }: Transition): number[] {
  const times = [turn?.hadAt, told?.at, turn ? offeredAt : undefined, ...passes.map(({ at }) => at)];
  return times.filter((at) => typeof at === 'number');
}
