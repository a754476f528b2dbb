/** The one CSV of the site table: read with everything that is wrong in it, and written so that it reads back the same. */
import { CsvError, parse } from 'csv-parse/sync';
import * as v from 'valibot';
import { type CsvProblem, describeIssue, headingOf, oneLine } from '#contracts';
import type { SiteTable, TreeNode } from '../records/sites.ts';
import { type Cells, type Column, columns, fileCellsOf, laterColumns, nodeOf, rowSchema, siteColumns } from './columns.ts';
import { levelOf, parentOf } from './table.ts';

/** Largest file that is read, bytes of UTF-8. */
export const csvLimitBytes = 8 * 1024 * 1024;
const problemsLimit = 20_000;
/** A nation of 20,000 PCs takes less than half; more would hold up everything else in the centre. */
const linesLimit = 50_000;

type Line = { line: number; cells: Cells };
type Reading = { table: SiteTable; lines: Map<string, number>; problems: CsvProblem[]; now: number };

/**
 * Reads a file into nodes. What the file does not say of a place is inherited; of the table only parents, stages and their dates are looked at.
 * Guarantee: where one problem is found no node is answered, and every faulty line is named by its number in the file.
 */
export function readCsv(text: string, table: SiteTable, now: number): { nodes: TreeNode[]; problems: CsvProblem[] } {
  const split = splitLines(text);
  const reading: Reading = { table, lines: new Map(), problems: split.problems, now };
  const lines = split.lines.map(({ line, cells }) => ({ line, cells: completed(cells, table) }));
  for (const { line, cells } of lines) noteLine(reading, line, pathOf(cells));
  const nodes = lines.flatMap((one) => readLine(reading, one) ?? []);
  const problems = shortened(reading.problems.sort((a, b) => a.line - b.line));
  return { nodes: problems.length > 0 ? [] : nodes, problems };
}

/** With what the table says in the columns that the file does not have: it was written before they came. */
function completed(cells: Cells, table: SiteTable): Cells {
  const absent = laterColumns.filter((column) => cells[column] === undefined);
  if (absent.length === 0) return cells;
  const held = table.node(pathOf(cells));
  const said = held && fileCellsOf(held);
  return { ...cells, ...Object.fromEntries(absent.map((column) => [column, said?.[column] ?? ''])) };
}

/** Where there are too many, the first of each line: rather every faulty line once than a few with all that is wrong in them. */
function shortened(all: CsvProblem[]): CsvProblem[] {
  if (all.length <= problemsLimit) return all;
  const firsts = all.filter(({ line }, at) => line !== all[at - 1]?.line);
  const listed = firsts.slice(0, problemsLimit);
  const next = firsts[problemsLimit];
  const what = `${all.length - listed.length} more problems ${next === undefined ? 'in these lines' : 'from here on'}`;
  return [...listed, { line: next?.line ?? listed.at(-1)?.line ?? 0, column: '', what }];
}

/** Writes the table, or the places of it that are wanted, as spreadsheets read it: UTF-8 with its mark, lines ended by CR LF. */
export function toCsv(table: SiteTable, isWanted: (node: TreeNode) => boolean = () => true): string {
  const rows = [...table.nodes()].filter(isWanted).map((node) => {
    const cells = fileCellsOf(node);
    return columns.map((column) => quoted(cells[column])).join(',');
  });
  return `\ufeff${[columns.join(','), ...rows].join('\r\n')}\r\n`;
}

function splitLines(text: string): { lines: Line[]; problems: CsvProblem[] } {
  const none = (line: number, what: string) => ({ lines: [], problems: [{ line, column: '', what }] });
  if (Buffer.byteLength(text) > csvLimitBytes) return none(1, `the file is larger than ${csvLimitBytes / 1024 / 1024} MiB`);
  let end = 0;
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      info: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      to: linesLimit + 2,
      on_record: (record, { lines }) => {
        end = lines;
        return record;
      },
    }) as unknown as typeof records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return none(end + 1, quoteLine(error.code));
  }
  if (records.length > linesLimit + 1) return none(end, `the file has more than ${linesLimit} lines`);
  const [first, ...rest] = records.filter(({ record }) => record.some((cell) => cell !== ''));
  if (first === undefined) return none(1, 'the file is empty');
  const header = first.record.map(headingOf);
  const wrong = headerProblems(header);
  if (wrong.length > 0) return { lines: [], problems: wrong };
  const problems: CsvProblem[] = [];
  const lines = rest.flatMap(({ record, info }) => {
    const line = info.lines - record.reduce((breaks, cell) => breaks + cell.split('\n').length - 1, 0);
    if (record.length === header.length) return { line, cells: cellsIn(header, record) };
    problems.push({ line, column: '', what: `expected ${header.length} cells as in the header, found ${record.length}` });
    return [];
  });
  return { lines, problems };
}

function headerProblems(header: readonly string[]): CsvProblem[] {
  const at = (column: string, what: string): CsvProblem => ({ line: 1, column, what });
  const separator = header.length === 1 ? /[;\t]/.exec(header[0] ?? '')?.[0] : undefined;
  if (separator !== undefined) {
    return [at('', `the cells are separated by ${separator === ';' ? '";"' : 'tabs'}: save the file as CSV with commas`)];
  }
  const missing = columns.filter((name) => !header.includes(name) && !laterColumns.includes(name));
  return [
    ...header.filter((name) => !Object.hasOwn(rowSchema.entries, name)).map((name) => at(oneLine(name, 40), 'this column is not known')),
    ...header.filter((name, index) => header.indexOf(name) < index).map((name) => at(oneLine(name, 40), 'this column stands twice')),
    ...(missing.length > 1
      ? [at('', `these columns are missing: ${missing.join(', ')}`)]
      : missing.map((name) => at(name, 'this column is missing'))),
  ];
}

function cellsIn(header: readonly string[], record: readonly string[]): Cells {
  return Object.fromEntries(header.map((name, index) => [name, record[index] ?? ''])) as Cells;
}

/** Remembers where each place stands, so that a child may come before its parent; the second line of a place is a problem. */
function noteLine({ lines, problems }: Reading, line: number, path: string): void {
  const first = lines.get(path);
  if (first === undefined) lines.set(path, line);
  else
    problems.push({
      line,
      column: columnOf(path),
      what: `${path === '' ? 'the nation' : path} stands twice: line ${first} is the same place`,
    });
}

function readLine(reading: Reading, { line, cells }: Line): TreeNode | undefined {
  const filled = Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''));
  const result = v.safeParse(rowSchema, filled);
  const found: [string, string][] = result.success
    ? []
    : result.issues.map((issue) => {
        const column = v.getDotPath(issue) ?? '';
        return [column, cells[column as Column] === '' ? 'must not be empty' : describeIssue(issue).slice(column.length + 2)];
      });
  const wrong = [...found, ...misplaced(reading, cells)];
  if (wrong.length === 0 && result.success) return nodeOf(result.output, reading.table.node(pathOf(cells)), reading.now);
  reading.problems.push(...wrong.map(([column, what]) => ({ line, column, what })));
  return undefined;
}

/** What no single cell can know: whether the place has a parent, and whether this level may say it. */
function misplaced({ table, lines }: Reading, cells: Cells): [Column, string][] {
  if (cells.site === '' && cells.pc !== '') return [['site', 'a PC needs its site']];
  if (cells.state === '' && cells.site !== '') return [['state', 'a site needs its state']];
  const path = pathOf(cells);
  const level = levelOf(path);
  const parent = parentOf(path);
  const wrong: [Column, string][] = [];
  if (level > 1 && parent !== undefined && !lines.has(parent) && table.node(parent) === undefined) {
    wrong.push([columnOf(parent), `${oneLine(parent, 80)} stands neither in this file nor in the site table`]);
  }
  if ((cells.latitude === '') !== (cells.longitude === '')) wrong.push(['latitude', 'latitude and longitude stand together']);
  if (level !== 2) for (const column of siteColumns) if (cells[column] !== '') wrong.push([column, 'only the line of a site may say this']);
  return wrong;
}

function pathOf({ state, site, pc }: Cells): string {
  return [state, site, pc].filter((part) => part !== '').join('/');
}

function columnOf(path: string): Column {
  return (['state', 'state', 'site', 'pc'] as const)[levelOf(path)] ?? 'pc';
}

function quoteLine(code: string): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote is opened here or below and never closed';
  return 'a quote stands inside a cell: write it twice, and the whole cell in quotes';
}

function quoted(cell: string): string {
  return /[",;\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
