/** Lines for people at a terminal, in their language: no system codes, no schema texts, no English inside Hindi. */
import { isLanguage, type Language } from '../domain/faults.ts';
import type { Clock } from '../kit/clock.ts';
import { type LineRow, lineRows } from './line-rows.ts';

export type { LineRow } from './line-rows.ts';

export type LanguageEnv = Readonly<Partial<Record<string, string>>>;

/**
 * Returns the language of `--lang`, or else of the first set variable of LC_ALL, LC_MESSAGES and LANG. Without both returns the language of
 * the system (for Windows). English if the language is not supported.
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
 * Rewrites a line in plain words: problem, place and remedy. The whole line is looked up, then each capture group of its row. Unknown text
 * stays unchanged. `own`: rows of one command, which have priority.
 */
export function translateLine(line: string, language: Language, own: readonly LineRow[] = []): string {
  for (const [pattern, words] of [...own, ...lineRows]) {
    // A line that already has its English text also has its Hindi text.
    const caught = pattern.exec(line) ?? (line === words.en ? [line] : null);
    if (caught === null) continue;
    const text = words[language];
    if (text === undefined) return line;
    return text.replace(/\$(\d)/g, (_, number: string) => translateLine(caught[Number(number)] ?? '', language, own));
  }
  return line;
}

export function formatColumns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', text = '']) => `  ${name.padEnd(width)}  ${text}`.trimEnd());
}

/** Terminal output. Without `isTTY` another program may read the output. */
export type Screen = { isTTY?: boolean; write(text: string): unknown };
/** `say` returns the progress text after so many seconds. */
export type ProgressOptions = { clock: Pick<Clock, 'up' | 'after'>; screen: Screen; say(seconds: number): string };

export const clearLine = '\r\u001b[K';
const progressAfterMs = 2_000;
const everyMs = 1_000;

/** Awaits the work. After two seconds shows a progress line, updates it each second, and clears it at the end. */
export async function showWait<T>(work: Promise<T>, { clock, screen, say }: ProgressOptions): Promise<T> {
  if (screen.isTTY !== true) return work;
  const begunUp = clock.up();
  let told = false;
  const tell = () => {
    told = true;
    screen.write(`${clearLine}${say(Math.round((clock.up() - begunUp) / 1_000))}`);
    cancel = clock.after(everyMs, tell);
  };
  let cancel = clock.after(progressAfterMs, tell);
  try {
    return await work;
  } finally {
    cancel();
    if (told) screen.write(clearLine);
  }
}
