/** The outside address that hears from us each minute: where it hears nothing, somebody outside is told that the alerting itself is dead. */

import { isPcPath, setting } from '@sabha/contracts';
import * as v from 'valibot';
import type { Channel, ChannelKind } from '../../../engine/records/notices.ts';
import { type Fetch, jsonOf, request } from './kit/http.ts';

const { about } = setting;
const watchdogSettings = v.strictObject({
  url: about(setting.url, 'A push monitor outside (Uptime Kuma, healthchecks.io): it is asked each minute while the whole way works.'),
  pc: about(
    v.pipe(v.string(), v.check(isPcPath, 'state/site/pc')),
    'A PC that is never switched off, such as that of the centre: the way begins with its word.',
  ),
});

/** What it is set to, where it is: its part of the channels of `sabha.json`, which are read already. */
export function watchdogOf(channels: { readonly [name: string]: unknown }): v.InferOutput<typeof watchdogSettings> | undefined {
  return channels['watchdog'] as v.InferOutput<typeof watchdogSettings> | undefined;
}

/** The only one who is reached by it. */
export const watchdogPerson = 'watchdog';

/** Nobody of the roster is told by it. */
export const byWatchdog: ChannelKind<typeof watchdogSettings> = {
  name: 'watchdog',
  words: { en: 'watchdog', hi: 'वॉचडॉग' },
  settings: watchdogSettings,
  // Whoever knows the address can keep the outside quiet.
  secrets: ['url'],
  open: ({ url }) => createWatchdog(url, globalThis.fetch),
  reaches: ({ id }) => id === watchdogPerson,
  forPrograms: true,
};

/** Guarantee: `delivered` only after a 2xx that says no error inside. A beat is sent once: the next one comes in a minute. */
export function createWatchdog(url: string, fetch: Fetch): Channel {
  return {
    limitMs: 20_000,
    async send(_message, _person, signal) {
      const answer = await request(fetch, url, { method: 'GET', signal });
      if (!answer.ok) return { result: 'refused', reason: answer.reason };
      const { status, text } = answer;
      const { ok } = (jsonOf(text) ?? {}) as { ok?: unknown };
      if (status < 200 || status >= 300 || ok === false) return { result: 'refused', reason: `the monitor answered ${status}` };
      return { result: 'delivered' };
    },
  };
}
