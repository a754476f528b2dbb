import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { fleetOf, handClock, pc1, pcNow } from './exporter.test-helper.ts';
import { pollApi } from './poller.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A poller at a real HTTP server; `told` gives what it brought, one after the other. */
async function stage(answer: RequestListener, address?: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = handClock();
  const told: string[] = [];
  const api = address ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const onSnapshot = (snapshot: { pcs: { pc: string }[] }) => void told.push(`snapshot of ${snapshot.pcs.map(({ pc }) => pc)}`);
  const poller = pollApi({ api, clock, onSnapshot, onFailed: (line) => void told.push(line) });
  closing.push(poller.close, () => {
    server.close();
    server.closeAllConnections();
  });
  return { clock, asked, told, poller };
}

const good = JSON.stringify({ at: 1, ...fleetOf([pcNow(pc1)]), more: 'unread' });

test('it asks at once and then every 5 s', async () => {
  const { clock, asked, told } = await stage((_, response) => response.end(good));
  await expect.poll(() => told).toEqual([`snapshot of ${pc1}`]);
  clock.pass(4_999);
  expect(asked).toEqual(['GET /api/snapshot']);
  clock.pass(1);
  await expect.poll(() => told).toHaveLength(2);
});

test('an answer that takes 4 s is none, and the next question follows a second later', async () => {
  let isHung = true;
  const { clock, asked, told } = await stage((_, response) => {
    if (!isHung) response.end(good);
  });
  await expect.poll(() => asked).toHaveLength(1);
  clock.pass(3_999);
  isHung = false;
  clock.pass(1);
  await expect.poll(() => told).toEqual(['no answer in 4 s']);
  clock.pass(1_000);
  await expect.poll(() => told).toEqual(['no answer in 4 s', `snapshot of ${pc1}`]);
});

test('an answer that begins and never ends is none', async () => {
  const { clock, asked, told } = await stage((_, response) => response.write(good.slice(0, 40)));
  await expect.poll(() => asked).toHaveLength(1);
  clock.pass(4_000);
  await expect.poll(() => told).toEqual(['no answer in 4 s']);
});

test.each<[string, RequestListener, RegExp]>([
  ['another status', (_, response) => response.writeHead(503).end('{}'), /^answered with status 503$/],
  ['no JSON', (_, response) => response.end('<html>'), /JSON/],
  [
    'a redirect',
    (request, response) => (request.url === '/x' ? response.end(good) : response.writeHead(302, { location: '/x' }).end()),
    /redirect/,
  ],
  ['no snapshot', (_, response) => response.end('{"sites":[]}'), /^not a snapshot: subscribed: expected/],
  [
    'a presence that nobody knows',
    (_, response) => response.end(good.replace('"online"', '"asleep"')),
    /^not a snapshot: pcs\.0\.presence: expected .*found "asleep"$/,
  ],
  ['a path that is none', (_, response) => response.end(good.replace(`"${pc1}"`, '"$(reboot)"')), /^not a snapshot: pcs\.0\.pc: /],
])('%s is one line', async (_, answer, line) => {
  const { told } = await stage(answer);
  await expect.poll(() => told).toEqual([expect.stringMatching(line)]);
  expect(told[0]).not.toContain('\n');
});

test('nobody there is one line', async () => {
  const { told } = await stage(() => {}, `http://127.0.0.1:${await freedPort()}`);
  await expect.poll(() => told).toEqual(['ECONNREFUSED']);
});

test('after close nothing is told and nothing is asked any more', async () => {
  let isGone = false;
  const { clock, asked, told, poller } = await stage((_, response) => response.once('close', () => (isGone = true)));
  await expect.poll(() => asked).toHaveLength(1);
  poller.close();
  await expect.poll(() => isGone).toBe(true);
  clock.pass(60_000);
  expect(asked).toHaveLength(1);
  expect(told).toEqual([]);
});

async function freedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
