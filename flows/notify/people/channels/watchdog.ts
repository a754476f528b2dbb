/**
 * Dead man's switch: an external monitor receives a request each minute. If the requests stop, the monitor reports that the alerting itself
 * has failed.
 */

import { isPcPath, setting } from '@sabha/contracts';
import * as v from 'valibot';
import type { Channel, ChannelKind } from '../../../engine/records/notices.ts';
import { type Fetch, parseJson, request } from './kit/http.ts';

const { about } = setting;
const watchdogSettings = v.strictObject({
  url: about(setting.url, 'A push monitor outside (Uptime Kuma, healthchecks.io): it gets a request each minute while all parts work.'),
  pc: about(
    v.pipe(v.string(), v.check(isPcPath, 'state/site/pc')),
    'A PC that is never switched off, such as that of the server: the check begins with its messages.',
  ),
});

export function watchdogOf(channels: { readonly [name: string]: unknown }): v.InferOutput<typeof watchdogSettings> | undefined {
  return channels['watchdog'] as v.InferOutput<typeof watchdogSettings> | undefined;
}

export const watchdogPerson = 'watchdog';

/** Reaches no person of the roster. */
export const watchdogKind: ChannelKind<typeof watchdogSettings> = {
  name: 'watchdog',
  words: { en: 'watchdog', hi: 'वॉचडॉग' },
  settings: watchdogSettings,
  // The address is secret: anyone who knows it could send the requests in place of the server.
  secrets: ['url'],
  open: ({ url }) => createWatchdog(url, globalThis.fetch),
  reaches: ({ id }) => id === watchdogPerson,
  forPrograms: true,
};

/**
 * Guarantee: `delivered` only after a 2xx without an error in the body. A request is not retried, since the next one follows in a minute.
 */
export function createWatchdog(url: string, fetch: Fetch): Channel {
  return {
    limitMs: 20_000,
    async send(_message, _person, signal) {
      const answer = await request(fetch, url, { method: 'GET', signal });
      if (!answer.ok) return { result: 'refused', reason: answer.reason };
      const { status, text } = answer;
      const { ok } = (parseJson(text) ?? {}) as { ok?: unknown };
      if (status < 200 || status >= 300 || ok === false)
        return { result: 'refused', reason: `the monitor responded with status ${status}` };
      return { result: 'delivered' };
    },
  };
}
