/** SMS over any gateway with an HTTP interface: its address, headers and body stand in `sabha.json`, with blanks for what is sent. */
import { parse } from 'csv-parse/sync';
import * as v from 'valibot';
import { loadText, StartError, setting } from '#contracts';
import type { Channel, ChannelKind, Outcome, ShortText } from '../../records/notices.ts';
import { askedToWait, type Fetch, type HttpAnswer, request } from './kit/http.ts';
import { plain } from './kit/plain.ts';

const { about } = setting;
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4_000));
const gatewaySettings = v.strictObject({
  url: about(
    v.pipe(
      text,
      v.check((url) => v.is(setting.url, url.replace(/\{\w+\}/g, '0')), 'an https:// address, or http:// on loopback'),
    ),
    'The gateway. Blanks: {to}, {text}, {template} (the id by which the text is registered), {secret}, {key}.',
  ),
  method: v.optional(v.picklist(['GET', 'POST']), 'POST'),
  headers: v.optional(about(v.record(v.string(), v.string()), 'Headers, with the same blanks.'), {}),
  body: v.optional(about(text, 'The body, with the same blanks; they are written as the content-type wants them: JSON, else a form.')),
  accepted: about(text, 'What the answer contains where the gateway took the message: some say 200 to everything.'),
  denied: v.optional(about(text, 'What the answer contains where the gateway does not know us: then nobody asks again for a while.')),
  secretFile: v.optional(about(v.string(), 'The file that holds what fills {secret}.')),
  templatesFile: about(v.string(), 'CSV with the columns id and dlt: for each text of "sabha words sms" the id that the operator gave it.'),
  form: v.optional(about(v.picklist(['fixed', 'open']), 'Which of the two forms is registered.'), 'fixed'),
});

/** What the channel is set to. */
export type GatewaySettings = v.InferOutput<typeof gatewaySettings>;

/** It reaches who has a phone number under `sms`. */
export const bySms: ChannelKind<typeof gatewaySettings> = {
  name: 'sms',
  words: { en: 'SMS', hi: 'एसएमएस' },
  settings: gatewaySettings,
  single: true,
  open(settings, { shortText }) {
    const { secretFile, templatesFile } = settings;
    const secret = secretFile === undefined ? '' : loadText(secretFile).trim();
    const registered = readRegistered(loadText(templatesFile), templatesFile);
    return createSms({ settings, secret, registered, shortText, fetch: globalThis.fetch });
  },
};

/** `registered`: the operator's id of each of our texts. */
export type SmsOptions = {
  settings: Omit<GatewaySettings, 'secretFile' | 'templatesFile'>;
  secret: string;
  registered: ReadonlyMap<string, string>;
  shortText: ShortText;
  fetch: Fetch;
};

/** Guarantee: only a registered text is sent, and `delivered` only where the gateway said that it took it; the secret stands in no reason. */
export function createSms({ settings, secret, registered, shortText, fetch }: SmsOptions): Channel {
  const { method, accepted, denied, form } = settings;
  return {
    async send(message, person, signal) {
      const to = person.addresses['sms'] ?? '';
      if (!/^\+?[1-9]\d{7,14}$/.test(to)) return { result: 'refused', reason: `${person.id} has no phone number` };
      const { language, link, shortLink = link, over } = message;
      // What has ended meanwhile is told as that.
      const notice = over ? { ...message.notice, kind: 'cleared' as const } : message.notice;
      const sms = shortText(notice, { language, form, link: shortLink });
      const template = registered.get(sms.template);
      if (template === undefined) return { result: 'refused', reason: `the text ${sms.template} has no id in the file of the templates` };
      const filled = filler({ to: to.replace('+', ''), text: sms.text, template, secret, key: message.key });
      const answer = await request(fetch, filled.url(settings.url), { method, ...filled.rest(settings), signal });
      return outcomeOf(answer, { accepted, denied, hidden: secret });
    },
    close() {},
  };
}

/** The operator's ids by ours. Throws one line where the file is none. */
export function readRegistered(csv: string, file: string): Map<string, string> {
  const row = v.looseObject({ id: v.string(), dlt: v.pipe(v.string(), v.regex(/^\d{10,25}$/)) });
  let rows: unknown[] = [];
  try {
    rows = parse(csv, { columns: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    throw new StartError(`${file}: ${plain((error as Error).message)}`);
  }
  return new Map(
    rows.map((one, at) => {
      const read = v.safeParse(row, one);
      if (!read.success) throw new StartError(`${file}: line ${at + 2}: id and dlt (10 to 25 digits) are needed`);
      return [read.output.id, read.output.dlt] as const;
    }),
  );
}

type Values = Record<'to' | 'text' | 'template' | 'secret' | 'key', string>;

/** What fills the blanks, written as its place wants it: nothing that somebody named may end a field. */
function filler(values: Values) {
  const fill = (into: string, write: (value: string) => string) =>
    into.replace(/\{(to|text|template|secret|key)\}/g, (_, name: keyof Values) => write(values[name]));
  const inJson = (value: string) => JSON.stringify(value).slice(1, -1);
  return {
    url: (url: string) => fill(url, encodeURIComponent),
    rest({ headers, body }: Pick<GatewaySettings, 'headers' | 'body'>) {
      const said = Object.entries(headers).map(
        ([name, value]) => [name.toLowerCase(), fill(value, (one) => encodeURI(plain(one)))] as const,
      );
      const type = new Map(said).get('content-type') ?? 'application/x-www-form-urlencoded';
      const all = { headers: { 'content-type': type, ...Object.fromEntries(said) } };
      return body === undefined ? all : { ...all, body: fill(body, type.includes('json') ? inJson : encodeURIComponent) };
    },
  };
}

type Marks = { accepted: string; denied: string | undefined; hidden: string };

function outcomeOf(answer: HttpAnswer, { accepted, denied, hidden }: Marks): Outcome {
  const cleaned = (reason: string) => (hidden === '' ? reason : reason.replaceAll(hidden, '…'));
  if (!answer.ok) return { result: 'retry', reason: cleaned(answer.reason) };
  const { status, headers, text: said } = answer;
  const reason = cleaned(plain(`${status} ${said.slice(0, 150)}`));
  if (status === 401 || status === 403 || (denied !== undefined && said.includes(denied))) return { result: 'locked', reason };
  if (status === 408 || status === 429 || status >= 500 || (status >= 300 && status < 400))
    return { result: 'retry', reason, ...askedToWait(headers) };
  return status < 300 && said.includes(accepted) ? { result: 'delivered' } : { result: 'refused', reason };
}
