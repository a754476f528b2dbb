/** Client for any provider with an HTTP interface. `sabha.json` contains URL, headers and body with blanks, such as `{text}`. */
import { type Clock, setting } from '@sabha/contracts';

import * as v from 'valibot';
import type { SendOutcome } from '../../../../engine/records/notices.ts';
import { type Fetch, type HttpAnswer, parseJson, request, retryAfterOf } from './http.ts';
import { createRateLimiter } from './pace.ts';
import { plainLine } from './plain.ts';
import { placeInJson, valueAt } from './reports.ts';

const { about } = setting;
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4_000));
const address = v.pipe(
  text,
  v.check((url) => v.is(setting.url, url.replace(/\{\w+\}/g, '0')), 'an https:// address, or http:// on loopback'),
);

/** Settings of a channel over such a provider. `blanks`: the names allowed in braces. */
export function gatewayFields(blanks: string) {
  return {
    url: about(address, `The gateway. Blanks: ${blanks}.`),
    method: v.optional(v.picklist(['GET', 'POST']), 'POST'),
    headers: v.optional(about(v.record(v.string(), v.string()), 'Headers, with the same blanks.'), {}),
    body: v.optional(about(text, 'The body, with the same blanks; they are written as the content-type wants them: JSON, else a form.')),
    accepted: about(text, 'A text in the response of a gateway that accepted the message: some always respond with 200.'),
    denied: v.optional(about(text, 'A text in the response of a gateway that does not know us: then requests pause for a while.')),
    secretFile: v.optional(about(v.string(), 'The file that holds the value of {secret}.')),
    idInAnswer: v.optional(
      about(placeInJson, 'The field with the gateway’s id of the message in its response (JSON); absent: its reports name our {key}.'),
    ),
    perSecond: v.optional(
      about(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1_000)), 'The most messages a second that the gateway accepts from us.'),
      10,
    ),
  };
}

type RequestTemplate = Omit<v.InferOutput<v.StrictObjectSchema<ReturnType<typeof gatewayFields>, undefined>>, 'secretFile'>;

type GatewayOptions = { settings: RequestTemplate; secret: string; clock: Clock; fetch: Fetch };

/**
 * Creates the function that sends over such a provider within its rate limit. `accepted` means that the gateway took the message. `values`:
 * the blanks that are specific to the channel.
 * Guarantee: no reason contains the secret.
 */
export function createGateway({ settings, secret, clock, fetch }: GatewayOptions) {
  const { accepted, denied = '', idInAnswer = '', method } = settings;
  const pace = createRateLimiter(clock, 1_000 / settings.perSecond);
  const cleaned = (reason: string) => (secret === '' ? reason : reason.replaceAll(secret, '…'));

  /** Delivery reports refer to the id in the gateway's response if there is one, otherwise to the key of the row. */
  function outcomeOf(answer: HttpAnswer, key: string): SendOutcome {
    if (!answer.ok) return { result: 'retry', reason: cleaned(answer.reason) };
    const { status, headers, text: said } = answer;
    const reason = cleaned(plainLine(`${status} ${said.slice(0, 150)}`));
    if (status === 401 || status === 403 || (denied !== '' && said.includes(denied))) return { result: 'locked', reason };
    if (status === 408 || status === 429 || status >= 500 || (status >= 300 && status < 400))
      return { result: 'retry', reason, ...retryAfterOf(headers) };
    if (status >= 300 || !said.includes(accepted)) return { result: 'refused', reason };
    return { result: 'accepted', id: (idInAnswer && valueAt(parseJson(said), idInAnswer)) || key };
  }

  return async (to: string, values: BlankValues, { key, signal }: { key: string; signal: AbortSignal }): Promise<SendOutcome> => {
    const whole = filled(settings, { ...values, to: to.replace('+', ''), secret, key });
    if (!(await pace.waitForTurn(to, { minIntervalMs: 0, signal })))
      return { result: 'retry', reason: 'the rate limit left no time to send it' };
    return outcomeOf(await request(fetch, whole.url, { ...whole.rest, method, signal }), key);
  };
}

type BlankValues = Readonly<Record<string, string>>;

/** Fills the blanks of a request. It escapes each value for URL, header, form or JSON, so that no value can end a field. */
function filled({ url, headers, body }: Pick<RequestTemplate, 'url' | 'headers' | 'body'>, values: BlankValues) {
  const fill = (into: string, write: (value: string) => string) =>
    into.replace(/\{(\w+)\}/g, (blank, name: string) => (Object.hasOwn(values, name) ? write(values[name] ?? '') : blank));
  const inJson = (value: string) => JSON.stringify(value).slice(1, -1);
  const inHeader = (value: string) => encodeURI(plainLine(value));
  const said = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), fill(value, inHeader)]));
  const all = { 'content-type': 'application/x-www-form-urlencoded', ...said };
  const inBody = all['content-type'].includes('json') ? inJson : encodeURIComponent;
  return { url: fill(url, encodeURIComponent), rest: { headers: all, ...(body !== undefined && { body: fill(body, inBody) }) } };
}

export function isPhone(number: string): boolean {
  return /^\+?[1-9]\d{7,14}$/.test(number);
}

/** True if two notations may be the same number, with or without country code or leading zeros. */
export function isSamePhone(a: string, b: string): boolean {
  const [one, other] = [a, b].map((number) => number.replace(/\D/g, '').replace(/^0+/, '')).toSorted((x, y) => x.length - y.length);
  if (one === undefined || other === undefined || one.length < nationalDigits) return false;
  const isWhole = [a, b].every((number) => /^\s*\+/.test(number));
  return one === other || (!isWhole && other.endsWith(one) && isCountry.test(other.slice(0, -one.length)));
}

/** Matches a country code. Only the codes 1 and 7 have one digit. */
const isCountry = /^([17]|\d{2,3})$/;
/** Digits of an Indian number without country code. */
const nationalDigits = 10;
