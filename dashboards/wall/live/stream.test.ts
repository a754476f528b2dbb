import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createEventSplitter, followStream, silentLimitMs } from './stream.js';

const server = createServer((_request, response) => void streams.push(response));
const streams: ServerResponse[] = [];
let said: string[];
let stop: () => void = () => {};

beforeEach(async () => {
  said = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  stop();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  streams.length = 0;
});

function listen() {
  const { port } = server.address() as AddressInfo;
  stop = followStream(`http://127.0.0.1:${port}/`, {
    onSnapshot: ({ at }) => said.push(`snapshot ${at}`),
    onChange: ({ at }) => said.push(`change ${at}`),
    onLost: () => said.push('lost'),
    retryMs: [5],
  });
}
const send = (nth: number, text: string) => expect.poll(() => streams[nth]?.write(text), { interval: 5 }).toBeDefined();
const hears = (words: string[]) => expect.poll(() => said.slice(0, words.length), { interval: 5 }).toEqual(words);

test('a snapshot and changes are passed on, and a broken stream is reported lost and reconnects', async () => {
  listen();
  await send(0, 'retry: 2000\nid: 1\nevent: snapshot\ndata: {"at":1}\n\nid: 2\nevent: change\nda');
  await hears(['snapshot 1']);
  await send(0, 'ta: {"at":2}\n\n');
  await hears(['snapshot 1', 'change 2']);
  streams[0]?.destroy();
  await send(1, 'event: snapshot\ndata: {"at":3}\n\n');
  await hears(['snapshot 1', 'change 2', 'lost', 'snapshot 3']);
});

test('a stream that stays open but silent is reported lost', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  listen();
  await send(0, 'event: snapshot\ndata: {"at":1}\n\n');
  await hears(['snapshot 1']);
  vi.advanceTimersByTime(silentLimitMs - 1);
  expect(streams[0]?.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  await hears(['snapshot 1', 'lost']);
});

test('events are split correctly from chunks of any size', () => {
  const text = ': comment\n\nid: 1\nevent: snapshot\ndata: {"a":"माइक: x"}\n\nevent: change\ndata: {}\n\n';
  for (const size of [1, 7, text.length]) {
    const found: [string, string][] = [];
    const push = createEventSplitter((event, data) => found.push([event, data]));
    for (let at = 0; at < text.length; at += size) push(text.slice(at, at + size));
    expect(found.filter(([event]) => event !== '')).toEqual([
      ['snapshot', '{"a":"माइक: x"}'],
      ['change', '{}'],
    ]);
  }
});
