/** What an outage is of, what maintenance is, and why a PC is away: the causes that the centre tells apart, and from when on it is sure of one. Who decides it: flows/engine/outages; what it is called: words. */

/**
 * `intended` said goodbye; `power-cut`; `link-down`: the site's line; `upstream`: the line of a whole state or provider; `crash` of PC or system;
 * `pc-off`: this PC alone (switched off hard, unplugged, killed); `undetermined`: nobody can know yet.
 */
export const outageCauses = ['intended', 'power-cut', 'link-down', 'upstream', 'crash', 'pc-off', 'undetermined'] as const;
export type OutageCause = (typeof outageCauses)[number];

/** How sure the centre is of a cause: 0 to 1. */
export type Outage = { cause: OutageCause; confidence: number };

/** From this confidence on a cause is sure. */
export const sureFrom = 0.9;
/** Up to this one it is not known: more is never said of what two causes look alike in. Between the two it is likely. */
export const openUpTo = 0.6;

/** How sure a cause is, as words and the wall say it. */
export const surenesses = ['sure', 'likely', 'open'] as const;
export type Sureness = (typeof surenesses)[number];

/** How sure a confidence is: the one border of words and numbers. */
export function surenessOf(confidence: number): Sureness {
  if (confidence >= sureFrom) return 'sure';
  return confidence > openUpTo ? 'likely' : 'open';
}

/** The scopes above a room that may be the cause of many, the narrowest first. */
export const causeKinds = ['site', 'link', 'provider', 'state', 'nation', 'plane', 'spread'] as const;
export type CauseKind = (typeof causeKinds)[number];

/** A scope is written so that no path of a PC reads like it, whatever its state is called. */
export function causeScope(kind: CauseKind, name: string): string {
  if (kind === 'nation') return 'nation';
  return kind === 'plane' ? 'centre/plane' : `${kind}:${name}`;
}

/** What kind of cause a scope is; undefined for a room and for the centre's own. */
export function causeKindOf(scope: string): CauseKind | undefined {
  if (scope === 'centre/plane') return 'plane';
  if (scope === 'nation') return 'nation';
  const [kind = ''] = scope.split(':', 1);
  return scope.includes(':') ? causeKinds.find((one) => one === kind) : undefined;
}

/** The name in a scope: the path of a site, the id of a state or a line, the name of a provider; else the scope as it is. */
export function nameInScope(scope: string): string {
  return scope.slice(scope.indexOf(':') + 1);
}

/** Stands while a place is maintained: whoever is told of it is told of this. */
export const maintenanceFault = 'maintenance.planned';

const maintenancePrefix = 'maintenance:';

/** The scope in which the maintenance of a place is told: no path of a PC reads like it. */
export function maintenanceScope(path: string): string {
  return `${maintenancePrefix}${path}`;
}

/** The place that is maintained in a scope; undefined for every other scope. */
export function maintainedIn(scope: string): string | undefined {
  return scope.startsWith(maintenancePrefix) ? scope.slice(maintenancePrefix.length) : undefined;
}

/** The path of the tree that a scope belongs to: '' for what is of no single state. Of a cause of several sites its `spread` knows more. */
export function pathOfScope(scope: string): string {
  const kind = causeKindOf(scope);
  if (kind === undefined) return maintainedIn(scope) ?? scope;
  return kind === 'site' || kind === 'state' ? nameInScope(scope) : '';
}

/** True for a fault that says that somebody is away: of those it is told why. */
export function isAbsence(fault: string): boolean {
  return fault === 'pc.silent' || fault === 'centre.plane' || fault.startsWith('outage.');
}
