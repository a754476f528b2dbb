/** A roll call as a table for a spreadsheet: CSV by RFC 4180, in which no cell can be taken for a formula. */
import type { RollCallView } from '#contracts';
import { safeTable } from '../sites/sheet.ts';

const header = 'state,site,site_name,room,pc,answer_after_s,readiness,component,fault,reason,last_heard,owner'.split(',');

/** Rows in order of state, site and PC, lines ended by CRLF. Guarantee: a text that begins like a formula is led by an apostrophe. */
export function rollCallTable({ rows }: RollCallView): string {
  const sorted = rows.toSorted((a, b) => (a.pc < b.pc ? -1 : 1));
  const lines = sorted.map(({ state, site, siteName, room, pc, after, readiness, why, heardAt, owner }) => {
    const seconds = after === null ? '' : (after / 1_000).toFixed(1);
    const heard = heardAt === null ? '' : new Date(heardAt).toISOString();
    return [state, site, siteName.en, room.en, pc, seconds, readiness, why?.component, why?.fault, why?.reason, heard, owner];
  });
  return safeTable(header, lines);
}
