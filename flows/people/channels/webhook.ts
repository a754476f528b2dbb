/** A JSON POST for each message, signed as Standard Webhooks says: for a ticket desk, a chat, or a program of the organisation's own. */
import { createHash, createHmac } from 'node:crypto';
import * as v from 'valibot';
import { type Person, setting } from '#contracts';
import type { Channel, ChannelKind, Outcome, RenderedMessage } from '../../records/notices.ts';
import { plain } from './plain.ts';

const { about } = setting;
const webhookSettings = v.strictObject({
  url: about(setting.url, 'Each message is posted here as JSON.'),
  secret: about(
    v.pipe(
      v.string(),
      v.check((text) => /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(text), 'whsec_ and at least 24 bytes in base64'),
    ),
    'Signs what is posted (Standard Webhooks).',
  ),
});

/** It reaches who is told through it too. */
export const byWebhook: ChannelKind<typeof webhookSettings> = {
  name: 'webhook',
  words: { en: 'webhook', hi: 'वेबहुक' },
  settings: webhookSettings,
  secrets: ['secret'],
  open: createWebhook,
  reaches: (person) => person.webhook,
};

/** What a server says of the message itself. Anything else may pass: a wrong deploy of the receiver answers 401 or 404, and must cost no ticket. */
const final = new Set([400, 410, 413, 415, 422]);

/**
 * The webhook channel. `webhook-id` is the same each time a message is sent, so that one sent twice can be told; `webhook-signature` is
 * `v1,` and HMAC-SHA-256 in base64 over `id.timestamp.body` (standardwebhooks.com). Redirects are not followed.
 * Guarantee: `delivered` only after a 2xx.
 */
export function createWebhook({ url, secret }: v.InferOutput<typeof webhookSettings>): Channel {
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  return {
    async send(message, person, signal) {
      const id = `msg_${createHash('sha256').update(message.key).digest('hex').slice(0, 32)}`;
      const timestamp = `${Math.floor(Date.now() / 1_000)}`;
      const body = JSON.stringify(bodyOf(message, person));
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Sabha',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      };
      try {
        const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
        await response.body?.cancel();
        return outcomeOf(response);
      } catch (error) {
        return { result: 'retry', reason: reasonOf(error) };
      }
    },
    close() {},
  };
}

const secretPrefix = 'whsec_';

/** What other programs read: the text for a person, and beside it the facts. */
function bodyOf({ key, subject, text, language, severity, notice }: RenderedMessage, person: Person) {
  const { kind, incident, scope, site, room, faults, at, flapping, outage = null } = notice;
  const facts = { kind, incident, scope, site, room, at, flapping, outage, faults: faults.map(({ reason: _, ...fault }) => fault) };
  return { key, person: { id: person.id, name: person.name }, language, severity, subject, text, ...facts };
}

function outcomeOf({ ok, status, headers }: Response): Outcome {
  if (ok) return { result: 'delivered' };
  const reason = `the server answered ${status}`;
  if (final.has(status)) return { result: 'refused', reason };
  const afterMs = waitMs(headers.get('retry-after') ?? '');
  return afterMs > 0 ? { result: 'retry', reason, afterMs } : { result: 'retry', reason };
}

/** `Retry-After` says seconds or a date; NaN where it says neither. */
function waitMs(retryAfter: string): number {
  return /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { code?: string; message?: string } };
  return plain(`${cause?.code ?? ''} ${cause?.message ?? message}`).slice(0, 200);
}
