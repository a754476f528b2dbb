/**
 * WhatsApp by the Cloud API with the organisation's own number: registered templates with buttons. Meta sends delivery reports and button
 * presses to an address of this server.
 */
import { createHmac } from 'node:crypto';
import { type Clock, loadText, setting, withTimeout } from '@sabha/contracts';

import * as v from 'valibot';
import type {
  Channel,
  ChannelContext,
  ChannelKind,
  DeliveryOutcome,
  DeliveryReport,
  HookCall,
  RenderedMessage,
} from '../../../engine/records/notices.ts';
import { isPhone } from './kit/gateway.ts';
import { type Fetch, type HttpAnswer, parseJson, request, retryAfterOf } from './kit/http.ts';
import { createRateLimiter } from './kit/pace.ts';
import { buttonsOf, plainLine, readButton, shorten } from './kit/plain.ts';
import { isSameSecret, loadToken } from './kit/reports.ts';

const { about } = setting;
const file = v.pipe(v.string(), v.minLength(1));
const templateName = v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,512}$/, 'lower-case letters, digits and "_"'));
const whatsappSettings = v.strictObject({
  number: about(
    v.pipe(v.string(), v.regex(/^\d{5,30}$/, 'digits')),
    'The id of the business’s phone number, as the app’s page shows it; not the number.',
  ),
  tokenFile: about(file, 'The file that holds the token of a system user.'),
  appSecretFile: about(file, 'The file that holds the secret of the app: Meta signs its requests with it.'),
  verifyFile: about(file, 'The file that holds the secret with which Meta verifies our address, https://NAME/hook/whatsapp.'),
  templates: v.optional(
    about(v.strictObject({ alert: templateName, notice: templateName }), 'The names of the two templates, with buttons and without.'),
    { alert: 'sabha_alert', notice: 'sabha_notice' },
  ),
  api: v.optional(about(setting.url, 'The address of the Cloud API, with its version.'), 'https://graph.facebook.com/v23.0'),
});

/** Channel name for addresses that are user ids of the business. */
const userChannel = 'whatsapp-user';

/** Reaches persons with a phone number under `whatsapp`. `whatsapp-user` may hold the id by which the business knows the person. */
export const whatsappKind: ChannelKind<typeof whatsappSettings> = {
  name: 'whatsapp',
  words: { en: 'WhatsApp', hi: 'व्हाट्सऐप' },
  settings: whatsappSettings,
  knownBy: userChannel,
  open(settings, around) {
    const { tokenFile, appSecretFile, verifyFile } = settings;
    const [token, appSecret] = [tokenFile, appSecretFile].map((one) => loadText(one).trim());
    const secrets = { token: token ?? '', appSecret: appSecret ?? '', verify: loadToken(verifyFile) };
    return createWhatsapp({ settings, secrets, ...around, fetch: globalThis.fetch });
  },
};

/** Rate limits of Meta: 80 messages a second for a sending number, and one message every 6 s to a person. */
const everyMs = 1_000 / 80;
const apartMs = 6_000;
const replyLimitMs = 20_000;
/** `verify`: secret by which Meta verifies the address of this server. */
export type WhatsappOptions = Pick<ChannelContext, 'onAnswer' | 'reports'> & {
  settings: Pick<v.InferOutput<typeof whatsappSettings>, 'number' | 'templates' | 'api'>;
  secrets: { token: string; appSecret: string; verify: string };
  clock: Clock;
  fetch: Fetch;
};

/**
 * Creates the WhatsApp channel.
 * Guarantee: a message that Meta accepted counts as delivered only after a delivery report. Rate limits are kept. A call without Meta's
 * signature changes nothing. No reason contains a secret.
 */
export function createWhatsapp(options: WhatsappOptions): Channel {
  const { settings, secrets, clock } = options;
  const pace = createRateLimiter(clock, everyMs);
  const ended = new AbortController();
  return {
    async send(message, person, signal) {
      const phone = person.addresses['whatsapp'] ?? '';
      if (!isPhone(phone)) return { result: 'refused', reason: `${person.id} has no number for WhatsApp` };
      if (!(await pace.waitForTurn(phone, { minIntervalMs: apartMs, signal })))
        return { result: 'retry', reason: 'the rate limit left no time to send it' };
      const outcome = sendOutcomeOf(await post(options, bodyOf(message, phone.replace('+', ''), settings.templates), signal));
      return outcome.result === 'accepted' ? outcome : { ...outcome, reason: outcome.reason.replaceAll(secrets.token, '…') };
    },
    fits: fitsWhole,
    receiveCall: (call) => (call.method === 'GET' ? verified(call, secrets.verify) : hear(call, options, ended.signal)),
    close: () => ended.abort(),
  };
}

function post({ settings, secrets, fetch }: WhatsappOptions, body: object, signal: AbortSignal): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secrets.token}` };
  return request(fetch, `${settings.api}/${settings.number}/messages`, { headers, body: JSON.stringify(body), signal });
}

type ReceiveResult = ReturnType<NonNullable<Channel['receiveCall']>>;

/** Verification request: Meta sends it once before any other call. */
function verified({ query }: HookCall, verify: string): ReceiveResult {
  const isOurs = query.get('hub.mode') === 'subscribe' && isSameSecret(query.get('hub.verify_token') ?? '', verify);
  return Promise.resolve(isOurs ? { status: 200, text: (query.get('hub.challenge') ?? '').slice(0, 100) } : { status: 401 });
}

async function hear(call: HookCall, options: WhatsappOptions, signal: AbortSignal): ReceiveResult {
  const { secrets, reports } = options;
  if (!isSigned(call, secrets.appSecret)) return { status: 401 };
  const read = v.safeParse(hook, parseJson(call.body.toString('utf8')));
  const values = read.success ? read.output.entry.flatMap(({ changes }) => changes.map((one) => one.value)) : [];
  // Other content and unknown formats are ignored. Button presses are handled before reports. A press is matched by the pressed message,
  // and a report may remove that message from the waiting ones.
  for (const said of values.flatMap(({ messages }) => messages)) {
    const press = pressedOf(said);
    if (press !== undefined) await take(press, options, signal);
  }
  for (const said of values.flatMap(({ statuses }) => statuses)) {
    const report = reportOf(said);
    if (report !== undefined) await reports?.take({ channel: 'whatsapp', ...report });
  }
  return { status: 200 };
}

/**
 * Finds the person of a press by the pressed message, then by phone number, then by user id. Meta may send any of them, and the id may
 * change.
 */
async function take(
  { message, about: told, phone, user, ...said }: PressedButton,
  options: WhatsappOptions,
  signal: AbortSignal,
): Promise<void> {
  const { onAnswer, reports } = options;
  const person = told === undefined ? undefined : reports?.about('whatsapp', told)?.person;
  const ways = [
    ...(person === undefined ? [] : [{ channel: 'whatsapp', addresses: [], person }]),
    ...(phone === undefined ? [] : [{ channel: 'whatsapp', addresses: [`+${phone}`, phone] }]),
    ...(user === undefined ? [] : [{ channel: userChannel, addresses: [user] }]),
  ];
  let line: string | undefined;
  for (const way of ways) {
    const answered = await onAnswer?.({ ...way, ...said });
    line = answered?.line ?? line;
    if (answered?.by !== undefined) break;
  }
  if (line !== undefined && phone !== undefined) reply({ to: phone, line, message }, options, signal);
}

/** Sends a reply below the message of the person. The reply is not retried, since the wall shows the same text. */
function reply(said: { to: string; line: string; message: string }, options: WhatsappOptions, cut: AbortSignal): void {
  const body = {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: said.to,
    context: { message_id: said.message },
    type: 'text',
    text: { body: said.line },
  };
  const timeoutValue = { ok: false, reason: 'late' } as const;
  void withTimeout<HttpAnswer>({ clock: options.clock, limitMs: replyLimitMs, timeoutValue, cut }, (own) => post(options, body, own));
}

/** Longest template values in characters: the whole message may have 1,024. */
const limits = { subject: 120, text: 800 };

export function bodyOf(message: RenderedMessage, to: string, templates: WhatsappOptions['settings']['templates']) {
  const { subject, text, language } = message;
  const buttons = buttonsOf(message);
  const values = [shorten(subject, limits.subject), valueFrom(text, message.link)];
  const pressed = buttons.map(({ data }, index) => ({
    type: 'button',
    sub_type: 'quick_reply',
    index: `${index}`,
    parameters: [{ type: 'payload', payload: data }],
  }));
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to,
    type: 'template',
    template: {
      name: buttons.length > 0 ? templates.alert : templates.notice,
      language: { code: language },
      components: [{ type: 'body', parameters: values.map((value) => ({ type: 'text', text: value })) }, ...pressed],
    },
  };
}

const between = ' · ';

/** True if a text fits into its template value without being cut. */
export function fitsWhole(text: string): boolean {
  return plainLine(linesOf(text).join(between)).length <= limits.text;
}

/** Joins the text to one line. If it is too long, the reply link is kept. */
function valueFrom(text: string, link: string | undefined): string {
  const lines = linesOf(text);
  const at = link === undefined || fitsWhole(text) ? -1 : lines.findIndex((line) => line.includes(link));
  const kept = lines[at];
  if (kept === undefined) return shorten(lines.join(between), limits.text);
  return [shorten(lines.slice(0, at).join(between), Math.max(0, limits.text - kept.length - between.length)), kept].join(between);
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && line !== '-- ');
}

const taken = v.looseObject({
  messages: v.pipe(v.array(v.looseObject({ id: v.pipe(v.string(), v.minLength(1), v.maxLength(300)) })), v.minLength(1)),
});
const failure = v.looseObject({
  code: v.number(),
  message: v.optional(v.string(), ''),
  title: v.optional(v.string(), ''),
  error_data: v.optional(v.looseObject({ details: v.optional(v.string(), '') })),
});
const failed = v.looseObject({ error: failure });

/** Error codes that concern the token, the account or the permissions of the server. */
const lockedCodes = new Set([0, 3, 10, 190, 368, 131_005, 131_031, 133_010]);
/** Error codes of a temporary failure or of a rate limit: for all messages, for one person or for one template. */
const waitingCodes = new Set([1, 2, 4, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056, 131_057, 133_004]);
/** Wait after these codes, ms: longer than the 6 s between two messages to one person, and long enough for the other limits. */
const waitMs = 60_000;

/** Returns the outcome of a send from Meta's response. Guarantee: the outcome is never `delivered`, whatever the status. */
function sendOutcomeOf(answer: HttpAnswer): Exclude<DeliveryOutcome, { result: 'delivered' }> | { result: 'accepted'; id: string } {
  if (!answer.ok) return { result: 'retry', reason: answer.reason };
  const { status, headers, text } = answer;
  const said = parseJson(text);
  const ok = v.safeParse(taken, said);
  const [first] = ok.success && status < 300 ? ok.output.messages : [];
  if (first !== undefined) return { result: 'accepted', id: first.id };
  const read = v.safeParse(failed, said);
  if (!read.success) {
    const reason = `the response (${status}) is not from WhatsApp`;
    return status === 401 ? { result: 'locked', reason } : { result: 'retry', reason, ...retryAfterOf(headers) };
  }
  const reason = reasonOf(read.output.error);
  const { code } = read.output.error;
  if (lockedCodes.has(code) || (code >= 200 && code < 300)) return { result: 'locked', reason };
  if (waitingCodes.has(code)) return { result: 'retry', reason, afterMs: waitMs, ...retryAfterOf(headers) };
  return { result: 'refused', reason };
}

function reasonOf({ code, message, title, error_data: more }: v.InferOutput<typeof failure>): string {
  return plainLine(`${code} ${message || title} ${more?.details ?? ''}`).slice(0, 200);
}

/** Checks Meta's signature with the secret of the organisation's app. */
function isSigned({ headers, body }: Pick<HookCall, 'headers' | 'body'>, appSecret: string): boolean {
  const said = headers['x-hub-signature-256'];
  return typeof said === 'string' && isSameSecret(said, `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`);
}

const text = v.pipe(v.string(), v.maxLength(300));
const status = v.looseObject({ id: text, status: text, errors: v.optional(v.array(failure), []) });
/** A press contains the phone number or the user id of the person. */
const pressed = v.looseObject({
  id: text,
  from: v.optional(text),
  from_user_id: v.optional(text),
  context: v.optional(v.looseObject({ id: v.optional(text) })),
  button: v.looseObject({ payload: text }),
});
const value = v.looseObject({ statuses: v.optional(v.array(v.unknown()), []), messages: v.optional(v.array(v.unknown()), []) });
const hook = v.looseObject({ entry: v.array(v.looseObject({ changes: v.array(v.looseObject({ value })) })) });

type PressedButton = NonNullable<ReturnType<typeof pressedOf>>;

function reportOf(statusBody: unknown): Omit<DeliveryReport, 'channel'> | undefined {
  const read = v.safeParse(status, statusBody);
  if (!read.success) return undefined;
  const { id, status: what, errors } = read.output;
  if (what === 'delivered' || what === 'read') return { id, outcome: { result: 'delivered' } };
  if (what !== 'failed') return undefined;
  const [first] = errors;
  return { id, outcome: { result: 'refused', reason: first === undefined ? 'WhatsApp says that it failed' : reasonOf(first) } };
}

/** A press of a button in a message of this channel. `message`: id of the press; `about`: id of the pressed message. */
function pressedOf(messageBody: unknown) {
  const read = v.safeParse(pressed, messageBody);
  const button = read.success ? readButton(read.output.button.payload) : undefined;
  if (!read.success || button === undefined) return undefined;
  const { id: message, from: phone, from_user_id: user, context } = read.output;
  return { message, about: context?.id, phone, user, ...button };
}
