/** Files of the operator: tables that are written, and imports that are shown before they are carried out. */
import type { CsvProblem } from '#contracts';
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

/** The answer of each route that imports. */
type Imported = { problems: readonly CsvProblem[]; notes?: readonly CsvProblem[]; applied: boolean };
/** `body` of the request for the text of the file, and the lines of the difference. */
type Import<T> = { path: string; body(text: string): object; lines(done: T): readonly string[] };

/** Has a file checked and, with --yes, loaded. */
export async function importFile<T extends Imported>(call: Call, { path, body, lines }: Import<T>): Promise<Answer> {
  const [file = ''] = call.words;
  const { api, by, options, language } = call;
  const apply = options['yes'] === true && options['dry-run'] !== true;
  const done = await api.post<T>(path, { ...body(await call.readText(file)), apply, by }, [422]);
  if (done.problems.length > 0) return { ok: false, json: done, text: problemText(done.problems, { file, language }) };
  const notes = (done.notes ?? []).map((one) => problemLine(one, { file, language }));
  const end = done.applied ? 'done' : 'nothing is changed yet: --yes does it';
  return { ok: true, json: done, text: [...lines(done), ...firstOf(notes), end].join('\n') };
}
