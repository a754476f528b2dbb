import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doors } from '#contracts';
import { selfSigned } from '../../test/certificate.ts';
import { createOffers } from './offers.ts';

const tls = selfSigned(['localhost'], doors.centre);
const bundle = 'abcdefghij';
const asked: string[] = [];
const server = createServer(tls, ({ url, headers }, response) => {
  asked.push(`${url} ${headers.range ?? ''}`.trim());
  const from = Number(/\d+/.exec(headers.range ?? '0')?.[0]);
  if (url === '/updates/manifest.json') response.end('{"signed":"x"}');
  else if (url === '/updates/agent.mjs') response.writeHead(from > 0 ? 206 : 200).end(bundle.slice(from));
  else response.writeHead(404).end();
});
let at: string;

beforeAll(async () => {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  at = `https://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('an enrolled PC asks the centre that its own roots vouch for; the bundle comes from any byte on', async () => {
  const offers = createOffers(at, [tls.cert]);
  expect(await offers.manifest()).toBe('{"signed":"x"}');
  for (const [from, rest] of [
    [0, 'abcdefghij'],
    [4, 'efghij'],
  ] as const) {
    const answer = await offers.bundle(from);
    expect([answer.from, await text(answer.pieces)]).toEqual([from, rest]);
  }
  expect(asked).toEqual(['/updates/manifest.json', '/updates/agent.mjs', '/updates/agent.mjs bytes=4-']);
});

test('S10 a centre that another authority vouches for is not asked, whatever the system trusts', async () => {
  const before = asked.length;
  await expect(createOffers(at, [selfSigned(['localhost']).cert]).manifest()).rejects.toThrow();
  await expect(createOffers(at, []).manifest()).rejects.toThrow();
  expect(asked).toHaveLength(before);
});

test('a centre that offers nothing says so, and one that is not there is a reason', async () => {
  const offers = createOffers(`${at}/elsewhere`, [tls.cert]);
  expect(await offers.manifest()).toBeNull();
  await expect(offers.bundle(0)).rejects.toThrow('the centre answered 404');
  await expect(createOffers('http://127.0.0.1:9').manifest()).rejects.toThrow('ECONNREFUSED');
});
