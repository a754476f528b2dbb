/** 700 alerts in a minute over e-mail and webhook. Channels with their own limits have such a test in their own file. */
import { expect, test } from 'vitest';
import { type TestClock, testClock } from '../people.test-helper.ts';
import { createEmail } from './email.ts';
import type { Fetch } from './kit/http.ts';
import { alerts, mailLimit, mailStorm, minuteMs, rowsOn, stormOver } from './storms.test-helper.ts';
import { createWebhook } from './webhook.ts';

test('700 alerts over a mail server with 30 mails a minute exceed no limit; critical ones arrive within about 2 min, all within 6 min', async () => {
  const clock = testClock();
  const limit = mailLimit(clock, 30);
  const mailer = {
    async sendMail(mail: { to?: unknown }) {
      if (limit.take((mail.to as { address: string }).address)) return {} as never;
      throw Object.assign(new Error('452 4.5.3 too many messages'), { code: 'EENVELOPE', responseCode: 452 });
    },
    close() {},
  };
  const settings = { host: '127.0.0.1', port: 25, from: 'sabha@centre.test', secure: false, perMinute: 30 };
  await mailStorm({ clock, channel: createEmail(settings, { clock, mailer }), limit });
});

const webhook = { url: 'https://desk.test/hook', secret: `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}` };

/** A program that accepts 100 posts in 10 s, and otherwise names the wait. */
function deskOf(clock: TestClock) {
  const windowMs = 10_000;
  const taken: { at: number; critical: boolean }[] = [];
  let turnedAway = 0;
  const fetch: Fetch = async (_, init) => {
    const start = Math.floor(clock.up() / windowMs) * windowMs;
    if (taken.filter(({ at }) => at >= start).length >= 100) {
      turnedAway += 1;
      return new Response(null, { status: 429, headers: { 'retry-after': `${Math.ceil((start + windowMs - clock.up()) / 1_000)}` } });
    }
    taken.push({ at: clock.up(), critical: JSON.parse(String(init?.body)).severity === 'critical' });
    return new Response(null, { status: 204 });
  };
  return { fetch, taken, turnedAway: () => turnedAway };
}

test('700 alerts over a webhook with 100 posts in 10 s arrive once each within 2 min, critical ones first, with few rejections', {
  tags: ['long'],
}, async () => {
  const clock = testClock();
  const { fetch, taken, turnedAway } = deskOf(clock);
  const channel = createWebhook(webhook, { clock, fetch });
  const { outbox, told, lastOf } = stormOver(clock, { webhook: { channel, reaches: () => true, single: true } });
  outbox.add(rowsOn('webhook'));
  await clock.pass(5 * minuteMs);
  expect(told).toHaveLength(alerts);
  expect(new Set(told.map(({ key }) => key)).size).toBe(alerts);
  expect(taken.slice(0, 100).every(({ critical }) => critical)).toBe(true);
  expect(turnedAway()).toBeLessThanOrEqual(alerts / 100);
  expect(lastOf(false, 'webhook')).toBeLessThanOrEqual(2 * minuteMs);
});
