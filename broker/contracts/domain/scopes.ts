/**
 * The parts of a nation that somebody looks after: paths of the tree, and groups of sites beside it, such as a division, a circle, a district
 * or a block. A site is in any number of groups.
 */

/** True where a path is the scope or lies in it; '' is everywhere. */
export function isWithin(scope: string, path: string): boolean {
  return scope === '' || path === scope || path.startsWith(`${scope}/`);
}

const groupMark = 'group:';

/** The scope of a group, written so that no path reads like it. */
export function groupScope(group: string): string {
  return groupMark + group;
}

/** The group that a scope names; undefined for a path. */
export function groupOfScope(scope: string): string | undefined {
  return scope.startsWith(groupMark) ? scope.slice(groupMark.length) : undefined;
}
