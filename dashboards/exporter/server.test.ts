import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type PageSources, servePages } from './server.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const own: PageSources['own'] = async () => ({ type: 'text/plain; version=0.0.4; charset=utf-8', text: 'a 1\n' });

async function serve(fleet: PageSources['fleet'] = () => ['b 1\n', 'c 2\n']) {
  const server = await servePages({ own, fleet, unready: () => 'the broker does not answer' }, 0);
  closing.push(server.close);
  return { ...server, at: `http://127.0.0.1:${server.port}` };
}

test('it serves two pages and the health paths, rejects other requests, and reports a port in use in one line', async () => {
  const { at, port } = await serve();
  const page = await fetch(`${at}/metrics`);
  expect([page.headers.get('content-type'), await page.text()]).toEqual(['text/plain; version=0.0.4; charset=utf-8', 'a 1\n']);
  const fleet = await fetch(`${at}/metrics/pcs`, { headers: { 'accept-encoding': 'identity' } });
  expect(fleet.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(fleet.headers.get('content-encoding')).toBe(null);
  expect(await fleet.text()).toBe('b 1\nc 2\n');
  expect((await fetch(`${at}/`)).status).toBe(404);
  expect(await (await fetch(`${at}/healthz`)).json()).toEqual({ alive: true });
  expect(await (await fetch(`${at}/readyz`)).json()).toEqual({ ready: false, because: 'the broker does not answer' });
  expect((await fetch(`${at}/metrics/pcs`, { method: 'POST' })).status).toBe(404);
  await expect(servePages({ own, fleet: () => [] }, port)).rejects.toThrow(`port ${port} is in use by another program (127.0.0.1:${port})`);
});

test('a request with gzip encoding gets a compressed page', async () => {
  const { at } = await serve(() => Array.from({ length: 1_000 }, () => 'sabha_pc_up{pc="a/b/c"} 1\n'));
  const answer = await fetch(`${at}/metrics/pcs`, { headers: { 'accept-encoding': 'gzip' } });
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(await answer.text()).toBe('sabha_pc_up{pc="a/b/c"} 1\n'.repeat(1_000));
});

test('other work runs between two chunks of a page', async () => {
  let turns = 0;
  const seen: number[] = [];
  const { at } = await serve(function* () {
    for (let piece = 0; piece < 20; piece++) {
      seen.push(turns);
      yield `x ${piece}\n`;
    }
  });
  const count = (): void => {
    turns += 1;
    if (seen.length < 20) setImmediate(count);
  };
  const answer = fetch(`${at}/metrics/pcs`);
  setImmediate(count);
  await (await answer).text();
  expect(new Set(seen).size).toBe(20);
});

test.each(['identity', 'gzip'])(
  'a reader that does not read stops the generation of the page, and a disconnect ends it (%s)',
  async (encoding) => {
    let made = 0;
    let ended = false;
    const piece = Buffer.from(Array.from({ length: 48 * 1024 }, () => Math.floor(Math.random() * 256))).toString('latin1');
    const { port } = await serve(function* () {
      try {
        for (made = 0; made < 5_000; made++) yield piece;
      } finally {
        ended = true;
      }
    });
    const reader = connect(port, '127.0.0.1');
    await once(reader, 'connect');
    reader.pause();
    reader.write(`GET /metrics/pcs HTTP/1.1\r\nhost: x\r\naccept-encoding: ${encoding}\r\n\r\n`);
    await expect.poll(() => made).toBeGreaterThan(0);
    let before = -1;
    while (made !== before) {
      before = made;
      await delay(100);
    }
    expect(made).toBeLessThan(5_000);
    reader.destroy();
    await expect.poll(() => ended).toBe(true);
    expect(made).toBeLessThan(5_000);
  },
);
