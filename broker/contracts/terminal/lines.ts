/** What a person at a terminal is told, in his language: no code of the system, no text of a schema, no English within Hindi. */
import { isLanguage, type Language } from '../domain/faults.ts';
import type { Clock } from '../kit/clock.ts';
import { type LineRow, lineRows } from './line-rows.ts';

export type { LineRow } from './line-rows.ts';

/** What of the environment says which language somebody reads. */
export type LanguageEnv = Readonly<Partial<Record<string, string>>>;

/**
 * The language of a call. One rule for every command: `--lang`, else the first of LC_ALL, LC_MESSAGES and LANG that is set, else (on Windows none is) that of
 * the system; English where that is none of ours.
 */
export function languageFor(
  args: readonly string[],
  env: LanguageEnv,
  ofSystem = () => Intl.DateTimeFormat().resolvedOptions().locale,
): Language {
  const at = args.findIndex((word) => word === '--lang' || word.startsWith('--lang='));
  const wanted = args[at] === '--lang' ? args[at + 1] : args[at]?.slice('--lang='.length);
  if (wanted !== undefined && isLanguage(wanted)) return wanted;
  return (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || ofSystem()).startsWith('hi') ? 'hi' : 'en';
}

/**
 * A line as a person reads it: what is wrong, where, and what to do. The whole line is looked up, then each piece that its row caught; what no row
 * knows stays as it is. `own` = the rows of one command, which stand before those of all.
 */
export function lineIn(line: string, language: Language, own: readonly LineRow[] = []): string {
  for (const [pattern, words] of [...own, ...lineRows]) {
    // What was said in English already, in a log too, has its Hindi all the same.
    const caught = pattern.exec(line) ?? (line === words.en ? [line] : null);
    if (caught === null) continue;
    const text = words[language];
    if (text === undefined) return line;
    return text.replace(/\$(\d)/g, (_, number: string) => lineIn(caught[Number(number)] ?? '', language, own));
  }
  return line;
}

/** Names and what is said of them, in two columns. */
export function inColumns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', text = '']) => `  ${name.padEnd(width)}  ${text}`.trimEnd());
}

/** Where a person looks on; without `isTTY` nobody does, and what is written may be read by a program. */
export type Screen = { isTTY?: boolean; write(text: string): unknown };
/** `say` = what is waited for, after so many seconds. */
export type Waiting = { clock: Pick<Clock, 'up' | 'after'>; screen: Screen; say(seconds: number): string };

/** What begins so takes the place of a line that said how long it takes. */
export const clearLine = '\r\u001b[K';
const patientMs = 2_000;
const everyMs = 1_000;

/** The end of the work; what takes over two seconds is told of on one line, each second anew, which goes when it is over. */
export async function withPatience<T>(work: Promise<T>, { clock, screen, say }: Waiting): Promise<T> {
  if (screen.isTTY !== true) return work;
  const begunUp = clock.up();
  let told = false;
  const tell = () => {
    told = true;
    screen.write(`${clearLine}${say(Math.round((clock.up() - begunUp) / 1_000))}`);
    cancel = clock.after(everyMs, tell);
  };
  let cancel = clock.after(patientMs, tell);
  try {
    return await work;
  } finally {
    cancel();
    if (told) screen.write(clearLine);
  }
}
