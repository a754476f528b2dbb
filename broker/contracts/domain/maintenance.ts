/** Maintenance of a place: the scope in which it is told, and the fault that says that it goes on. */

/** Stands while a place is maintained: whoever is told of it is told of this. */
export const maintenanceFault = 'maintenance.planned';

const prefix = 'maintenance:';

/** The scope of the maintenance of a place: no path of a PC reads like it. */
export function maintenanceScope(path: string): string {
  return `${prefix}${path}`;
}

/** The place that is maintained in a scope; undefined for every other scope. */
export function maintainedIn(scope: string): string | undefined {
  return scope.startsWith(prefix) ? scope.slice(prefix.length) : undefined;
}
