/**
 * Maintenance: its beginning and its end are told like an incident of the place, by the tabs; between the two what comes of the place is recorded
 * and told to nobody, and what is still bad at the end is told once.
 */
import { maintainedIn, maintenanceFault, maintenanceScope, pathOfScope } from '@sabha/contracts';
import type { Memory } from '../memory/memory.ts';
import type { Incident } from '../records/incidents.ts';
import type { MaintenanceDate } from '../records/meetings.ts';
import { sceneOfList, standingFault } from '../transitions/incident.ts';
import type { Core } from './core.ts';
import { tellAgain } from './handling.ts';
import { followScope } from './scopes.ts';

/** A clock that is set by less than this at its beginning or its end begins nothing anew. */
const edgeMs = 60_000;

/**
 * Follows what is planned: what has begun, and what has ended.
 * Guarantee: it goes by the time of day alone and by what the ledger holds open, so that a start of `flows` and a clock that is set (R29) change
 * neither how often its beginning and its end are told, nor that what is left is told.
 */
export function followMaintenance(core: Core, now: number): void {
  const { memory, options } = core;
  const planned = options.maintenance === undefined ? [] : options.maintenance(now);
  if (planned === undefined) return;
  const dates = Map.groupBy(planned, ({ scope }) => scope);
  const open = memory.openScopes().flatMap((scope) => maintainedIn(scope) ?? []);
  if (dates.size + open.length === 0) return;
  const quiet = memory.openIncidents().filter((incident) => maintainedFor(memory, incident) !== undefined);
  for (const path of new Set([...open, ...dates.keys()])) followPlace(core, { path, dates: dates.get(path) ?? [] }, now);
  const left = quiet.filter((incident) => incident.snoozed === undefined && maintainedFor(memory, incident) === undefined);
  for (const incident of left) tellAgain(core, { incident, again: { why: 'maintained', by: '', to: [] } }, now);
}

/** Nothing new of an incident is told: somebody wants it quiet, or its place is maintained. */
export function quietIn(memory: Pick<Memory, 'openIncident'>): (incident: Incident) => boolean {
  return (incident) => incident.snoozed !== undefined || maintainedFor(memory, incident) !== undefined;
}

/** The maintenance that goes on where an incident is; of a cause of many, where all are that are away with it. */
export function maintainedFor(
  memory: Pick<Memory, 'openIncident'>,
  { scope, spread }: Pick<Incident, 'scope' | 'spread'>,
): Incident | undefined {
  if (maintainedIn(scope) !== undefined) return undefined;
  const whole = maintainedAt(memory, spread?.path ?? pathOfScope(scope));
  if (whole !== undefined || spread === undefined) return whole;
  const each = spread.away.map((path) => maintainedAt(memory, path));
  return each.includes(undefined) ? undefined : each[0];
}

/** The maintenance that goes on at a path of the tree or above it, the narrowest first. */
export function maintainedAt(memory: Pick<Memory, 'openIncident'>, path: string): Incident | undefined {
  const parts = path.split('/');
  for (let level = parts.length; level > 0; level -= 1) {
    const held = memory.openIncident(maintenanceScope(parts.slice(0, level).join('/')));
    if (held?.faults.some(({ goneAt }) => goneAt === null)) return held;
  }
  return undefined;
}

function followPlace(core: Core, { path, dates }: { path: string; dates: readonly MaintenanceDate[] }, now: number): void {
  const scope = maintenanceScope(path);
  const begun = new Set(core.memory.openIncident(scope)?.faults.map(({ key }) => key));
  // Each date is one of its own: what is held every night does not come and go.
  const faultOf = ({ id, from, title }: MaintenanceDate) => ({ ...standingFault(maintenanceFault, `${id}@${from}`, from), name: title });
  const going = dates.filter((date) => {
    const isBegun = begun.has(faultOf(date).key);
    return date.from - (isBegun ? edgeMs : 0) <= now && now < date.to - (isBegun ? 0 : edgeMs);
  });
  const until = going.length > 0 ? { until: Math.max(...going.map(({ to }) => to)) } : {};
  followScope(core, { scope, scene: sceneOfList(going.map(faultOf)), ...until }, now);
}
