import { afterEach, expect, test } from 'vitest';
import { fleetOf, manualClock, pc1, pcNow, type ScriptedApi, scriptedApi } from './exporter.test-helper.ts';
import { followApi } from './feed.ts';
import type { FleetEvent } from './snapshot.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

async function api(...given: Parameters<typeof scriptedApi>): Promise<ScriptedApi> {
  const opened = await scriptedApi(...given);
  closing.push(opened.close);
  return opened;
}

function follow(at: string) {
  const hand = manualClock();
  const waits: number[] = [];
  /** Records the reconnect delays. A delay of 40 s or more is the silence timeout. */
  const clock = {
    ...hand,
    after(delayMs: number, task: () => void) {
      if (delayMs < 40_000) waits.push(delayMs);
      return hand.after(delayMs, task);
    },
  };
  const events: FleetEvent[] = [];
  const lines: string[] = [];
  const feed = followApi({
    api: at,
    clock,
    random: () => 0.5,
    onEvent: (event) => events.push(event),
    onFailed: (line) => lines.push(line),
  });
  closing.push(feed.close);
  return { clock, events, lines, waits, feed };
}

test('it requests the stream of all PCs and passes on the snapshot and each change', async () => {
  const { asked, at, say } = await api(fleetOf([pcNow(pc1)]));
  const { events, lines } = follow(at);
  await expect.poll(() => events).toEqual([{ event: 'snapshot', value: fleetOf([pcNow(pc1)]) }]);
  expect(asked).toEqual(['/api/stream?pcs=all']);
  say('news', { of: 'no interest' });
  say('change', { at: 1, subscribed: false, heard: { [pc1]: 7 } });
  await expect.poll(() => events).toHaveLength(2);
  expect(events[1]).toMatchObject({ event: 'change', value: { subscribed: false, heard: { [pc1]: 7 }, pcs: [] } });
  expect(lines).toEqual([]);
});

test('it sends its token with the request for the stream, after the server has proved that it knows the token', async () => {
  const sent: (string | undefined)[] = [];
  const { asked, at } = await api(undefined, {
    token: 'of the exporter',
    answer(response) {
      sent.push(response.req.headers.authorization);
      response.end();
    },
  });
  const options = { clock: manualClock(), random: () => 0.5, onEvent: () => {}, onFailed: () => {} };
  for (const apiToken of ['of the exporter', undefined]) closing.push(followApi({ ...options, api: at, apiToken }).close);
  await expect.poll(() => sent.toSorted()).toEqual(['Bearer of the exporter', undefined]);
  expect(asked.toSorted()).toEqual(['/api/stream?pcs=all', '/api/stream?pcs=all', '/healthz']);
});

test('it sends no token to a server without a valid proof, and verifies the server at each connection', async () => {
  const { asked, at } = await api(undefined, { token: 'of somebody else' });
  const lines: string[] = [];
  const clock = manualClock();
  const options = { clock, random: () => 0.5, onEvent: () => {}, onFailed: (line: string) => lines.push(line) };
  closing.push(followApi({ ...options, api: at, apiToken: 'of the exporter' }).close);
  const line = `another program listens on ${new URL(at).host}, the token was not sent`;
  await expect.poll(() => lines).toEqual([line]);
  clock.pass(10_100);
  await expect.poll(() => lines).toEqual([line, line]);
  expect(asked).toEqual(['/healthz', '/healthz']);
});

test('a broken stream is reported in one line and resumes with a new snapshot', async () => {
  const { asked, at, cut } = await api(fleetOf([]));
  const { clock, events, lines } = follow(at);
  await expect.poll(() => events).toHaveLength(1);
  cut();
  await expect.poll(() => lines).toHaveLength(1);
  expect(asked).toHaveLength(1);
  clock.pass(10_100);
  await expect.poll(() => events).toHaveLength(2);
});

test('a stream that is mute for 40 s is closed, and each event restarts the 40 s', async () => {
  const { asked, at, say } = await api(fleetOf([]));
  const { clock, events, lines } = follow(at);
  await expect.poll(() => events).toHaveLength(1);
  for (const heard of [2, 3]) {
    clock.pass(39_999);
    say('change', { at: 1, subscribed: true });
    await expect.poll(() => events).toHaveLength(heard);
  }
  clock.pass(39_999);
  expect(lines).toEqual([]);
  clock.pass(1);
  await expect.poll(() => lines).toEqual(['mute for 40 s']);
  clock.pass(10_100);
  await expect.poll(() => asked).toHaveLength(2);
});

test.each([
  ['a snapshot that is none', [{ subscribed: true }], 'not a snapshot: sites: expected "sites", found undefined'],
  ['a status', [undefined, { answer: (response) => void response.writeHead(503).end() }], 'answered with status 503'],
  [
    'a redirect',
    [undefined, { answer: (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end() }],
    /redirect/,
  ],
  [
    'no JSON',
    [undefined, { answer: (response) => void response.writeHead(200).end('event: snapshot\ndata: {\n\n') }],
    /^not a snapshot: .*valid JSON/,
  ],
] satisfies [string, Parameters<typeof scriptedApi>, string | RegExp][])(
  '%s is reported in one line and gives no event',
  async (_what, given, line) => {
    const { at } = await api(...given);
    const { events, lines } = follow(at);
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
    expect(events).toEqual([]);
  },
);

test('the reconnect delay grows after each failure, up to about 10 s, and is reset by a snapshot', async () => {
  const { asked, at, say } = await api(fleetOf([]));
  const { clock, events, lines, waits } = follow(at);
  for (const turn of [1, 2]) {
    await expect.poll(() => events).toHaveLength(turn);
    say('change', 'nonsense');
    await expect.poll(() => lines).toHaveLength(turn);
    clock.pass(10_000);
  }
  expect(waits).toEqual([600, 600]);
  expect(asked.length).toBeGreaterThanOrEqual(2);
  const alone = follow('http://127.0.0.1:1');
  for (const waitMs of [600, 1_100, 2_100, 4_100, 5_100, 5_100]) {
    await expect.poll(() => alone.waits.at(-1)).toBe(waitMs);
    await expect.poll(() => alone.lines).toHaveLength(alone.waits.length);
    alone.clock.pass(waitMs);
  }
  expect(new Set(alone.lines).size).toBe(1);
});
