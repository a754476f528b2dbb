/**
 * Browser notifications on phone or PC by Web Push. They are encrypted for the device, and delivered once the device confirms that it
 * showed them.
 */
import { createHash, createHmac } from 'node:crypto';
import { nameIn, setting } from '@sabha/contracts';
import * as v from 'valibot';
import type {
  Channel,
  ChannelContext,
  ChannelKind,
  Device,
  HookCall,
  RenderedMessage,
  SendOutcome,
} from '../../../engine/records/notices.ts';
import { type Fetch, type HttpAnswer, request, retryAfterOf } from './kit/http.ts';
import { buttonsOf, plainLine, readButton } from './kit/plain.ts';
import { isSameSecret } from './kit/reports.ts';
import { authorizationFor, encrypt, type PushKey, pushKeyOf } from './kit/web-push.ts';

const { about } = setting;
const contact = v.pipe(v.string(), v.regex(/^(mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https:\/\/\S+)$/, 'mailto:NAME@HOST or an https address'));
const host = v.pipe(v.string(), v.regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a name of a host, or *. before one'));
const pushSettings = v.strictObject({
  contact: about(
    contact,
    'The contact for the push services about our messages, such as mailto:it@example.org. Apple accepts no name that ends in localhost.',
  ),
  services: v.optional(about(v.pipe(v.array(host), v.minLength(1)), 'The hosts of the push services that devices may name.'), [
    'fcm.googleapis.com',
    '*.push.services.mozilla.com',
    '*.push.apple.com',
    '*.notify.windows.com',
  ]),
});
export type PushSettings = v.InferOutput<typeof pushSettings>;

export function pushOf(settings: { readonly [name: string]: unknown }): PushSettings | undefined {
  return settings['push'] as PushSettings | undefined;
}

/** Reaches persons who allowed notifications in a browser. */
export const pushKind: ChannelKind<typeof pushSettings> = {
  name: 'push',
  words: { en: 'notification', hi: 'नोटिफ़िकेशन' },
  settings: pushSettings,
  open: ({ contact: to }, around) => createPush({ contact: to, ...around, now: Date.now, fetch: globalThis.fetch }),
  joined: true,
  reaches: ({ id }, { devices }) => (devices?.of(id).length ?? 0) > 0,
  // A notice of the server may name persons and has no page to open, so it is not sent here. A digest is for reading, not for a
  // notification.
  carries:
    () =>
    ({ incident, announcement, digest }) =>
      digest !== true && (incident !== null || announcement !== undefined),
};

/** Time to live at the push service, s. After it the next channel is used, and a late notification would mislead. */
const timeToLiveS = 15 * 60;
/** Timeout for each device, so that one push service does not delay the other devices of the person. */
const deviceLimitMs = 8_000;
/** Limit of title and text in characters. A phone shows far fewer. */
const titleLimit = 200;
const bodyLimit = 1_200;
/** Rate limit for one phone: 15 notifications a minute. The wait stays below the time after which the next channel is used. */
const personRateLimit = { most: 5, ms: 20_000 };
/** Number of first characters of a place name that every subject contains, even if it is shortened. */
const placeKnownBy = 8;
/** Lines of a list that a notification shows. */
const listMost = 8;

/** `now`: wall clock of the machine, since push services check times. */
export type PushOptions = Pick<ChannelContext, 'devices' | 'reports' | 'clock'> & { contact: string; now(): number; fetch: Fetch };

type DeviceOutcome = SendOutcome | { result: 'gone' };

/**
 * Creates the push channel.
 * Guarantee: a notification counts as delivered only when the device confirms it, by an id that only the device received. A revoked device
 * is removed.
 * Only kind, place and reply link leave the server, and only the device can read them.
 */
export function createPush(options: PushOptions): Channel {
  const { devices, reports } = options;
  const key = devices && pushKeyOf(devices.secret);
  const markOf = (name: string) =>
    createHmac('sha256', devices?.secret ?? '')
      .update(`sabha push 1\n${name}`)
      .digest('base64url');
  return {
    within: personRateLimit,
    async send(message, person, signal) {
      const own = devices?.of(person.id) ?? [];
      if (key === undefined || own.length === 0) return { result: 'refused', reason: `${person.id} has no device` };
      const name = createHash('sha256').update(message.key).digest('base64url').slice(0, 22);
      const id = `${name}.${markOf(name)}`;
      const sent = {
        text: JSON.stringify(shownOf(message, id)),
        urgent: message.severity === 'critical' || message.severity === 'major',
        // A push service keeps only the last message of a topic for an offline device (RFC 8030, 5.4).
        topic: createHash('sha256').update(tagOf(message, id)).digest('base64url').slice(0, 32),
        id,
      };
      const outcomes = await Promise.all(own.map((device) => sendTo(device, sent, { ...options, key, signal })));
      for (const [at, { result }] of outcomes.entries()) if (result === 'gone') devices?.gone(person.id, own[at]?.endpoint ?? '');
      const outcome = bestOutcome(outcomes) ?? { result: 'refused', reason: `no device of ${person.id} accepts it now` };
      return outcome.result === 'accepted' && reports === undefined ? { result: 'delivered' } : outcome;
    },
    ...(reports && {
      async receiveCall({ method, token }: HookCall) {
        const [name = '', mark = ''] = token.split('.');
        if (method !== 'POST' || !isSameSecret(mark, markOf(name))) return { status: 401 as const };
        await reports.take({ channel: 'push', id: token, outcome: { result: 'delivered' } });
        return { status: 200 as const };
      },
    }),
  };
}

/**
 * Payload for the service worker of the wall. The fault comes first, since a phone cuts the title. It names no person, so a locked screen
 * may show it.
 */
function shownOf(message: RenderedMessage, id: string) {
  const { subject, language, link, list, notice } = message;
  // A reply link has its token after "?"; a link to the wall has its place after "#".
  const isAnswered = !list && link !== undefined && !link.includes('#');
  const buttons = isAnswered ? buttonsOf(message).map(({ text, data }) => ({ action: readButton(data)?.word ?? '', title: text })) : [];
  const [where, what] = list ? [linesOf(message), plainLine(subject)] : splitSubject(message);
  return {
    id,
    title: what.slice(0, titleLimit),
    body: where.slice(0, bodyLimit),
    lang: language,
    link: ownAddress(link),
    tag: tagOf(message, id),
    at: notice.at,
    renotify: notice.kind === 'raised' || notice.kind === 'worsened',
    actions: buttons.filter(({ action }) => action === 'going' || action === 'seen').toSorted((a, b) => a.action.localeCompare(b.action)),
  };
}

/** Splits a subject into place and fault, so that the place goes below the fault. */
function splitSubject({ subject, language, notice: { site } }: RenderedMessage): [where: string, what: string] {
  const text = plainLine(subject);
  const [place, end] = [plainLine(nameIn(site, language)).slice(0, placeKnownBy), text.indexOf(': ')];
  return place === '' || end < 0 || !text.startsWith(place) ? ['', text] : [text.slice(0, end), text.slice(end + 2)];
}

function linesOf({ text }: RenderedMessage): string {
  const lines = text.split('\n').filter((line) => line.startsWith('• '));
  return lines.slice(0, listMost).map(plainLine).join('\n');
}

/** Returns only the path of a link: the wall may be installed under another host name than the links use. */
function ownAddress(link: string | undefined): string {
  const url = link === undefined ? null : URL.parse(link);
  return url === null ? '/' : `${url.pathname}${url.search}${url.hash}`;
}

/** Notifications with the same tag replace each other: one tag for each incident. */
function tagOf({ list, notice }: RenderedMessage, id: string): string {
  return notice.incident === null || list ? id : `incident-${notice.incident}`;
}

type PushPayload = { text: string; urgent: boolean; topic: string; id: string };
type PushSender = Pick<PushOptions, 'contact' | 'now' | 'fetch' | 'clock'> & { key: PushKey; signal: AbortSignal };

async function sendTo({ endpoint, ...keys }: Device, { text, urgent, topic, id }: PushPayload, sender: PushSender): Promise<DeviceOutcome> {
  const { contact: to, now, fetch, clock, key, signal } = sender;
  const headers = {
    authorization: authorizationFor(endpoint, key, { contact: to, now: now() }),
    'content-type': 'application/octet-stream',
    'content-encoding': 'aes128gcm',
    ttl: `${timeToLiveS}`,
    urgency: urgent ? 'high' : 'normal',
    topic,
  };
  const late = new AbortController();
  const cancel = clock.after(deviceLimitMs, () => late.abort(new Error(`no answer in ${deviceLimitMs / 1_000} s`)));
  const own = AbortSignal.any([signal, late.signal]);
  const answer = await request(fetch, endpoint, { headers, body: encrypt(text, keys), signal: own });
  cancel();
  return outcomeOf(answer, id);
}

function outcomeOf(answer: HttpAnswer, id: string): DeviceOutcome {
  if (!answer.ok) return { result: 'retry', reason: answer.reason };
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return { result: 'accepted', id };
  if (status === 404 || status === 410) return { result: 'gone' };
  const reason = `the push service responded with status ${status}`;
  if (status === 401 || status === 403) return { result: 'locked', reason };
  return status === 400 || status === 413 ? { result: 'refused', reason } : { result: 'retry', reason, ...retryAfterOf(headers) };
}

/** Returns the best outcome of all devices, since one device is enough; undefined if every device was revoked. */
function bestOutcome(outcomes: readonly DeviceOutcome[]): SendOutcome | undefined {
  const order = ['accepted', 'retry', 'locked', 'refused'];
  const left = outcomes.filter((one) => one.result !== 'gone');
  return left.toSorted((a, b) => order.indexOf(a.result) - order.indexOf(b.result))[0];
}
