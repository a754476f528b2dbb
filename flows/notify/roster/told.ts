/** Who is told: of the persons that are meant those who are there, else who stands in for them. */
import type { Member } from '../../engine/records/roster.ts';
import type { Book } from './book.ts';
import type { Moment } from './duty.ts';

/** Why these persons: they are on duty, stand in for who is not, are of the state or of central, or nobody is on duty anywhere. */
export type ToldBy = 'duty' | 'deputy' | 'state' | 'central' | 'nobody';
/** `unknown`: the words that mean nobody. */
export type Told = { persons: Member[]; by: ToldBy; unknown: string[] };

/**
 * The persons for the words of a tab at a moment, each once.
 * Nobody on duty: their deputies, then the state, then central; and where none of those is there, `persons` is empty and `by` is `nobody`.
 * Guarantee: nobody is told outside their scope and hours but a deputy, in the place of whom they stand in for.
 */
export function toldFor(book: Book, { to, scope, moment }: { to: readonly string[]; scope: string; moment: Moment }): Told {
  const words = to.map((word) => ({ word, members: book.meant(word, scope) }));
  const unknown = words.filter(({ members }) => members === undefined).map(({ word }) => word);
  const meant = words.flatMap(({ members = [] }) => members);
  const sight = { book, moment };
  const onDuty = present(sight, meant);
  if (onDuty.length > 0) return { persons: onDuty, by: onDuty.some((one) => meant.includes(one)) ? 'duty' : 'deputy', unknown };
  const deputies = each(meant, (one) => standIn(sight, one));
  if (deputies.length > 0) return { persons: deputies, by: 'deputy', unknown };
  const state = thereOf(sight, book.ofRole('state', scope));
  if (state.length > 0) return { persons: state, by: 'state', unknown };
  const central = thereOf(sight, book.central);
  if (central.length > 0) return { persons: central, by: 'central', unknown };
  return { persons: [], by: 'nobody', unknown };
}

/** Those of some persons who are there, or else who stands in for them. */
export function thereOf(sight: Sight, members: readonly Member[]): Member[] {
  const there = present(sight, members);
  return there.length > 0 ? there : each(members, (one) => standIn(sight, one));
}

/** What is looked at. */
export type Sight = { book: Pick<Book, 'byId'>; moment: Moment };

/** Who is there, and for each who has days off in their hours the deputy. */
function present(sight: Sight, members: readonly Member[]): Member[] {
  return each(members, (one) => {
    const attendance = sight.moment(one);
    if (attendance === 'here') return one;
    if (attendance === 'relieved') return relieverOf(sight, one) ?? standIn(sight, one);
    return attendance === 'leave' ? standIn(sight, one) : undefined;
  });
}

/** Whoever took over the shift, in whatever hours of their own, unless they have days off. */
function relieverOf({ book, moment }: Sight, { relief }: Member): Member | undefined {
  const reliever = book.byId.get(relief?.by ?? '');
  return reliever !== undefined && moment(reliever) !== 'leave' ? reliever : undefined;
}

/** So many deputies one after the other are asked; a ring of those who are away ends here too. */
const deputyLimit = 8;

/** The first of the deputies, and of theirs, who is there, and of whom that holds which is asked. */
export function standIn(
  { book, moment }: Sight,
  member: Pick<Member, 'deputy'>,
  holds: (deputy: Member) => boolean = () => true,
): Member | undefined {
  let next = book.byId.get(member.deputy ?? '');
  for (let asked = 0; next !== undefined && asked < deputyLimit; asked++) {
    if (moment(next) === 'here' && holds(next)) return next;
    next = book.byId.get(next.deputy ?? '');
  }
  return undefined;
}

function each(members: readonly Member[], find: (member: Member) => Member | undefined): Member[] {
  return [...new Set(members.map(find).filter((one) => one !== undefined))];
}
