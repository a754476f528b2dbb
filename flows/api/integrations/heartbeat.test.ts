import type { Explanation, Presence } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import type { Op } from '../../engine/records/ops.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { scriptedView, wellPc } from '../scripted-view.test-helper.ts';
import { type HeartbeatOptions, startHeartbeat } from './integrations.ts';

const told = { person: 'meera', name: 'Meera', channel: 'email', severity: 'major', afterMs: 0, text: '' } as const;
const way = (changes: Partial<Explanation> = {}): Explanation => {
  return {
    scope: 'centre',
    fault: 'centre.channel_failing',
    severity: 'major',
    holdMs: 0,
    nodes: [],
    tells: [told],
    how: 'told',
    ...changes,
  };
};

const pc = 'ladakh/leh/vc-1';

function viewOf(presence: () => Presence | undefined, because?: string): HeartbeatOptions['view'] {
  const pcs = () => [presence()].flatMap((one) => (one === undefined ? [] : [wellPc(0, { pc, presence: one })]));
  return { ...scriptedView(), pcs, unready: () => because };
}

function rig(changes: Partial<HeartbeatOptions> = {}) {
  const clock = testClock();
  const written: Op[] = [];
  const lines: string[] = [];
  const options: HeartbeatOptions = {
    clock,
    settings: { channels: { watchdog: { url: 'https://push.example.org', pc } } },
    view: viewOf(() => 'online'),
    explain: async () => ({ ok: true, value: way() }),
    async record(ops) {
      written.push(...ops);
      return true;
    },
    log: { warn: (_fields, line) => lines.push(line) },
    ...changes,
  };
  const stop = startHeartbeat(options);
  onTestFinished(stop);
  return { clock, written, lines, stop };
}

test('F29 one heartbeat a minute goes into the outbox under one key, so old heartbeats do not accumulate', async () => {
  const { clock, written, lines, stop } = rig();
  await clock.pass(5 * 60_000);
  expect(written).toHaveLength(5);
  for (const op of written) {
    expect(op).toMatchObject({
      op: 'outbox',
      row: { key: 'watchdog', channel: 'watchdog', person: 'watchdog', moved: true, transition: null },
    });
  }
  stop();
  await clock.pass(5 * 60_000);
  expect(written).toHaveLength(5);
  expect(lines).toEqual([]);
});

test.each<[string, Partial<HeartbeatOptions>, RegExp]>([
  ['the agent', { view: viewOf(() => 'silent') }, /the PC of the heartbeat is silent/],
  ['an agent that never was', { view: viewOf(() => undefined) }, /not in the site table/],
  ['the broker', { view: viewOf(() => 'online', 'the broker cannot be reached') }, /the broker cannot be reached/],
  ['the tabs', { explain: async () => ({ ok: false, line: 'the tabs do not run' }) }, /the tabs do not run/],
  ['a cut wire of the tabs', { explain: async () => ({ ok: true, value: way({ how: null }) }) }, /the tabs conclude nothing/],
  ['tabs that tell nobody', { explain: async () => ({ ok: true, value: way({ tells: [] }) }) }, /the tabs notify nobody/],
  ['tabs that break', { explain: () => Promise.reject(new Error('boom')) }, /boom/],
  ['the ledger', { record: async () => false }, /the ledger stores nothing/],
])('F29 no heartbeat is sent if a part of the path has failed, and one log line names that part: %s', async (_, changes, line) => {
  const { clock, written, lines } = rig(changes);
  await clock.pass(5 * 60_000);
  expect(written).toEqual([]);
  expect(lines).toEqual([expect.stringMatching(line)]);
});

test('F29 the heartbeat resumes within a minute after recovery, and one log line reports that', async () => {
  let isUp = false;
  const { clock, written, lines } = rig({ view: viewOf(() => (isUp ? 'online' : 'lost')) });
  await clock.pass(90_000);
  isUp = true;
  await clock.pass(60_000);
  expect(written).toHaveLength(1);
  expect(lines).toEqual(['no heartbeat is sent: the PC of the heartbeat is lost', 'the heartbeat is sent again']);
});
