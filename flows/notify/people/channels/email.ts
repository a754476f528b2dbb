/** E-mail by SMTP: plain text and the same as small HTML, one thread an incident, one connection a message. */
import { createHash } from 'node:crypto';
import { type Clock, isLoopback, setting } from '@sabha/contracts';
import { createTransport, type SendMailOptions } from 'nodemailer';
import * as v from 'valibot';
import type { Channel, ChannelKind, Outcome, RenderedMessage } from '../../../engine/records/notices.ts';
import { htmlOf } from './kit/html.ts';
import { createPace } from './kit/pace.ts';
import { plain } from './kit/plain.ts';

const { about } = setting;
const mailsAMinute = v.pipe(v.number(), v.minValue(1), v.maxValue(6_000));
const emailSettings = v.strictObject({
  host: v.optional(about(v.string(), 'The mail server that takes our messages.'), '127.0.0.1'),
  port: v.optional(setting.port, 25),
  from: v.optional(setting.email, 'sabha@localhost.localdomain'),
  secure: v.optional(about(v.boolean(), 'TLS from the first byte, as on port 465.'), false),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  perMinute: v.exactOptional(about(mailsAMinute, 'So many mails a minute the server takes from us. Absent: it names no limit.')),
});

/** What the e-mail channel is set to. */
export type EmailSettings = v.InferOutput<typeof emailSettings>;

/** What takes mails to a server. */
export type Mailer = { sendMail(mail: SendMailOptions & { signal: AbortSignal }): Promise<unknown>; close(): void };

/** It reaches who has an e-mail address. */
export const byEmail: ChannelKind<typeof emailSettings> = {
  name: 'email',
  words: { en: 'e-mail', hi: 'ई-मेल' },
  settings: emailSettings,
  secrets: ['password'],
  open: (settings, { clock }) => createEmail(settings, { clock, mailer: mailerOf(settings) }),
  reaches: (person) => person.email !== undefined,
};

/** So many connections to a server that names a limit: Exchange Online lets a mailbox have three. What waits is chosen late, and what is late goes in one mail. */
const atOnce = 3;
const talkLimitMs = 30_000;

/**
 * The e-mail channel. A message has the same Message-ID each time it is sent, so that one sent twice can be told.
 * Guarantee: `delivered` only after the server's word for the whole message; a password never travels in clear beyond this machine; with
 * `perMinute` the server is asked no more often.
 */
export function createEmail(settings: EmailSettings, { clock, mailer }: { clock: Clock; mailer: Mailer }): Channel {
  const { perMinute } = settings;
  const everyMs = 60_000 / (perMinute ?? Number.POSITIVE_INFINITY);
  const pace = perMinute === undefined ? undefined : createPace(clock, everyMs);
  return {
    ...(pace && { atOnce, limitMs: atOnce * everyMs + talkLimitMs }),
    async send(message, person, signal) {
      const { email } = person;
      if (email === undefined) return { result: 'refused', reason: `${person.id} has no e-mail address` };
      if (pace && !(await pace.turn(email, { apartMs: 0, signal }))) return { result: 'retry', reason: 'no turn in time' };
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

/** Talks to the mail server of the settings. */
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
    to: { ...to, name: plain(to.name) },
    subject: plain(message.subject),
    text: message.text,
    html: htmlOf(message),
    messageId: idOf(message.key),
    ...threadOf(message, idOf),
    // So that no robot answers a machine, and a mail program can sort by urgency.
    headers: { 'X-Sabha-Key': plain(message.key), 'Auto-Submitted': 'auto-generated', 'Content-Language': message.language },
    priority: message.severity === 'critical' ? ('high' as const) : ('normal' as const),
    xMailer: false as const,
  };
}

/**
 * All mails of an incident name one that was never sent: mail programs put them into one thread, whichever of them a person got first.
 * A list of several incidents stands for itself.
 */
function threadOf({ notice, list }: RenderedMessage, idOf: (text: string) => string) {
  if (notice.incident === null || list) return {};
  const root = idOf(`incident/${notice.incident}`);
  return { references: root, ...(notice.kind !== 'raised' && { inReplyTo: root }) };
}

/** Only a lasting "no" to this very message is final: a server that turns everybody away is mended one day. A wrong password is mended by us. */
function outcomeOf(error: unknown): Outcome {
  const { code, command, responseCode, message } = error as { code?: string; command?: string; responseCode?: number; message: string };
  const reason = plain(`${code ?? ''} ${message}`).slice(0, 200);
  if (code === 'EAUTH' && (responseCode ?? 0) >= 500) return { result: 'locked', reason };
  const aboutMessage = code === 'EENVELOPE' || code === 'EMESSAGE';
  const lasting = responseCode === undefined ? command === 'API' : responseCode >= 500;
  return aboutMessage && lasting ? { result: 'refused', reason } : { result: 'retry', reason };
}
