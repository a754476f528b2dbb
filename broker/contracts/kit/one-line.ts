import * as v from 'valibot';

/** Describes a schema issue in one line: path, expected value, found value. */
export function issueText(issue: v.BaseIssue<unknown>): string {
  const path = oneLine(v.getDotPath(issue) ?? '(whole)', 120);
  if (issue.expected === 'never') return `${path}: this key is not known`;
  const measure = issue.type.endsWith('_length') ? 'a length ' : '';
  const wanted = schemaMessage(issue) ?? `${measure}${issue.expected ?? issue.message}`;
  return `${path}: expected ${wanted}, found ${oneLine(issue.received, 60)}`;
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * Replaces line breaks, other control characters and direction marks, and shortens the text to `limit`. External text therefore never
 * creates a second log line.
 */
export function oneLine(text: string, limit: number): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ').slice(0, limit);
}

/** Normalises a column heading such as `Name EN`: lower case, with underscores. */
export function normaliseHeading(heading: string): string {
  return heading.trim().toLowerCase().replace(/[ -]+/g, '_');
}

/** Returns the schema's own message if it says more than the library's message: `Invalid site: state/site` gives "state/site". */
function schemaMessage({ message, expected }: v.BaseIssue<unknown>): string | undefined {
  const [, what = '', form] = /^Invalid ([^:]*)(?:: (.+))?$/s.exec(message) ?? [];
  if (what === '') return message;
  if (form === undefined) return `a valid ${what}`;
  const isOfLibrary = /^(?:Expected .+ but )?[Rr]eceived /s.test(form);
  return isOfLibrary ? (expected === null ? `a valid ${what}` : undefined) : form;
}

/** Returns the error of `parseArgs` without its advice. The words of the error may contain dots. */
export function describeUsageError(thrown: unknown): string {
  return messageOf(thrown).replace(/\.(?:\n| To specify | This command ).*$/s, '');
}

/** Parses JSON text that matches a schema; undefined if the text is missing or invalid. */
export function parseJsonAs<S extends v.GenericSchema>(schema: S, text: string | undefined): v.InferOutput<S> | undefined {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return read.success ? read.output : undefined;
}
