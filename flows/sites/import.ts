/** An import of the site table: all or nothing, with the difference shown first. */
import type { SitesDifference, SitesImport } from '#contracts';
import type { SiteChange, SiteTable, TreeNode } from '../engine/records/sites.ts';
import { cellsOf, columns } from './columns.ts';
import { readCsv } from './csv.ts';

/**
 * What a file would change. `change` is null where there is a problem or nothing differs. What stands only in the table is left as it is.
 * Guarantee: one problem anywhere, and nothing of the file is taken.
 */
export function planImport(at: { csv: string; table: SiteTable; now: number; by: string; staged?: boolean }): {
  import: SitesImport;
  change: SiteChange | null;
} {
  const { nodes, problems } = readCsv(at.csv, at.table, at.now);
  const difference: SitesDifference = { added: [], changed: [], same: 0, missing: [] };
  if (problems.length > 0) return { import: { problems, difference, applied: false }, change: null };
  const fresh = nodes.filter((node) => differs(node, at.table.node(node.path), difference));
  const paths = new Set(nodes.map(({ path }) => path));
  difference.missing = [...at.table.nodes()].map(({ path }) => path).filter((path) => !paths.has(path));
  const about = `${difference.added.length} added, ${fresh.length - difference.added.length} changed, ${difference.same} the same`;
  const audit = { who: at.by, what: 'sites imported', about };
  const change =
    fresh.length === 0 ? null : { nodes: fresh, gone: [], replaced: [], registry: [], ...(at.staged && { staged: { by: at.by } }), audit };
  return { import: { problems, difference, applied: false }, change };
}

function differs(node: TreeNode, before: TreeNode | undefined, difference: SitesDifference): boolean {
  if (before === undefined) {
    difference.added.push(node.path);
    return true;
  }
  const [was, is] = [cellsOf(before), cellsOf(node)];
  const changed = columns.filter((column) => was[column] !== is[column]);
  for (const column of changed) difference.changed.push({ path: node.path, column, from: was[column], to: is[column] });
  if (changed.length === 0) difference.same += 1;
  return changed.length > 0;
}
