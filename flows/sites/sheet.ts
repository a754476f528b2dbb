/** Reads CSV files into named cells with line numbers, validates them, and writes CSV for spreadsheets. */

import { type CsvProblem, issueText, normaliseHeading, oneLine } from '@sabha/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import * as v from 'valibot';

/** Limit of a file that an import reads, in bytes of UTF-8. */
export const fileLimitBytes = 8 * 1024 * 1024;

const problemsLimit = 20_000;

/** Columns of a file. `later`: columns that the file may lack; its rows then lack these cells. */
export type SheetFormat<C extends string> = { columns: readonly C[]; later: readonly C[]; limitLines: number };
/** Cells of one line, with its line number in the file. */
export type SheetLine<C extends string> = { line: number; cells: Record<C, string> };
export type CellProblem<C extends string> = [column: C, what: string];

/**
 * Splits a file into lines. Guarantee: never throws because of the content. A wrong header gives no lines, and a line with another number
 * of cells is a problem.
 */
export function sheetLines<C extends string>(text: string, sheet: SheetFormat<C>): { lines: SheetLine<C>[]; problems: CsvProblem[] } {
  const none = (line: number, what: string) => ({ lines: [], problems: [{ line, column: '', what }] });
  const { limitLines } = sheet;
  if (Buffer.byteLength(text) > fileLimitBytes) return none(1, `the file is larger than ${fileLimitBytes / 1024 / 1024} MiB`);
  const separator = foreignSeparator(text);
  if (separator !== undefined) return none(1, `the cells are separated by ${separator}: save the file as CSV with commas`);
  let end = 0;
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      info: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      to: limitLines + 2,
      on_record: (record, { lines }) => {
        end = lines;
        return record;
      },
    }) as unknown as typeof records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const isOpen = error.code === 'CSV_QUOTE_NOT_CLOSED';
    return none(end + 1, isOpen ? quoteLines.open : quoteLines.inside);
  }
  if (records.length > limitLines + 1) return none(end, `the file has more than ${limitLines} lines`);
  const [first, ...rest] = records.filter(({ record }) => record.some((cell) => cell !== ''));
  if (first === undefined) return none(1, 'the file is empty');
  const header = first.record.map(normaliseHeading);
  const wrong = headerProblems(header, sheet);
  if (wrong.length > 0) return { lines: [], problems: wrong };
  const problems: CsvProblem[] = [];
  const lines = rest.flatMap(({ record, info }) => {
    const line = info.lines - record.reduce((breaks, cell) => breaks + cell.split('\n').length - 1, 0);
    const cells = Object.fromEntries(header.map((name, index) => [name, record[index] ?? ''])) as Record<C, string>;
    if (record.length === header.length) return { line, cells };
    problems.push({ line, column: '', what: `expected ${header.length} cells as in the header, found ${record.length}` });
    return [];
  });
  return { lines, problems };
}

export function readRow<C extends string, S extends v.GenericSchema>(
  cells: Record<C, string>,
  schema: S,
): { row?: v.InferOutput<S>; wrong: CellProblem<C>[] } {
  const filled = Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''));
  const result = v.safeParse(schema, filled);
  if (result.success) return { row: result.output, wrong: [] };
  const wrong = result.issues.map((issue): CellProblem<C> => {
    const column = (v.getDotPath(issue) ?? '') as C;
    return [column, cells[column] === '' ? 'must not be empty' : issueText(issue).slice(column.length + 2)];
  });
  return { wrong };
}

/** Sorts problems by line. If the list is too long, its last entry counts the remaining ones. */
export function sortedProblems(found: readonly CsvProblem[]): CsvProblem[] {
  const all = found.toSorted((a, b) => a.line - b.line);
  const next = all[problemsLimit];
  if (next === undefined) return all;
  const what = `${all.length - problemsLimit} more problems from here on`;
  return [...all.slice(0, problemsLimit), { line: next.line, column: '', what }];
}

/** Returns CSV with a header: UTF-8 with a byte order mark, CR LF line ends. */
export function csvText<C extends string>(columns: readonly C[], rows: readonly Record<C, string>[]): string {
  const lines = rows.map((cells) => columns.map((column) => quoted(cells[column])).join(','));
  return `\ufeff${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}

/** Returns CSV by RFC 4180 with CR LF line ends. Guarantee: a text that looks like a formula gets a leading apostrophe. */
export function safeTable(header: readonly string[], rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  const isFormula = /^(\s*[=+\-@＝＋－＠]|[\t\r])/;
  const safe = (text: string) => quoted(isFormula.test(text) ? `'${text}` : text);
  return [header, ...rows].map((cells) => `${cells.map((cell) => safe(`${cell ?? ''}`)).join(',')}\r\n`).join('');
}

/**
 * Returns the wrong separator of a header without commas. This check runs before the parser, which would report a quoted cell before ";" as
 * a wrong quote.
 */
function foreignSeparator(text: string): string | undefined {
  const header = /\S.*/.exec(text)?.[0].replace(/"[^"]*"/g, '') ?? '';
  if (header.includes(',')) return undefined;
  return header.includes(';') ? '";"' : header.includes('\t') ? 'tabs' : undefined;
}

function headerProblems<C extends string>(header: readonly string[], { columns, later }: SheetFormat<C>): CsvProblem[] {
  const at = (column: string, what: string): CsvProblem => ({ line: 1, column, what });
  const known = new Set<string>(columns);
  const missing = columns.filter((name) => !header.includes(name) && !later.includes(name));
  return [
    ...header.filter((name) => !known.has(name)).map((name) => at(oneLine(name, 40), 'this column is not known')),
    ...header.filter((name, index) => header.indexOf(name) < index).map((name) => at(oneLine(name, 40), 'this column appears twice')),
    ...(missing.length > 1
      ? [at('', `these columns are missing: ${missing.join(', ')}`)]
      : missing.map((name) => at(name, 'this column is missing'))),
  ];
}

const quoteLines = {
  open: 'a quote is opened here or below and never closed',
  inside: 'a cell contains a quote: write it twice, and the whole cell in quotes',
};

function quoted(cell: string): string {
  return /[",;\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
