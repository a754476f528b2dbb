/** Converts the hours of an office in the site table: `Mon-Fri 09:30-18:00; Sat 10:00-13:00`, and its closing time. */
import type { DayHours } from '../engine/records/sites.ts';

const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const lowerNames = names.map((name) => name.toLowerCase());

export const hoursWanted = `hours such as Mon-Fri 09:30-18:00 (more with ";" between, days are ${names.join(' ')})`;

/** Reads hours of a day, such as those for conferences; undefined if the text is invalid or a span ends before it begins. */
export function hoursOf(text: string): DayHours[] | undefined {
  const all = partsOf(text);
  return all?.every(({ from, to }) => to > from) ? all : undefined;
}

export function hoursText(hours: readonly DayHours[]): string {
  return hours.map(({ days, from, to }) => `${daysText(days)} ${clockText(from)}-${clockText(to)}`).join('; ');
}

/** Returns the minutes after midnight of `18:30`; undefined if it is no time of day. */
export function minutesOf(text: string): number | undefined {
  const [, hours = '', minutes = ''] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === '' ? undefined : Number(hours) * 60 + Number(minutes);
}

export const dutyWanted = `hours such as Mon-Fri 09:30-18:00; Sat 20:00-06:00 (days are ${names.join(' ')})`;

/** Reads duty hours. A span that ends before it begins continues on the next day, so its end is above 24:00. Undefined if invalid. */
export function dutyOf(text: string): DayHours[] | undefined {
  return partsOf(text)?.map((one) => (one.to <= one.from ? { ...one, to: one.to + dayMinutes } : one));
}

const dayMinutes = 24 * 60;

function partsOf(text: string): DayHours[] | undefined {
  const all = text.split(';').map((part) => partOf(part.trim()));
  return all.every((one) => one !== undefined) ? all : undefined;
}

function partOf(part: string): DayHours | undefined {
  const [, named = '', start = '', end = ''] = /^([A-Za-z, -]+?)\s+(\d\d:\d\d)\s*-\s*(\d\d:\d\d)$/.exec(part) ?? [];
  const [days, from, to] = [daysOf(named), minutesOf(start), end === '24:00' ? dayMinutes : minutesOf(end)];
  return days === undefined || from === undefined || to === undefined ? undefined : { days, from, to };
}

function daysOf(named: string): number[] | undefined {
  const days = named.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map((name) => lowerNames.indexOf(name.trim().toLowerCase()) + 1);
    const isRange = first > 0 && last >= first && part.split('-').length <= 2;
    return isRange ? Array.from({ length: last - first + 1 }, (_, at) => first + at) : [0];
  });
  return days.includes(0) || new Set(days).size !== days.length ? undefined : days.sort((a, b) => a - b);
}

/** Writes consecutive days as a range. */
function daysText(days: readonly number[]): string {
  const name = (day: number | undefined) => names[(day ?? 1) - 1] ?? '';
  const [first = 1, last = first] = [days[0], days.at(-1)];
  const isRange = days.length > 2 && last - first + 1 === days.length;
  return isRange ? `${name(first)}-${name(last)}` : days.map(name).join(',');
}

/** Returns a time of day as text; midnight at the end of a day is written as 24:00. */
export function clockText(minutes: number): string {
  if (minutes === dayMinutes) return '24:00';
  return `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
