/** Groups of sites: further scopes beside the tree. */
import { groupOfScope, groupScope, isId, isWithin } from '#contracts';
import type { SiteTable, TreeNode } from '../engine/records/sites.ts';

/** So many groups of one site are more than any office has. */
const groupsAtMost = 20;

/** What a cell must look like. */
export const groupsWanted = `at most ${groupsAtMost} groups with "|" between: lower-case letters, digits and "-", at most 32, and not "all"`;

/** The groups of a cell such as `magadh|bihar-circle`, each once. */
export function groupsOf(text: string): string[] | undefined {
  const groups = text.split('|').map((part) => part.trim());
  const isGood = groups.length <= groupsAtMost && groups.every(isId) && new Set(groups).size === groups.length;
  return isGood ? groups : undefined;
}

/** The groups of a table, looked up both ways. */
export function indexGroups(sites: readonly TreeNode[]): Pick<SiteTable, 'groupsOf' | 'pathsOf'> {
  const scopesOf = new Map(sites.map(({ path, site }) => [path, (site?.groups ?? []).map(groupScope)]));
  const members = new Map<string, string[]>();
  for (const [path, scopes] of scopesOf) for (const scope of scopes) members.getOrInsertComputed(scope, () => []).push(path);
  return {
    groupsOf: (path) => scopesOf.get(path.split('/', 2).join('/')) ?? [],
    pathsOf: (scope) => (groupOfScope(scope) === undefined ? [scope] : (members.get(scope) ?? [])),
  };
}

/** True where all of a scope lies in another; both are paths, or groups of sites. A group without a site lies in itself alone, and everywhere. */
export function liesWithin(pathsOf: SiteTable['pathsOf'], outer: string, inner: string): boolean {
  if (isWithin(outer, inner)) return true;
  if (groupOfScope(outer) === undefined && groupOfScope(inner) === undefined) return false;
  const [around, parts] = [pathsOf(outer), pathsOf(inner)];
  return parts.length > 0 && parts.every((part) => around.some((path) => isWithin(path, part)));
}
