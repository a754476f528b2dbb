/** The numbers of causes as somebody chose them in a dialog: percent, counts and minutes, each within what makes sense. */
import { type Numbers, usualNumbers } from './numbers.ts';

type Field = { name: string; key: keyof Numbers; factor: number; least: number; most: number; what: string };

/** The fields of the dialog of the node *correlate*. */
const fields: readonly Field[] = [
  { name: 'siteShare', key: 'siteShare', factor: 0.01, least: 50, most: 100, what: 'percent of the PCs of a site' },
  { name: 'regionShare', key: 'regionShare', factor: 0.01, least: 10, most: 100, what: 'percent of the sites of a region' },
  { name: 'regionSites', key: 'regionSites', factor: 1, least: 2, most: 50, what: 'sites' },
  { name: 'within', key: 'withinMs', factor: 60_000, least: 1, most: 30, what: 'minutes' },
  { name: 'spreadRooms', key: 'spreadRooms', factor: 1, least: 3, most: 100, what: 'rooms' },
  { name: 'spreadWithin', key: 'spreadMs', factor: 60_000, least: 10, most: 1_440, what: 'minutes' },
];

/** All numbers, those of the dialog in the place of the usual ones; or one line that names the one that is out of its range. */
export function chosenNumbers(config: Readonly<Record<string, unknown>>): { ok: true; numbers: Numbers } | { ok: false; line: string } {
  const numbers = { ...usualNumbers };
  for (const { name, key, factor, least, most, what } of fields) {
    const said = config[name];
    const number = said === undefined || String(said).trim() === '' ? Number.NaN : Number(said);
    const isCount = factor === 1;
    if (!(number >= least && number <= most) || (isCount && !Number.isInteger(number)))
      return { ok: false, line: `"${name}" is a number of ${what} from ${least} to ${most}` };
    numbers[key] = number * factor;
  }
  return { ok: true, numbers };
}
