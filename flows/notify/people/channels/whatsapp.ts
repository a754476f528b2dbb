/** WhatsApp by the Cloud API of a business's own number: registered templates with buttons; what arrived and what is pressed Meta says at our address. */

import { type Clock, loadText, setting, withinTime } from '@sabha/contracts';
import * as v from 'valibot';
import type { Around, Channel, ChannelKind, HookCall, HookReply, SendOutcome } from '../../../engine/records/notices.ts';
import { isPhone } from './kit/gateway.ts';
import { type Fetch, type HttpAnswer, request } from './kit/http.ts';
import { createPace } from './kit/pace.ts';
import { isSameSecret, loadToken } from './kit/reports.ts';
import { bodyOf, fitsWhole, heardIn, isSigned, type Pressed, replyOf, sendOutcomeOf } from './whatsapp-cloud.ts';

const { about } = setting;
const file = v.pipe(v.string(), v.minLength(1));
const templateName = v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,512}$/, 'lower-case letters, digits and "_"'));
const whatsappSettings = v.strictObject({
  number: about(
    v.pipe(v.string(), v.regex(/^\d{5,30}$/, 'digits')),
    'The id of the business’s phone number, as the app’s page shows it; not the number.',
  ),
  tokenFile: about(file, 'The file that holds the token of a system user.'),
  appSecretFile: about(file, 'The file that holds the secret of the app: with it Meta signs what it says.'),
  verifyFile: about(file, 'The file that holds the secret by which Meta finds the address to be ours, https://NAME/hook/whatsapp.'),
  templates: v.optional(
    about(v.strictObject({ alert: templateName, notice: templateName }), 'The names of the two templates, with buttons and without.'),
    { alert: 'sabha_alert', notice: 'sabha_notice' },
  ),
  api: v.optional(about(setting.url, 'Where the Cloud API is, with its version.'), 'https://graph.facebook.com/v23.0'),
});

/** The address of a person who is known by the id that the business has for them. */
const userChannel = 'whatsapp-user';

/** It reaches who has a phone number under `whatsapp`. Under `whatsapp-user` may stand the id by which the business knows them. */
export const byWhatsapp: ChannelKind<typeof whatsappSettings> = {
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

/** What a number may send: 80 messages a second, and one each six seconds to a person. */
const everyMs = 1_000 / 80;
const apartMs = 6_000;
const replyLimitMs = 20_000;
/** `verify` = the secret by which Meta finds our address. */
export type WhatsappOptions = Pick<Around, 'onAnswer' | 'reports'> & {
  settings: Pick<v.InferOutput<typeof whatsappSettings>, 'number' | 'templates' | 'api'>;
  secrets: { token: string; appSecret: string; verify: string };
  clock: Clock;
  fetch: Fetch;
};

/** Guarantee: accepted is not delivered; its limits are kept; what Meta has not signed does nothing, and no secret stands in a reason. */
export function createWhatsapp(options: WhatsappOptions): Channel {
  const { settings, secrets, clock } = options;
  const pace = createPace(clock, everyMs);
  const ended = new AbortController();
  return {
    async send(message, person, signal): Promise<SendOutcome> {
      const phone = person.addresses['whatsapp'] ?? '';
      if (!isPhone(phone)) return { result: 'refused', reason: `${person.id} has no number for WhatsApp` };
      if (!(await pace.turn(phone, { apartMs, signal }))) return { result: 'retry', reason: 'no turn in time' };
      const outcome = sendOutcomeOf(await post(options, bodyOf(message, phone.replace('+', ''), settings.templates), signal));
      return outcome.result === 'accepted' ? outcome : { ...outcome, reason: outcome.reason.replaceAll(secrets.token, '…') };
    },
    fits: fitsWhole,
    hear: (call) => (call.method === 'GET' ? verified(call, secrets.verify) : hear(call, options, ended.signal)),
    close: () => ended.abort(),
  };
}

function post(
  { settings: { api, number }, secrets: { token }, fetch }: WhatsappOptions,
  body: object,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return request(fetch, `${api}/${number}/messages`, { headers, body: JSON.stringify(body), signal });
}

/** Before it says anything, Meta asks whether the address is ours. */
function verified({ query }: HookCall, verify: string): Promise<HookReply> {
  const isOurs = query.get('hub.mode') === 'subscribe' && isSameSecret(query.get('hub.verify_token') ?? '', verify);
  return Promise.resolve(isOurs ? { status: 200, text: (query.get('hub.challenge') ?? '').slice(0, 100) } : { status: 401 });
}

async function hear(call: HookCall, options: WhatsappOptions, signal: AbortSignal): Promise<HookReply> {
  const { secrets, reports } = options;
  if (!isSigned(call, secrets.appSecret)) return { status: 401 };
  const heard = heardIn(call.body);
  // Who pressed is found by our message, which a report may end.
  for (const one of heard.presses) await take(one, options, signal);
  for (const report of heard.reports) await reports?.take({ channel: 'whatsapp', ...report });
  return { status: 200 };
}

/** The person to whom the message went, else whose number it is, else whose id: Meta may tell any of the three, and the id may change. */
async function take({ message, about: told, phone, user, ...said }: Pressed, options: WhatsappOptions, signal: AbortSignal): Promise<void> {
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
  if (line !== undefined && phone !== undefined) reply(replyOf(phone, line, message), options, signal);
}

/** Said to who has just pressed or written: where it does not arrive, the wall says it too. */
function reply(body: object, options: WhatsappOptions, cut: AbortSignal): void {
  const late = { ok: false, reason: 'late' } as const;
  void withinTime<HttpAnswer>({ clock: options.clock, limitMs: replyLimitMs, late, cut }, (own) => post(options, body, own));
}
