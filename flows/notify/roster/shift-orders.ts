/** What persons do about their own duty: days off, and shifts that go over to somebody else. */
import type { ShiftView } from '@sabha/contracts';
import type { Member } from '../../engine/records/roster.ts';
import { shiftEndsAt } from './book.ts';
import { leaveOf } from './columns.ts';
import type { RosterChange } from './import.ts';
import { change, edit, type Kept, notHeld, type PersonOrder, type RefusedOrder } from './kept.ts';
import { anHour } from './often.ts';

/** Days off as they are written, '' = none; without `deputy` it stays who it was. */
export type LeaveOrder = { days: string; deputy: string | undefined; by: string };

/** Sets the days off of one person. */
export async function setLeave(kept: Kept, id: string, { days, deputy, by }: LeaveOrder): Promise<PersonOrder> {
  const leave = days === '' ? [] : leaveOf(days);
  if (leave === undefined) return { ok: false, missing: false, line: 'days off are written 2027-01-10..2027-01-20, more with ";" between' };
  if (deputy === id || (deputy !== undefined && !kept.options.roster.book().byId.has(deputy)))
    return { ok: false, missing: false, line: `"${deputy}" cannot stand in for ${id}: name another person of the roster` };
  const about = `${id}: ${days || 'none'}${deputy === undefined ? '' : `, ${deputy} stands in`}`;
  const to = (member: Member): RosterChange => ({ put: [{ ...member, leave, deputy: deputy ?? member.deputy }], gone: [] });
  return edit(kept, id, { audit: { who: by, what: 'leave set', about }, to });
}

/** Until when, or why not. */
export type Taken = { ok: true; value: ShiftView } | RefusedOrder;

/** The shift of `from` goes over to a person, until it ends. */
export async function takeShift(kept: Kept, id: string, { from, by }: { from: string; by: string }): Promise<Taken> {
  const { roster, now, word } = kept.options;
  const refused = (line: string): RefusedOrder => ({ ok: false, missing: false, line });
  const [taker, member] = [roster.book().byId.get(id), kept.held.get(from)];
  if (taker === undefined) return { ok: false, missing: true, line: 'there is no such person' };
  if (member === undefined) return notHeld(from, kept.fixed.has(from));
  if (id === from) return refused('nobody takes over their own shift');
  const until = shiftEndsAt(member, now());
  if (until === null) return refused(`${from} is not on duty now: there is no shift to take over`);
  if (member.relief?.by === id && member.relief.until > now()) return refused(`${id} has this shift already`);
  const next = kept.often.takes.next(from, now());
  const often = `the shift of ${from} went over ${anHour.takes} times within an hour, and each time ${from} is told`;
  if (next !== undefined) return { ...refused(`${often}: the next can be at ${next}`), often: true };
  const audit = { who: by, what: 'shift taken over', about: `${id} for ${from}, until ${new Date(until).toISOString()}` };
  const words = [word(from, ['shift_taken', taker.name])];
  await change(kept, { put: [{ ...member, relief: { by: id, until } }], gone: [] }, { audit, words });
  kept.often.takes.count(from, now());
  return { ok: true, value: { person: from, by: id, until } };
}
