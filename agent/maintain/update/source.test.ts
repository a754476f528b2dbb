import { once } from 'node:events';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { serverSubjects } from '@sabha/contracts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../../test/certificate.ts';
import { createUpdateSource } from './source.ts';

const tls = selfSigned(['localhost'], serverSubjects.centre);
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

test("the update client fetches the manifest, and the bundle from any byte on, from a server that the PC's own roots verify", async () => {
  const source = createUpdateSource(at, { roots: () => [tls.cert] });
  expect(await source.manifest()).toBe('{"signed":"x"}');
  for (const [from, rest] of [
    [0, 'abcdefghij'],
    [4, 'efghij'],
  ] as const) {
    const answer = await source.bundle(from);
    expect([answer.from, await text(answer.pieces)]).toEqual([from, rest]);
  }
  expect(asked).toEqual(['/updates/manifest.json', '/updates/agent.mjs', '/updates/agent.mjs bytes=4-']);
});

test('S10 the update client requests nothing from a server of another authority, even if the system trusts that authority', async () => {
  const before = asked.length;
  await expect(createUpdateSource(at, { roots: () => [selfSigned(['localhost']).cert] }).manifest()).rejects.toThrow();
  await expect(createUpdateSource(at, { roots: () => [] }).manifest()).rejects.toThrow();
  expect(asked).toHaveLength(before);
});

async function centreThat(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const plain = createPlain((request, response) => answer(response, request));
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  onTestFinished(() => {
    plain.closeAllConnections();
    plain.close();
  });
  return `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
}

test('F25 the update client rejects when the connection is reset in the middle of a bundle, and the process survives', async () => {
  const centre = await centreThat((response, { socket }) => response.writeHead(200).write('abc', () => socket.resetAndDestroy()));
  const { pieces } = await createUpdateSource(centre).bundle(0);
  await expect(text(pieces)).rejects.toThrow();
  await turn();
});

test('F25 the update client rejects when the server falls silent in the middle of a bundle, and the process survives', {
  tags: ['long'],
}, async () => {
  const centre = await centreThat((response) => response.writeHead(200).write('abc'));
  const { pieces } = await createUpdateSource(centre, { limitMs: 1_000 }).bundle(0);
  await expect(text(pieces)).rejects.toThrow();
  await turn();
});

test('S10 the update client cuts off an endless manifest', async () => {
  let sent = 0;
  const centre = await centreThat((response) => {
    const go = () => {
      if (!response.destroyed) response.write('x'.repeat(8_192), () => setImmediate(go));
      sent += 8_192;
    };
    go();
  });
  await expect(createUpdateSource(centre).manifest()).rejects.toThrow('the manifest is too large');
  expect(sent).toBeLessThan(4 * 2 ** 20);
});
