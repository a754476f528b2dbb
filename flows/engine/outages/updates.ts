/** What of a machine was updated, and when, by what its inventory says that it runs; pure. */
import { isDeepStrictEqual } from 'node:util';
import { oneLine } from '@sabha/contracts';
import type { PcRecord, UpdateName, Versions } from '../records/incidents.ts';

/** No room has more. */
const driversAtMost = 16;
const textAtMost = 100;
/** Those before them are no cause any more. */
const updatesKept = 8;

/** What an inventory tells of it, in the words of either system. What is not told is left out. */
export function versionsIn({ os, drivers }: Record<string, unknown>): Versions {
  const { distro, release, kernel, Caption, Version, UBR } = fieldsOf(os);
  // The monthly updates of Windows change nothing but the number after its version.
  const build = [textOf(Version), textOf(UBR)].filter((part) => part !== '').join('.');
  // The number first: a message cuts long names.
  const system = joined([kernel, build, distro, release, Caption]);
  const told = [drivers ?? []]
    .flat()
    .slice(0, driversAtMost)
    .map(fieldsOf)
    .flatMap(({ DeviceName, DriverVersion }) => {
      const device = joined([DeviceName]);
      return device === '' || textOf(DriverVersion) === ''
        ? []
        : [[`driver ${device}`, `driver ${joined([DriverVersion, DeviceName])}`] as const];
    });
  return { ...(system !== '' && { system: `system ${system}` }), ...Object.fromEntries(told) };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : '';
}

function joined(parts: readonly unknown[]): string {
  const words = parts.map(textOf).filter((part) => part !== '');
  return oneLine(words.join(' '), textAtMost);
}

/** A record with the updates that another inventory tells of. What was not known before, as a device that was plugged in, is none. */
export function withVersions(record: PcRecord, versions: Versions, now: number): PcRecord {
  const { versions: before = {} } = record;
  const fresh = Object.entries(versions).filter(([part, what]) => before[part] !== undefined && before[part] !== what);
  // The same object where all is as it was: nothing is to be written then.
  const next = isDeepStrictEqual(record.versions, versions) ? record : { ...record, versions };
  return fresh.length === 0 ? next : withUpdates(next, { what: fresh.map(([, what]) => what), now });
}

/** A record with updates that were seen now. */
export function withUpdates(record: PcRecord, { what, now }: { what: readonly UpdateName[]; now: number }): PcRecord {
  const fresh = what.map((one) => ({ what: one, at: now }));
  return { ...record, updates: [...fresh, ...(record.updates ?? [])].slice(0, updatesKept) };
}
