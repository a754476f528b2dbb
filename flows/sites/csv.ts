/** Reads the CSV of the site table with all its problems, imports it completely or not at all, and exports it without loss. */
import { type CsvProblem, oneLine, type SitesDifference, type SitesImport } from '@sabha/contracts';
import type { SiteChange, SiteTable, TreeNode } from '../engine/records/sites.ts';
import { cellsOf, columns, fileCellsOf, laterColumns, nodeOf, rowSchema, type SiteCells, type SiteColumn, siteColumns } from './columns.ts';
import { type CellProblem, csvText, readRow, sheetLines, sortedProblems } from './sheet.ts';
import { levelOf, parentOf } from './table.ts';

/** Limit of lines in a file. A nation of 20,000 PCs needs less than half; more lines would block the event loop. */
const linesLimit = 50_000;

/**
 * Plans an import. `change` is null if there is a problem or no difference. Places that the file lacks stay in the table. Guarantee: one
 * problem anywhere rejects the whole file.
 */
export function planImport(at: { csv: string; table: SiteTable; now: number; by: string; staged?: boolean }): {
  import: SitesImport;
  change: SiteChange | null;
} {
  const { nodes, problems } = readCsv(at.csv, at.table, at.now);
  const difference: SitesDifference = { added: [], changed: [], same: 0, missing: [] };
  if (problems.length > 0) return { import: { problems, difference, applied: false }, change: null };
  const fresh = nodes.filter((node) => recordDifference(node, at.table.node(node.path), difference));
  const paths = new Set(nodes.map(({ path }) => path));
  difference.missing = [...at.table.nodes()].map(({ path }) => path).filter((path) => !paths.has(path));
  const about = `${difference.added.length} added, ${fresh.length - difference.added.length} changed, ${difference.same} the same`;
  const audit = { who: at.by, what: 'sites imported', about };
  const change =
    fresh.length === 0 ? null : { nodes: fresh, gone: [], replaced: [], registry: [], ...(at.staged && { staged: { by: at.by } }), audit };
  return { import: { problems, difference, applied: false }, change };
}

function recordDifference(node: TreeNode, before: TreeNode | undefined, difference: SitesDifference): boolean {
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

/**
 * Reads a file into nodes. Empty cells are inherited; the table supplies only parents, stages and their dates.
 * Guarantee: a file with a problem gives no nodes, and each of the first 20,000 problems has its line number.
 */
export function readCsv(text: string, table: SiteTable, now: number): { nodes: TreeNode[]; problems: CsvProblem[] } {
  const split = sheetLines<SiteColumn>(text, { columns, later: laterColumns, limitLines: linesLimit });
  const found = split.problems;
  const lineOf = new Map<string, number>();
  const lines = split.lines.map(({ line, cells }) => ({ line, cells: fillLaterColumns(cells, table) }));
  // All paths are read first, so that a child may precede its parent.
  for (const { line, cells } of lines) {
    const path = pathOf(cells);
    const first = lineOf.getOrInsert(path, line);
    const what = `${path === '' ? 'the nation' : path} appears twice: line ${first} is the same place`;
    if (first !== line) found.push({ line, column: columnOf(path), what });
  }
  const nodes = lines.flatMap(({ line, cells }) => {
    const read = readRow(cells, rowSchema);
    const wrong = [...read.wrong, ...placeProblems(cells, { table, lines: lineOf })];
    found.push(...wrong.map(([column, what]) => ({ line, column, what })));
    return wrong.length === 0 && read.row !== undefined ? nodeOf(read.row, table.node(pathOf(cells)), now) : [];
  });
  const problems = sortedProblems(found);
  return { nodes: problems.length > 0 ? [] : nodes, problems };
}

/** Fills columns that an older file lacks with the values of the table. */
function fillLaterColumns(cells: SiteCells, table: SiteTable): SiteCells {
  const absent = laterColumns.filter((column) => cells[column] === undefined);
  if (absent.length === 0) return cells;
  const held = table.node(pathOf(cells));
  const said = held && fileCellsOf(held);
  return { ...cells, ...Object.fromEntries(absent.map((column) => [column, said?.[column] ?? ''])) };
}

/** Returns the table, or the selected places, as CSV for spreadsheets: UTF-8 with a byte order mark, CR LF line ends. */
export function toCsv(table: SiteTable, isWanted: (node: TreeNode) => boolean = () => true): string {
  return csvText(columns, [...table.nodes()].filter(isWanted).map(fileCellsOf));
}

/** Returns problems that no single cell shows: a missing parent, or a column that this level may not fill. */
function placeProblems(
  cells: SiteCells,
  { table, lines }: { table: SiteTable; lines: ReadonlyMap<string, number> },
): CellProblem<SiteColumn>[] {
  if (cells.site === '' && cells.pc !== '') return [['site', 'a PC needs its site']];
  if (cells.state === '' && cells.site !== '') return [['state', 'a site needs its state']];
  const path = pathOf(cells);
  const level = levelOf(path);
  const parent = parentOf(path);
  const wrong: CellProblem<SiteColumn>[] = [];
  if (level > 1 && parent !== undefined && !lines.has(parent) && table.node(parent) === undefined) {
    wrong.push([columnOf(parent), `${oneLine(parent, 80)} is in neither this file nor the site table`]);
  }
  if ((cells.latitude === '') !== (cells.longitude === '')) wrong.push(['latitude', 'latitude and longitude belong together: write both']);
  if (level !== 2)
    for (const column of siteColumns) if (cells[column] !== '') wrong.push([column, 'only the line of a site may have this value']);
  return wrong;
}

function pathOf({ state, site, pc }: SiteCells): string {
  return [state, site, pc].filter((part) => part !== '').join('/');
}

function columnOf(path: string): SiteColumn {
  return (['state', 'state', 'site', 'pc'] as const)[levelOf(path)] ?? 'pc';
}
