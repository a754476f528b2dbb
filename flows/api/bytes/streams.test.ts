import { once } from 'node:events';
import { connect } from 'node:net';
import type { Clock } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestApi } from '../routes.test-helper.ts';
import { microphoneGone, type ScriptedView, scriptedView, wellPc, wellSite } from '../scripted-view.test-helper.ts';
import type { Api } from '../server.ts';
import { bufferLimitBytes, streamLimit } from './streams.ts';

let view: ScriptedView;
let api: Api;
let warned: string[];
let clock: Clock & { fire(): void };
const opened: AbortController[] = [];

beforeEach(async () => {
  view = scriptedView(() => 1_000);
  warned = [];
  clock = handClock();
  const log = { warn: (line: string) => warned.push(line), error: (...words: unknown[]) => warned.push(String(words)) };
  api = await openTestApi({ view, log, clock });
});
afterEach(async () => {
  for (const one of opened.splice(0)) one.abort();
  await api.close();
});

/** A clock with one timer, which the test fires. */
function handClock(): Clock & { fire(): void } {
  let pending: (() => void) | undefined;
  return {
    now: () => 1_000,
    up: () => 0,
    after: (delayMs, task) => {
      expect(delayMs).toBe(5_000);
      pending = task;
      return () => {
        pending = undefined;
      };
    },
    fire: () => pending?.(),
  };
}

/** Opens a stream. `next` returns its events one by one. */
async function open(pcs = 'all') {
  const abort = new AbortController();
  opened.push(abort);
  const response = await fetch(`http://127.0.0.1:${api.port}/api/stream${pcs && `?pcs=${pcs}`}`, { signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  async function next(): Promise<{ id: number; event: string; data: Record<string, unknown>; head: string }> {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const head = text.slice(0, end);
        text = text.slice(end + 2);
        const field = (name: string) => new RegExp(`^${name}: ([^\\n]*)$`, 'm').exec(head)?.[1] ?? '';
        return { id: Number(field('id')), event: field('event'), data: JSON.parse(field('data')), head };
      }
      const chunk = await reader?.read();
      if (chunk?.value === undefined) throw new Error('the stream ended');
      text += chunk.value;
    }
  }
  return { response, next, abort };
}

test("a stream begins with the whole snapshot and sets the browser's reconnection delay", async () => {
  const { response, next } = await open();
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  const first = await next();
  expect(first.head).toMatch(/^retry: 2000\n/);
  expect(first.event).toBe('snapshot');
  expect(first.data).toMatchObject({ subscribed: true, pcs: [{ pc: 'ladakh/leh/vc-1' }], incidents: [] });
});

test('changes arrive in order and numbered on every open stream', async () => {
  const streams = [await open(), await open()];
  for (const { next } of streams) expect((await next()).event).toBe('snapshot');
  view.change({ incidents: [microphoneGone(1_000)] });
  view.change({ subscribed: false });
  for (const { next } of streams) {
    const [first, second] = [await next(), await next()];
    expect(first).toMatchObject({ event: 'change', data: { subscribed: true, incidents: [{ id: 7 }] } });
    expect(second).toMatchObject({ event: 'change', data: { subscribed: false } });
    expect(second.id).toBeGreaterThan(first.id);
  }
});

test('a stream carries only the requested PCs, and a closed stream removes its listener', async () => {
  const [nation, leh, other] = [await open(''), await open('ladakh/leh'), await open('goa/panaji')];
  expect((await nation.next()).data['pcs']).toEqual([]);
  expect((await leh.next()).data['pcs']).toMatchObject([{ pc: 'ladakh/leh/vc-1' }]);
  expect((await other.next()).data['pcs']).toEqual([]);
  view.change({ sites: [wellSite({ readiness: 'not-ready' })], pcs: [wellPc(0, { presence: 'lost' })] });
  for (const { next } of [nation, other]) {
    const { data } = await next();
    expect([data['sites'], data['pcs']]).toMatchObject([[{ readiness: 'not-ready' }], undefined]);
  }
  expect((await leh.next()).data['pcs']).toMatchObject([{ presence: 'lost' }]);
  expect(view.listeners()).toBe(3);
  leh.abort.abort();
  await expect.poll(() => view.listeners(), { interval: 10, timeout: 9_000 }).toBe(2);
  const wrong = await fetch(`http://127.0.0.1:${api.port}/api/stream?pcs=leh`);
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toEqual({ code: 'invalid', error: expect.stringContaining('pcs: ') });
});

test('a quiet stream carries an empty change every 5 s, which shows that its data are current', async () => {
  const { next } = await open();
  await next();
  clock.fire();
  clock.fire();
  expect(await next()).toMatchObject({ event: 'change', data: { at: 1_000, subscribed: true } });
  expect(await next()).toMatchObject({ event: 'change', data: { at: 1_000, subscribed: true } });
});

test('a stream above the limit is refused, and closing another stream makes room', async () => {
  const all = await Promise.all(Array.from({ length: streamLimit }, () => open()));
  const refused = await fetch(`http://127.0.0.1:${api.port}/api/stream`);
  expect([refused.status, await refused.json()]).toEqual([503, { error: '64 streams are open already' }]);
  all[0]?.abort.abort();
  await expect.poll(async () => (await open()).response.status, { interval: 20, timeout: 9_000 }).toBe(200);
});

test('a client that does not read is disconnected, and other streams continue', async () => {
  const reading = await open();
  await reading.next();
  const deaf = connect(api.port, '127.0.0.1');
  deaf.pause();
  deaf.write(`GET /api/stream?pcs=all HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n\r\n`);
  const readable = once(deaf, 'readable');
  await readable;
  const gone = new Promise((resolve) => deaf.once('close', resolve));
  deaf.on('error', () => {});
  const big = wellPc(0, { room: { en: 'x'.repeat(bufferLimitBytes / 4), hi: 'x' } });
  for (let sent = 0; sent < 200 && warned.length === 0; sent += 1) {
    view.change({ pcs: [big] });
    await reading.next();
  }
  expect(warned).toEqual(['a client of the stream reads too slowly: dropped']);
  deaf.resume();
  await gone;
  view.change({ subscribed: false });
  expect((await reading.next()).data).toMatchObject({ subscribed: false });
});

test('a page gets a compressed stream, flushed after each change; a client without gzip or with all PCs gets plain text', async () => {
  const page = await open('');
  expect(page.response.headers.get('content-encoding')).toBe('gzip');
  expect((await page.next()).event).toBe('snapshot');
  view.change({ subscribed: false });
  expect((await page.next()).data).toMatchObject({ subscribed: false });
  clock.fire();
  expect((await page.next()).data).toMatchObject({ at: 1_000 });
  for (const [pcs, encoding] of [
    ['', 'identity'],
    ['?pcs=all', 'gzip'],
  ] as const) {
    const abort = new AbortController();
    opened.push(abort);
    const headers = { 'accept-encoding': encoding };
    const plain = await fetch(`http://127.0.0.1:${api.port}/api/stream${pcs}`, { headers, signal: abort.signal });
    expect([pcs, plain.status, plain.headers.get('content-encoding')]).toEqual([pcs, 200, null]);
  }
});

test('a snapshot larger than the buffer limit disconnects no client', async () => {
  const at = 0;
  view.state.pcs = Array.from({ length: 40 }, (_, n) =>
    wellPc(at, { pc: `ladakh/leh/vc-${n}`, room: { en: 'x'.repeat(bufferLimitBytes / 10), hi: 'x' } }),
  );
  const { next } = await open();
  view.change({ subscribed: false });
  expect((await next()).event).toBe('snapshot');
  expect((await next()).data).toMatchObject({ subscribed: false });
  expect(warned).toEqual([]);
});
