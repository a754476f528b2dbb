/** Files of the operator: tables that are written, and imports that are shown before they are carried out. */
import { type CsvProblem, type Language, lineIn } from '@sabha/contracts';
import { lines } from './lines.ts';
import type { Answer, Call } from './model.ts';
import { problemLine, problemText } from './problems.ts';
import { firstOf } from './text.ts';

/** A table for a spreadsheet, in a file or on the terminal. */
export async function asFile(csv: string, file: string | undefined, writeText: Call['writeText']): Promise<Answer> {
  if (file === undefined) return { ok: true, json: { csv }, text: csv.trimEnd() };
  // Fetch removes the byte order mark, by which a spreadsheet recognises UTF-8.
  await writeText(file, csv.startsWith('\ufeff') ? csv : `\ufeff${csv}`);
  return { ok: true, json: { file }, text: `${file} is written` };
}

type Named = string | { id: string; title: string };
type Change = Named | { path?: string; person?: string; column: string; from: string; to: string };
type Difference = {
  added: readonly Named[];
  changed: readonly Change[];
  removed?: readonly Named[];
  same: number;
  missing?: readonly string[];
};
/** The answer of each route that imports. */
type Imported = { problems: readonly CsvProblem[]; notes?: readonly CsvProblem[]; applied: boolean; difference: Difference };

/** Has a file checked and, with --yes, loaded. `field`: the part of the body that takes the text of the file. */
export async function importFile(call: Call, path: string, { field, body }: { field: string; body: object }): Promise<Answer> {
  const { api, by, options, language } = call;
  const [file = ''] = call.words;
  const apply = options['yes'] === true && options['dry-run'] !== true;
  const done = await api.post<Imported>(path, { ...body, [field]: await call.readText(file), apply, by }, [422]);
  if (done.problems.length > 0) return { ok: false, json: done, text: problemText(done.problems, { file, language }) };
  const notes = (done.notes ?? []).map((one) => problemLine(one, { file, language }));
  const end = lineIn(done.applied ? 'done' : 'nothing is changed yet: --yes does it', language, lines);
  return { ok: true, json: done, text: [...differenceLines(done.difference, language), ...firstOf(notes), end].join('\n') };
}

/** What an import adds, changes and removes, a line each, and the counts. */
function differenceLines({ added, changed, removed, same, missing }: Difference, language: Language): string[] {
  const list = (mark: string, all: readonly Change[]) => firstOf(all.map((one) => `${mark} ${changeText(one)}`));
  const subjects = new Set(changed.map((one) => (typeof one === 'object' && 'column' in one ? (one.person ?? one.path) : one)));
  const left = missing === undefined ? '' : `, ${missing.length} not in the file (left as they are)`;
  const gone = removed === undefined ? '' : `, ${removed.length} removed`;
  const sum = `${added.length} added, ${subjects.size} changed${gone}, ${same} the same${left}`;
  return [...list('+', added), ...list('~', changed), ...list('-', removed ?? []), lineIn(sum, language, lines)];
}

function changeText(one: Change): string {
  if (typeof one === 'string') return one || 'the nation';
  if (!('column' in one)) return `${one.id} ${one.title}`;
  return `${one.person ?? (one.path || 'the nation')} ${one.column}: "${one.from}" becomes "${one.to}"`;
}
