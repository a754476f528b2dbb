/** Who is there at a moment: hours of duty and leave, by the clock on the wall of each person. */
import { zonedAt } from '@sabha/contracts';
import type { DayHours } from '../../engine/records/meetings.ts';
import type { Member } from '../../engine/records/roster.ts';

/** `leave`: the hours are the person's own, who has days off; `relieved`: somebody else has taken over the shift; `off`: the hours are somebody else's. */
export type Attendance = 'here' | 'leave' | 'relieved' | 'off';

/** Judges persons at one moment, each zone and each person once. */
export type Moment = (member: Member) => Attendance;

const dayMinutes = 24 * 60;

type Local = { date: string; weekday: number; minute: number };

/** What holds at a time. */
export function momentAt(now: number): Moment {
  const zones = new Map<string, Local>();
  const known = new Map<Member, Attendance>();
  return (member) => {
    const held = known.get(member);
    if (held !== undefined) return held;
    const local = zones.get(member.zone) ?? localAt(now, member.zone);
    zones.set(member.zone, local);
    const isRelieved = member.relief !== undefined && now < member.relief.until;
    const found = isRelieved ? 'relieved' : attendanceOf(member, local);
    known.set(member, found);
    return found;
  };
}

function attendanceOf({ duty, leave }: Member, local: Local): Attendance {
  if (duty !== null && !duty.some((hours) => covers(hours, local))) return 'off';
  return leave.some(({ from, to }) => from <= local.date && local.date <= to) ? 'leave' : 'here';
}

/** Also the part of yesterday's hours that reaches over midnight. */
function covers({ days, from, to }: DayHours, { weekday, minute }: Local): boolean {
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  const isToday = days.includes(weekday) && minute >= from && minute < to;
  return isToday || (days.includes(yesterday) && minute + dayMinutes < to);
}

/** How long a takeover lasts where the person has no hours of duty. */
const wholeShiftMs = 12 * 3_600_000;

/** When the shift ends that a person has now; null where there is none. */
export function shiftEndsAt({ duty, zone }: Pick<Member, 'duty' | 'zone'>, now: number): number | null {
  const { weekday, minute } = localAt(now, zone);
  const minuteBegan = Math.floor(now / minuteMs) * minuteMs;
  if (duty === null) return minuteBegan + wholeShiftMs;
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  const left = duty.flatMap(({ days, from, to }) => [
    ...(days.includes(weekday) && minute >= from && minute < to ? [to - minute] : []),
    ...(days.includes(yesterday) && minute + dayMinutes < to ? [to - minute - dayMinutes] : []),
  ]);
  return left.length === 0 ? null : minuteBegan + Math.max(...left) * minuteMs;
}

const minuteMs = 60_000;

function localAt(now: number, zone: string): Local {
  const time = zonedAt(now, zone);
  return { date: time.toPlainDate().toString(), weekday: time.dayOfWeek, minute: time.hour * 60 + time.minute };
}
