/** What a PC said of its mains; pure. */
import type { PcRecord } from '../records/incidents.ts';
import { isBattery } from './pc.ts';

/** A battery that ran for longer says nothing of a loss. */
const batteryLimitMs = 4 * 3_600_000;
/** Longest time after which a PC reports that it runs on battery. */
export const toldLateMs = 60_000;

/** Since when it ran on battery at its last message, on the server's clock; null where it did not. A last gasp counts too. */
export function batterySince(record: PcRecord, lastMessageAt = record.absence?.from ?? record.heardAt ?? 0): number | null {
  const said = record.checks.filter(isBattery).map((check) => check.since);
  const since = Math.min(...said, record.gasp?.at ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(since) && lastMessageAt - since <= batteryLimitMs ? since : null;
}

/** It sees its mains, and says so. */
export function seesMains({ checks }: PcRecord): boolean {
  return checks.some(({ component, device, status }) => component === 'power' && device === 'mains' && status === 'ok');
}
