/** The roster tried out: who would be told of each place in each hour to come, and where that is nobody who can be reached. */
import type { RosterCheck } from '@sabha/contracts';
import type { Member } from '../../engine/records/roster.ts';
import type { Book } from './book.ts';
import { type Moment, momentAt, toldFor } from './book.ts';

/** Whom the tabs tell of a place, and how long after the fault. */
export type Tell = { to: readonly string[]; afterMs: number };
/** A place with what the running tabs tell of it. */
export type ToldPlace = { scope: string; tells: readonly Tell[] };

/** What is tried. `pause` lets others go on between two hours. */
export type CheckOptions = {
  book: Book;
  places: readonly ToldPlace[];
  from: number;
  hours: number;
  /** Whether a channel reaches somebody, and carries an alert at that time. */
  isReached(member: Member, at: number): boolean;
  pause(): Promise<void>;
};

const hourMs = 3_600_000;
type Span = RosterCheck['places'][number]['spans'][number];

/**
 * Raises a fault in each place at each hour and looks up who is told of it first.
 * Guarantee: who is named is who would be told, by the same choice on the same words at the same time.
 */
export async function checkRoster(options: CheckOptions): Promise<Pick<RosterCheck, 'places' | 'gaps' | 'untold'>> {
  const { book, from, hours, isReached, pause } = options;
  const told = options.places
    .filter(({ tells }) => tells.length > 0)
    .map(({ scope, tells }) => ({ scope, first: firstOf(tells), spans: [] as Span[] }));
  for (let hour = 0; hour < hours; hour++) {
    const at = from + hour * hourMs;
    const moments = new Map<number, Moment>();
    for (const { scope, first, spans } of told) {
      const moment = moments.getOrInsertComputed(first.afterMs, () => momentAt(at + first.afterMs));
      const { persons, by } = toldFor(book, { to: first.to, scope, moment });
      extend(spans, {
        from: at,
        to: at + hourMs,
        by,
        persons: persons.map(({ id }) => id),
        reached: persons.some((one) => isReached(one, at + first.afterMs)),
      });
    }
    await pause();
  }
  return {
    places: told.map(({ scope, spans }) => ({ scope, spans })),
    gaps: told.flatMap(({ scope, spans }) => spans.filter(({ reached }) => !reached).map((span) => ({ scope, ...span }))),
    untold: options.places.filter(({ tells }) => tells.length === 0).map(({ scope }) => scope),
  };
}

/** All that is told at the earliest time. */
function firstOf(tells: readonly Tell[]): Tell {
  const afterMs = Math.min(...tells.map((tell) => tell.afterMs));
  return { afterMs, to: [...new Set(tells.filter((tell) => tell.afterMs === afterMs).flatMap(({ to }) => to))] };
}

/** An hour in which the same are told, and reached or not, makes the last span longer. */
function extend(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  const isSame = last?.by === next.by && last.reached === next.reached && last.persons.join() === next.persons.join();
  if (last !== undefined && isSame) last.to = next.to;
  else spans.push(next);
}
