/** What came from outside, told in one line. */
import * as v from 'valibot';

/** One clear line about the first thing wrong: where, what was expected, what was found. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = oneLine(v.getDotPath(issue) ?? '(whole)', 120);
  if (issue.expected === 'never') return `${path}: this key is not known`;
  const measure = issue.type.endsWith('_length') ? 'a length ' : '';
  const wanted = ownWords(issue) ?? `${measure}${issue.expected ?? issue.message}`;
  return `${path}: expected ${wanted}, found ${oneLine(issue.received, 60)}`;
}

/** What whatever was thrown says of itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The text without line breaks, other control characters and marks that turn text around, cut to `limit`: what came from outside never makes a second line in a log. */
export function oneLine(text: string, limit: number): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ').slice(0, limit);
}

/** The name of a column as a heading says it, which a spreadsheet or its user may have written as `Name EN`: lower case, with underscores. */
export function headingOf(heading: string): string {
  return heading.trim().toLowerCase().replace(/[ -]+/g, '_');
}

/** What a schema says of itself, where it says more than its library does: `Invalid site: state/site` is "state/site". */
function ownWords({ message, expected }: v.BaseIssue<unknown>): string | undefined {
  const [, what = '', form] = /^Invalid ([^:]*)(?:: (.+))?$/s.exec(message) ?? [];
  if (what === '') return message;
  if (form === undefined) return `a valid ${what}`;
  const isOfLibrary = /^(?:Expected .+ but )?[Rr]eceived /s.test(form);
  return isOfLibrary ? (expected === null ? `a valid ${what}` : undefined) : form;
}

/** What `parseArgs` finds wrong with a call, without its advice: words may have dots in them. */
export function saidOfCall(thrown: unknown): string {
  return messageOf(thrown).replace(/\.(?:\n| To specify | This command ).*$/s, '');
}

/** Undefined where there is no text, or it is not JSON of this shape. */
export function readJson<S extends v.GenericSchema>(schema: S, text: string | undefined): v.InferOutput<S> | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return read.success ? read.output : undefined;
}
