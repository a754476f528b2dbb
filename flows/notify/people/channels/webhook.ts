/** A JSON POST for each message, signed as in Standard Webhooks: for a ticket system, a chat, or the organisation's own program. */
import { createHash, createHmac } from 'node:crypto';
import { type Clock, type Person, setting } from '@sabha/contracts';
import * as v from 'valibot';
import type { Channel, ChannelKind, DeliveryOutcome, RenderedMessage } from '../../../engine/records/notices.ts';
import { alertOf, webhookBodyOf } from './kit/alert.ts';
import { type Fetch, type HttpAnswer, request, retryAfterOf } from './kit/http.ts';

const { about } = setting;
const signingSecret = v.pipe(
  v.string(),
  v.check((text) => /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(text), 'whsec_ and at least 24 bytes in base64'),
);
const webhookSettings = v.strictObject({
  url: about(setting.url, 'Each message is posted here as JSON.'),
  secret: about(signingSecret, 'Signs the messages (Standard Webhooks).'),
  shape: v.exactOptional(
    about(v.picklist(['sabha', 'alertmanager']), 'The form of a message: ours, or that of a webhook of Alertmanager (version 4).'),
  ),
});
type WebhookSettings = v.InferOutput<typeof webhookSettings>;

export const webhookKind: ChannelKind<typeof webhookSettings> = {
  name: 'webhook',
  words: { en: 'webhook', hi: 'वेबहुक' },
  settings: webhookSettings,
  secrets: ['secret'],
  open: (settings, { clock }) => createWebhook(settings, { clock, fetch: globalThis.fetch }),
  reaches: (person) => person.webhook,
  forPrograms: true,
  single: true,
};

/**
 * Status codes that concern the message itself. Others may pass: a faulty deployment of the receiver returns 401 or 404, and must lose no
 * ticket.
 */
const final = new Set([400, 410, 413, 415, 422]);

/**
 * The webhook channel. `webhook-id` is the same for each send of a message, so that a duplicate is recognised.
 * `webhook-signature` is `v1,` and HMAC-SHA-256 in base64 over `id.timestamp.body` (standardwebhooks.com). Redirects are not followed.
 * Guarantee: `delivered` only after a 2xx. A requested wait is kept before the next request.
 */
export function createWebhook(settings: WebhookSettings, { clock, fetch }: { clock: Clock; fetch: Fetch }): Channel {
  const { url, secret, shape = 'sabha' } = settings;
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  let closedUntilUp = Number.NEGATIVE_INFINITY;
  return {
    async send(message, person, signal) {
      const closedMs = closedUntilUp - clock.up();
      if (closedMs > 0) return { result: 'retry', reason: 'the server asked to wait', afterMs: closedMs };
      const id = `msg_${createHash('sha256').update(message.key).digest('hex').slice(0, 32)}`;
      const timestamp = `${Math.floor(Date.now() / 1_000)}`;
      const body = JSON.stringify(shape === 'sabha' ? bodyOf(message, person) : alertBodyOf(message, person));
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      };
      const outcome = outcomeOf(await request(fetch, url, { headers, body, signal }));
      if (outcome.result === 'retry' && outcome.afterMs !== undefined) {
        closedUntilUp = Math.max(closedUntilUp, clock.up() + Math.min(outcome.afterMs, closedAtMostMs));
      }
      return outcome;
    },
  };
}

const secretPrefix = 'whsec_';
/** Longest requested wait that is kept, ms: the receiver may be repaired earlier. */
const closedAtMostMs = 15 * 60_000;

/** Body for other programs: the text for a person, and the facts. */
function bodyOf({ key, subject, text, language, severity, notice }: RenderedMessage, person: Person) {
  const { kind, incident, scope, site, room, faults, at, flapping, outage = null } = notice;
  const facts = { kind, incident, scope, site, room, at, flapping, outage, faults: faults.map(({ reason: _, ...fault }) => fault) };
  return { key, person: { id: person.id, name: person.name }, language, severity, subject, text, ...facts };
}

/** Builds the body in the format of Alertmanager. */
function alertBodyOf({ notice, link }: RenderedMessage, person: Person) {
  const { incident, severity, scope, site, room, faults, at, kind, lines } = notice;
  const fault = faults[0]?.fault ?? `centre.${lines[0] ?? kind}`;
  const startsAt = Math.min(...faults.map(({ since }) => since), at);
  const endsAt = kind === 'cleared' || kind === 'closed' ? at : null;
  return webhookBodyOf(alertOf({ incident, fault, severity, scope, site, room, startsAt, endsAt, link }), person.id);
}

function outcomeOf(answer: HttpAnswer): DeliveryOutcome {
  if (!answer.ok) return { result: 'retry', reason: answer.reason };
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return { result: 'delivered' };
  const reason = `the server responded with status ${status}`;
  return final.has(status) ? { result: 'refused', reason } : { result: 'retry', reason, ...retryAfterOf(headers) };
}
