import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IncidentRow } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import type { Alert } from '../../notify/people/channels/kit/alert.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { startAlertmanagerExport } from './integrations.ts';

const incident = (id: number, changes: Partial<IncidentRow> = {}): IncidentRow => ({
  id,
  scope: `ladakh/leh/pc-${id}`,
  room: { en: 'Conference room', hi: '' },
  site: { en: 'Leh', hi: '' },
  severity: 'critical',
  openedAt: Date.UTC(2026, 2, 3, 8, 35),
  overAt: null,
  over: null,
  closedBecause: null,
  flapping: false,
  acknowledged: null,
  faults: [{ fault: 'microphone.missing', device: '', name: null, severity: 'critical', since: 0, hidden: false, unknownSince: null }],
  told: [{ person: 'asha', channel: 'email', at: 0 }],
  outage: null,
  ...changes,
});

function rig() {
  const clock = testClock();
  const posts: Alert[][] = [];
  const words: [string, string | null, string][] = [];
  const state = { incidents: [] as IncidentRow[], status: 200 };
  const folder = mkdtempSync(join(tmpdir(), 'sabha-mirror-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'abc\n');
  const stop = startAlertmanagerExport({
    clock,
    settings: { alertmanager: { url: 'http://127.0.0.1:9093/', tokenFile } },
    view: { incidents: () => state.incidents },
    say: (...word) => words.push(word),
    async fetch(url, init) {
      expect(String(url)).toBe('http://127.0.0.1:9093/api/v2/alerts');
      expect(new Headers(init?.headers).get('authorization')).toBe('Bearer abc');
      if (state.status === 200) posts.push(JSON.parse(String(init?.body)));
      return new Response('', { status: state.status });
    },
  });
  onTestFinished(stop);
  const last = () => posts.at(-1)?.map(({ labels, endsAt }) => [labels['incident'], labels['severity'], Date.parse(endsAt) - clock.now()]);
  return { clock, posts, words, state, last };
}

test('an incident of which people were notified is sent to Alertmanager within seconds and then each minute, and expires after five minutes', async () => {
  const { clock, posts, state, last } = rig();
  state.incidents = [incident(1), incident(2, { told: [] }), incident(3, { over: 'cleared' })];
  await clock.pass(5_000);
  expect(last()).toEqual([['1', 'critical', 300_000]]);
  expect(posts[0]?.[0]).toMatchObject({ annotations: { summary: 'Leh, Conference room: Microphone not found' } });
  const before = posts.length;
  await clock.pass(10 * 60_000);
  expect(posts.length - before).toBe(10);
});

test('an ended incident ends its alert at once, and the end is sent for 15 minutes', async () => {
  const { clock, posts, state, last } = rig();
  state.incidents = [incident(1)];
  await clock.pass(5_000);
  state.incidents = [incident(1, { over: 'cleared' })];
  await clock.pass(5_000);
  expect(last()).toEqual([['1', 'critical', 0]]);
  await clock.pass(14 * 60_000);
  expect(posts.at(-1)).toHaveLength(1);
  await clock.pass(2 * 60_000);
  expect(posts.at(-1)).toEqual([]);
});

test('a change of severity ends the old alert and starts a new one', async () => {
  const { clock, state, last } = rig();
  state.incidents = [incident(1, { severity: 'minor' })];
  await clock.pass(5_000);
  state.incidents = [incident(1)];
  await clock.pass(5_000);
  expect(last()).toEqual([
    ['1', 'minor', 0],
    ['1', 'critical', 300_000],
  ]);
});

test('three failures in a row raise one fault, success clears it, and then all alerts are sent again', async () => {
  const { clock, posts, words, state } = rig();
  state.incidents = [incident(1)];
  state.status = 503;
  await clock.pass(60_000);
  expect(words).toEqual([['centre.channel_failing', 'Alertmanager responded with status 503', 'alertmanager']]);
  state.status = 401;
  await clock.pass(5_000);
  state.status = 200;
  await clock.pass(5_000);
  expect(words.slice(1)).toEqual([
    ['centre.channel_failing', null, 'alertmanager'],
    ['centre.channel_login', 'Alertmanager responded with status 401', 'alertmanager'],
    ['centre.channel_login', null, 'alertmanager'],
  ]);
  expect(posts).toHaveLength(1);
});
