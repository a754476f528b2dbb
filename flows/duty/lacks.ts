/** What a roster lacks, one line each, in the language of whoever reads it. */
import { filled, type MessageLanguage, nameIn, type RosterCheck, wordsIn } from '#contracts';
import { short } from '../people/channels/kit/plain.ts';
import { listThatFits } from '../people/lists.ts';
import { dayOf, timeOf } from '../people/times.ts';
import type { Place } from '../records/place.ts';

/** What is missing of some places and persons. `gaps` and `untold` name the first PC of a site, `shared` the persons of one number. */
export type Lacks = Pick<RosterCheck, 'gaps' | 'untold' | 'unreached' | 'unproven'> & { shared: string[][] };

/** Who and where is meant by ids and paths. */
export type LacksSight = { place(scope: string): Place; nameOf(person: string): string };

const hourMs = 3_600_000;
/** Longest name in a line. */
const nameLimit = 24;
/** Longest line that lists several. */
const limit = 100;

/** Hours without anybody first, then places that nobody hears of, then persons. Places with the same hours are one line. */
export function lackLines(lacks: Lacks, language: MessageLanguage, { place, nameOf }: LacksSight): string[] {
  const { lack } = wordsIn(language);
  const nameOfPlace = (scope: string) => short(nameIn(place(scope).site, language), nameLimit);
  const gaps = gapsOf(lacks.gaps).map(({ first: { scope, from }, hours, others }) => {
    const time = timeOf(from, place(scope).timeZone, language);
    return filled(others > 0 ? lack.gaps : lack.gap, { place: nameOfPlace(scope), n: others, hours, time });
  });
  const person = (id: string) => short(nameOf(id), nameLimit);
  const shared = (names: string) => filled(lack.shared, { names });
  return [
    ...gaps,
    ...lacks.untold.map((scope) => filled(lack.untold, { place: nameOfPlace(scope) })),
    ...lacks.unreached.map((id) => filled(lack.unreached, { name: person(id) })),
    ...lacks.shared.map((ids) => listThatFits({ items: ids.map(person), count: ids.length }, language, { limit, frame: shared })),
    ...lacks.unproven.map(({ person: id, at }) => {
      const day = at === null ? '' : dayOf(at, place('').timeZone, language);
      return filled(at === null ? lack.untried : lack.triedOn, { name: person(id), day });
    }),
  ];
}

type Gap = { first: Lacks['gaps'][number]; hours: number; others: number };

/** The gaps of each site as one, and sites whose gaps are the same as one. The longest first. */
function gapsOf(gaps: Lacks['gaps']): Gap[] {
  const bySite = Map.groupBy(gaps, ({ scope }) => scope);
  const alike = Map.groupBy(bySite.values(), (own) => own.map(({ from, to }) => `${from} ${to}`).join());
  const all = [...alike.values()].flatMap((sites): Gap[] => {
    const [own = []] = sites;
    const [first] = own;
    const hours = Math.round(own.reduce((sum, { from, to }) => sum + to - from, 0) / hourMs);
    return first === undefined ? [] : [{ first, hours, others: sites.length - 1 }];
  });
  return all.sort((a, b) => b.hours - a.hours);
}
