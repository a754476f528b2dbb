/** Sends e-mail by SMTP: plain text and HTML with the same words, one thread for each incident, one connection for each message. */
import { createHash } from 'node:crypto';
import { type Clock, isLoopback, setting } from '@sabha/contracts';
import { createTransport, type SendMailOptions } from 'nodemailer';
import * as v from 'valibot';
import type { Channel, ChannelKind, DeliveryOutcome, RenderedMessage } from '../../../engine/records/notices.ts';
import { htmlOf } from './kit/html.ts';
import { createRateLimiter } from './kit/pace.ts';
import { plainLine } from './kit/plain.ts';

const { about } = setting;
const mailsAMinute = v.pipe(v.number(), v.minValue(1), v.maxValue(6_000));
const emailSettings = v.strictObject({
  host: v.optional(about(v.string(), 'The mail server that accepts our messages.'), '127.0.0.1'),
  port: v.optional(setting.port, 25),
  from: v.optional(setting.email, 'sabha@localhost.localdomain'),
  secure: v.optional(about(v.boolean(), 'TLS from the first byte, as on port 465.'), false),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  perMinute: v.exactOptional(about(mailsAMinute, 'The most mails a minute that the server accepts from us. Absent: no limit.')),
});

export type EmailSettings = v.InferOutput<typeof emailSettings>;

export type Mailer = { sendMail(mail: SendMailOptions & { signal: AbortSignal }): Promise<unknown>; close(): void };

export const emailKind: ChannelKind<typeof emailSettings> = {
  name: 'email',
  words: { en: 'e-mail', hi: 'ई-मेल' },
  settings: emailSettings,
  secrets: ['password'],
  open: (settings, { clock }) => createEmail(settings, { clock, mailer: mailerOf(settings) }),
  reaches: (person) => person.email !== undefined,
};

/**
 * Limit of parallel connections to a mail server with a rate limit. Exchange Online allows three for a mailbox. Other rows wait in the
 * outbox, where late rows share one mail.
 */
const atOnce = 3;
const talkLimitMs = 30_000;

/**
 * The e-mail channel. Each send of a message has the same Message-ID, so that a duplicate is recognised.
 * Guarantee: `delivered` only after the server accepted the whole message. A password never leaves this machine unencrypted. With
 * `perMinute` the rate limit is kept.
 */
export function createEmail(settings: EmailSettings, { clock, mailer }: { clock: Clock; mailer: Mailer }): Channel {
  const { perMinute } = settings;
  const everyMs = 60_000 / (perMinute ?? Number.POSITIVE_INFINITY);
  const pace = perMinute === undefined ? undefined : createRateLimiter(clock, everyMs);
  return {
    ...(pace && { atOnce, limitMs: atOnce * everyMs + talkLimitMs }),
    async send(message, person, signal) {
      const { email } = person;
      if (email === undefined) return { result: 'refused', reason: `${person.id} has no e-mail address` };
      if (pace && !(await pace.waitForTurn(email, { minIntervalMs: 0, signal })))
        return { result: 'retry', reason: 'the rate limit left no time to send it' };
      try {
        await mailer.sendMail({ ...mailOf(message, settings, { name: person.name, address: email }), signal });
        return { result: 'delivered' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    close: () => mailer.close(),
  };
}

export function mailerOf({ host, port, secure, user, password }: EmailSettings): Mailer {
  return createTransport({
    host,
    port,
    secure,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    requireTLS: user !== undefined && !secure && !isLoopback(host),
    ignoreTLS: isLoopback(host),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function mailOf(message: RenderedMessage, settings: EmailSettings, to: { name: string; address: string }) {
  const idOf = (text: string) => `<${createHash('sha256').update(text).digest('hex').slice(0, 32)}@${settings.from.split('@').at(-1)}>`;
  return {
    from: { name: 'Sabha', address: settings.from },
    to: { ...to, name: plainLine(to.name) },
    subject: plainLine(message.subject),
    text: message.text,
    html: htmlOf(message),
    messageId: idOf(message.key),
    ...threadOf(message, idOf),
    // Returns headers that prevent automatic replies, and let mail programs sort by urgency.
    headers: { 'X-Sabha-Key': plainLine(message.key), 'Auto-Submitted': 'auto-generated', 'Content-Language': message.language },
    priority: message.severity === 'critical' ? ('high' as const) : ('normal' as const),
    xMailer: false as const,
  };
}

/**
 * All mails of an incident refer to one Message-ID that was never sent. So mail programs put them into one thread, in any order of arrival.
 * A list of several incidents has no thread.
 */
function threadOf({ notice, list }: RenderedMessage, idOf: (text: string) => string) {
  if (notice.incident === null || list) return {};
  const root = idOf(`incident/${notice.incident}`);
  return { references: root, ...(notice.kind !== 'raised' && { inReplyTo: root }) };
}

/**
 * Only a permanent refusal of this one message is final. A server that refuses every connection may be repaired. A wrong password locks the
 * channel.
 */
function outcomeOf(error: unknown): DeliveryOutcome {
  const { code, command, responseCode, message } = error as { code?: string; command?: string; responseCode?: number; message: string };
  const reason = plainLine(`${code ?? ''} ${message}`).slice(0, 200);
  if (code === 'EAUTH' && (responseCode ?? 0) >= 500) return { result: 'locked', reason };
  const aboutMessage = code === 'EENVELOPE' || code === 'EMESSAGE';
  const lasting = responseCode === undefined ? command === 'API' : responseCode >= 500;
  return aboutMessage && lasting ? { result: 'refused', reason } : { result: 'retry', reason };
}
