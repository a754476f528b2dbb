/**
 * Delivery reports of a provider at the address of its channel. A secret authenticates the caller, and the settings name the place of each
 * value.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { loadText, StartError, setting } from '@sabha/contracts';
import * as v from 'valibot';
import type { DeliveryReport, HookCall } from '../../../../engine/records/notices.ts';
import { parseJson } from './http.ts';
import { plainLine } from './plain.ts';

const { about } = setting;

/** Path in JSON or a form: names and numbers with dots between; `.` is the whole body. */
export const placeInJson = v.pipe(
  v.string(),
  v.check((place) => place === '.' || /^[\w-]{1,64}(\.[\w-]{1,64}){0,7}$/.test(place), 'names with points between, such as data.0.id'),
);
const words = v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(100))), v.minLength(1), v.maxLength(50));

export const reportFields = {
  tokenFile: about(
    v.pipe(v.string(), v.minLength(1)),
    'The file that holds the secret at the end of the address that the gateway calls: https://NAME/hook/CHANNEL/SECRET.',
  ),
  list: v.optional(
    about(placeInJson, 'The field with the list of reports; "." if the whole body is the list. Absent: a call is one report.'),
  ),
  id: about(placeInJson, 'The field with the id of the message in a report, or our {key}.'),
  status: about(placeInJson, 'The field with the result.'),
  delivered: about(words, 'The values for a message that arrived.'),
  failed: about(words, 'The values for a message that will not arrive. Other values are ignored.'),
};
const reportSettings = v.strictObject(reportFields);
export type ReportSettings = v.InferOutput<typeof reportSettings>;

/** Least length of the secret: it is the only protection against forged reports. */
const tokenAtLeast = 20;
/** Most reports read from one call. */
const reportsAtMost = 1_000;

/** Reads the secret of an address. Throws a one-line error if it is unsuitable. */
export function loadToken(file: string): string {
  const token = loadText(file).trim();
  if (/^[\w-]+$/.test(token) && token.length >= tokenAtLeast) return token;
  throw new StartError(
    `${file}: must hold one line of at least ${tokenAtLeast} letters, digits, "-" and "_", such as openssl rand -hex 20 makes`,
  );
}

/** Compares in constant time, independent of content and length. */
export function isSameSecret(a: string, b: string): boolean {
  const hashOf = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hashOf(a), hashOf(b));
}

/** All values of a call, from its URL and its body (JSON or form). */
export function valuesOfCall({ query, headers, body }: Pick<HookCall, 'query' | 'headers' | 'body'>): unknown {
  const text = body.toString('utf8');
  const inBody = headers['content-type']?.includes('json') ? parseJson(text) : Object.fromEntries(new URLSearchParams(text));
  if (Array.isArray(inBody)) return inBody;
  return { ...Object.fromEntries(query), ...(typeof inBody === 'object' && inBody) };
}

/** Text or number at a path. Also reads JSON inside a form. */
export function valueAt(said: unknown, place: string): string | undefined {
  const found = findAtPath(said, place);
  return typeof found === 'string' || typeof found === 'number' ? `${found}` : undefined;
}

export function reportsIn(said: unknown, { list }: Pick<ReportSettings, 'list'>): unknown[] {
  if (list === undefined) return [said];
  const found = findAtPath(said, list);
  return Array.isArray(found) ? found.slice(0, reportsAtMost) : [];
}

/** Parses one report; undefined if it is invalid or not final. */
export function reportOf(said: unknown, settings: ReportSettings): Omit<DeliveryReport, 'channel'> | undefined {
  const { delivered, failed } = settings;
  const [id, status] = [valueAt(said, settings.id), valueAt(said, settings.status)];
  if (id === undefined || status === undefined) return undefined;
  if (delivered.includes(status)) return { id, outcome: { result: 'delivered' } };
  if (failed.includes(status)) return { id, outcome: { result: 'refused', reason: `the gateway says ${plainLine(status).slice(0, 100)}` } };
  return undefined;
}

function findAtPath(said: unknown, place: string): unknown {
  let found = said;
  for (const name of place === '.' ? [] : place.split('.')) {
    const within = parseNestedJson(found);
    if (typeof within !== 'object' || within === null || !Object.hasOwn(within, name)) return undefined;
    found = Reflect.get(within, name);
  }
  const list = parseNestedJson(found);
  return Array.isArray(list) ? list : found;
}

function parseNestedJson(found: unknown): unknown {
  return typeof found === 'string' && /^\s*[[{]/.test(found) ? parseJson(found) : found;
}
