/** A roll call as a table for a spreadsheet: CSV by RFC 4180, in which no cell can be taken for a formula. */
import { type RollCallView, zonedAt } from '@sabha/contracts';
import { safeTable } from '../../sites/sheet.ts';

const header =
  'state,site,site_name,room,pc,answer_after_s,readiness,component,fault,reason,last_heard,owner,state_name,last_heard_local,time_zone'.split(
    ',',
  );

/** What the names and clocks of places are. */
export type TablePlaces = { stateName(state: string): string; timeZone(site: string): string };

/** Rows in order of state, site and PC, lines ended by CRLF. Guarantee: a text that begins like a formula is led by an apostrophe. */
export function rollCallTable({ rows }: RollCallView, { stateName, timeZone }: TablePlaces): string {
  const sorted = rows.toSorted((a, b) => (a.pc < b.pc ? -1 : 1));
  const lines = sorted.map(({ state, site, siteName, room, pc, after, readiness, why, heardAt, owner }) => {
    const seconds = after === null ? '' : (after / 1_000).toFixed(1);
    const heard = heardAt === null ? '' : new Date(heardAt).toISOString();
    const what = [why?.component, why?.fault, why?.reason];
    const zone = timeZone(site);
    const local = heardAt === null ? '' : localTime(heardAt, zone);
    return [state, site, siteName.en, room.en, pc, seconds, readiness, ...what, heard, owner, stateName(state), local, zone];
  });
  // The byte order mark: without it a spreadsheet misreads the Hindi names.
  return `\ufeff${safeTable(header, lines)}`;
}

/** The name of the file: whose roll was called, and when by the clock of a place. */
export function tableName({ scope, startedAt }: Pick<RollCallView, 'scope' | 'startedAt'>, zone: string): string {
  const when = localTime(startedAt, zone).slice(0, 16).replace(' ', '-').replace(':', '');
  return `roll-call-${scope === '' ? 'nation' : scope.replaceAll('/', '-')}-${when}.csv`;
}

/** As a spreadsheet takes it for a time: `2027-01-15 18:30:00`. */
function localTime(at: number, zone: string): string {
  const local = zonedAt(at, zone).toPlainDateTime();
  return local.toString({ smallestUnit: 'second' }).replace('T', ' ');
}
