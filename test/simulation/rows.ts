/** Reads the rows of the ledger that an audit needs. */
import type { Incident, IncidentFault, Transition } from '../../flows/engine/records/incidents.ts';
import type { OutboxRow } from '../../flows/engine/records/notices.ts';
import type { World } from './world.ts';

export type Rows = { incidents: Incident[]; transitions: Transition[]; outbox: OutboxRow[] };

export function rowsOf(world: World): Rows {
  const rows = <T>(table: string) =>
    world.centre
      .db()
      .prepare(`SELECT row FROM ${table}`)
      .all()
      .map(({ row }) => JSON.parse(String(row)) as T);
  return { incidents: rows('incidents'), transitions: rows('transitions'), outbox: rows('outbox') };
}

/** Returns the rows without those of a hostile PC. Another check audits the rows of that PC. */
export function rowsOfOthers(world: World): Rows {
  const { incidents, transitions, outbox } = rowsOf(world);
  const path = world.hostile?.path;
  if (path === undefined) return { incidents, transitions, outbox };
  const isOfIt = (one: Incident) => one.scope === path || (one.faults.length > 0 && one.faults.every((fault) => isOfHostile(world, fault)));
  const ids = new Set(incidents.filter(isOfIt).map(({ id }) => id));
  const others = transitions.filter(({ incident }) => !ids.has(incident));
  const known = new Set(others.map(({ id }) => id));
  return {
    incidents: incidents.filter((one) => !isOfIt(one)),
    transitions: others,
    outbox: outbox.filter(({ transition }) => transition === null || known.has(transition)),
  };
}

/** Whether the fault is a report of the server about a hostile PC. */
export function isOfHostile({ hostile }: World, { fault, device, name }: Pick<IncidentFault, 'fault' | 'device' | 'name'>): boolean {
  return hostile !== null && (device === hostile.path || (fault === 'centre.unknown_fault' && name === hostile.path));
}

/** Whether the fault means that further alerts of a PC are only counted, by R27 (quota and backpressure). */
export function isMuting({ fault, reason }: Pick<IncidentFault, 'fault' | 'reason'>): boolean {
  return fault === 'pc.noisy' && reason?.startsWith('its alerts') === true;
}

/** Whether the alerts of a PC were ever only counted. */
export function wasMuted({ incidents }: Pick<Rows, 'incidents'>, path: string): boolean {
  return incidents.some(({ faults, ended = [] }) => [...faults, ...ended].some((one) => isMuting(one) && one.device === path));
}
