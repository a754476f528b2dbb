/** Any provider with an HTTP interface: its address, headers and body stand in `sabha.json`, with blanks for what is sent. */

import { setting } from '@sabha/contracts';
import * as v from 'valibot';
import type { Outcome } from '../../../../engine/records/notices.ts';
import { askedToWait, type HttpAnswer, jsonOf } from './http.ts';
import { plain } from './plain.ts';
import { placeInJson, valueAt } from './reports.ts';

const { about } = setting;
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4_000));

/** What each channel over such a provider is set to; `blanks` = what may stand in braces. */
export function gatewayFields(blanks: string) {
  return {
    url: about(
      v.pipe(
        text,
        v.check((url) => v.is(setting.url, url.replace(/\{\w+\}/g, '0')), 'an https:// address, or http:// on loopback'),
      ),
      `The gateway. Blanks: ${blanks}.`,
    ),
    method: v.optional(v.picklist(['GET', 'POST']), 'POST'),
    headers: v.optional(about(v.record(v.string(), v.string()), 'Headers, with the same blanks.'), {}),
    body: v.optional(about(text, 'The body, with the same blanks; they are written as the content-type wants them: JSON, else a form.')),
    accepted: about(text, 'What the answer contains where the gateway took the message: some say 200 to everything.'),
    denied: v.optional(about(text, 'What the answer contains where the gateway does not know us: then nobody asks again for a while.')),
    secretFile: v.optional(about(v.string(), 'The file that holds what fills {secret}.')),
    idInAnswer: v.optional(
      about(placeInJson, 'Where the gateway’s own id of the message stands in its answer (JSON); absent: its reports name our {key}.'),
    ),
    perSecond: v.optional(
      about(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1_000)), 'So many messages a second the gateway takes from us.'),
      10,
    ),
  };
}

/** What stands in the place of each blank. */
type Values = Readonly<Record<string, string>>;

/** What fills the blanks, written as its place wants it: nothing that somebody named may end a field. */
export function filler(values: Values) {
  const fill = (into: string, write: (value: string) => string) =>
    into.replace(/\{(\w+)\}/g, (blank, name: string) => (Object.hasOwn(values, name) ? write(values[name] ?? '') : blank));
  const inJson = (value: string) => JSON.stringify(value).slice(1, -1);
  return {
    url: (url: string) => fill(url, encodeURIComponent),
    rest({ headers, body }: { headers: Readonly<Record<string, string>>; body?: string | undefined }) {
      const said = Object.entries(headers).map(
        ([name, value]) => [name.toLowerCase(), fill(value, (one) => encodeURI(plain(one)))] as const,
      );
      const type = new Map(said).get('content-type') ?? 'application/x-www-form-urlencoded';
      const all = { headers: { 'content-type': type, ...Object.fromEntries(said) } };
      return body === undefined ? all : { ...all, body: fill(body, type.includes('json') ? inJson : encodeURIComponent) };
    },
  };
}

type Marks = { accepted: string; denied?: string | undefined; hidden: string };

/** What an answer means for a message: `delivered` here is that the gateway took it. Guarantee: what is hidden stands in no reason. */
export function gatewayOutcome(answer: HttpAnswer, { accepted, denied, hidden }: Marks): Outcome {
  const cleaned = (reason: string) => (hidden === '' ? reason : reason.replaceAll(hidden, '…'));
  if (!answer.ok) return { result: 'retry', reason: cleaned(answer.reason) };
  const { status, headers, text: said } = answer;
  const reason = cleaned(plain(`${status} ${said.slice(0, 150)}`));
  if (status === 401 || status === 403 || (denied !== undefined && said.includes(denied))) return { result: 'locked', reason };
  if (status === 408 || status === 429 || status >= 500 || (status >= 300 && status < 400))
    return { result: 'retry', reason, ...askedToWait(headers) };
  return status < 300 && said.includes(accepted) ? { result: 'delivered' } : { result: 'refused', reason };
}

/** The name by which the gateway will speak of a message: its own where the answer has one, else our key. */
export function nameInAnswer(answer: HttpAnswer, place: string | undefined, key: string): string {
  return (answer.ok && place !== undefined ? valueAt(jsonOf(answer.text), place) : undefined) ?? key;
}

/** True for what may be a phone number. */
export function isPhone(number: string): boolean {
  return /^\+?[1-9]\d{7,14}$/.test(number);
}

/** Whether two ways of writing may be one number: with or without the code of the country, with zeros before it. */
export function isSamePhone(a: string, b: string): boolean {
  const [one, other] = [a, b].map((number) => number.replace(/\D/g, '').replace(/^0+/, '')).toSorted((x, y) => x.length - y.length);
  if (one === undefined || other === undefined || one.length < nationalDigits) return false;
  const isWhole = [a, b].every((number) => /^\s*\+/.test(number));
  return one === other || (!isWhole && other.endsWith(one) && isCountry.test(other.slice(0, -one.length)));
}

/** Of the codes of countries two have one digit. */
const isCountry = /^([17]|\d{2,3})$/;
/** Of a number in India without the code of the country. */
const nationalDigits = 10;
