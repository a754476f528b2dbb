/**
 * Kinds of outages and maintenance, causes of a PC's outage and their confidence. The decision is in flows/engine/outages, the texts in
 * words.
 */

/**
 * `intended`: clean disconnect. `link-down`: the line of the site. `upstream`: the line of a whole state or provider. `crash`: of PC or
 * system. `pc-off`: this PC alone (switched off hard, unplugged, killed). `undetermined`: not enough evidence yet.
 */
export const outageCauses = ['intended', 'power-cut', 'link-down', 'upstream', 'crash', 'pc-off', 'undetermined'] as const;
export type OutageCause = (typeof outageCauses)[number];

/** Confidence of the cause: 0 to 1. */
export type Outage = { cause: OutageCause; confidence: number };

export const sureThreshold = 0.9;
/** Confidence up to which a cause is open, also the maximum if two causes look alike. Between the two limits it is likely. */
export const openThreshold = 0.6;

export const confidenceLevels = ['sure', 'likely', 'open'] as const;
export type ConfidenceLevel = (typeof confidenceLevels)[number];

export function confidenceLevelOf(confidence: number): ConfidenceLevel {
  if (confidence >= sureThreshold) return 'sure';
  return confidence > openThreshold ? 'likely' : 'open';
}

/** Kinds of group incidents, the narrowest first. */
export const causeKinds = ['site', 'link', 'provider', 'state', 'nation', 'plane', 'spread'] as const;
export type CauseKind = (typeof causeKinds)[number];

/** Returns the scope of a group incident, in a form that no PC path can have. */
export function causeScope(kind: CauseKind, name: string): string {
  if (kind === 'nation') return 'nation';
  return kind === 'plane' ? 'centre/plane' : `${kind}:${name}`;
}

/** Returns the kind of a group scope; undefined for a room and for the server's own scopes. */
export function causeKindOf(scope: string): CauseKind | undefined {
  if (scope === 'centre/plane') return 'plane';
  if (scope === 'nation') return 'nation';
  const [kind = ''] = scope.split(':', 1);
  return scope.includes(':') ? causeKinds.find((one) => one === kind) : undefined;
}

/** Returns the name in a scope: a site path, the id of a state or a line, or a provider name. Any other scope is returned unchanged. */
export function nameInScope(scope: string): string {
  return scope.slice(scope.indexOf(':') + 1);
}

/** Fault that is present while a place is in maintenance. Its recipients are those of the place. */
export const maintenanceFault = 'maintenance.planned';

const maintenancePrefix = 'maintenance:';

/** Returns the scope of a maintenance, in a form that no PC path can have. */
export function maintenanceScope(path: string): string {
  return `${maintenancePrefix}${path}`;
}

/** Returns the place of a maintenance scope; undefined for every other scope. */
export function scopePlace(scope: string): string | undefined {
  return scope.startsWith(maintenancePrefix) ? scope.slice(maintenancePrefix.length) : undefined;
}

/** Returns the path of a scope; '' for a scope of several states. The `spread` of a group incident is more precise. */
export function pathOfScope(scope: string): string {
  const kind = causeKindOf(scope);
  if (kind === undefined) return scopePlace(scope) ?? scope;
  return kind === 'site' || kind === 'state' ? nameInScope(scope) : '';
}

/** Returns true for a fault that reports an outage. Its notifications name the cause. */
export function isOutageFault(fault: string): boolean {
  return fault === 'pc.silent' || fault === 'centre.plane' || fault.startsWith('outage.');
}
