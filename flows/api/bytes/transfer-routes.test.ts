import { randomBytes } from 'node:crypto';
import { openReflectorToken, sealReflectorToken, transferBytes, transferPath } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { openTestApi } from '../routes.test-helper.ts';
import type { Api } from '../server.ts';

const key = randomBytes(32);
const clock = testClock();
let api: Api;

beforeAll(async () => {
  api = await openTestApi({ clock, prove: (token) => openReflectorToken(token, key, 0) });
});
afterAll(() => api.close());

const tokenOf = (pc: string) => sealReflectorToken(pc, 3_600_000, key).toString('base64url');

async function ask(token: string, body?: Uint8Array): Promise<{ status: number; bytes: number; text: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' };
  const given = body === undefined ? {} : { method: 'POST', body: Buffer.from(body) };
  const answer = await fetch(`http://127.0.0.1:${api.port}${transferPath}`, { headers, ...given });
  const text = await answer.bytes();
  return { status: answer.status, bytes: text.length, text: Buffer.from(text).toString().slice(0, 200) };
}

test('a PC may transfer a fixed number of bytes once a minute in each direction', async () => {
  const token = tokenOf('ladakh/leh/hall');
  expect(await ask(token)).toMatchObject({ status: 200, bytes: transferBytes });
  expect(await ask(token, randomBytes(transferBytes))).toMatchObject({ status: 200, text: expect.stringMatching(/^\{"bps":/) });
  expect(await ask(token)).toMatchObject({ status: 429, text: '{"error":"too soon: try again later"}' });
  expect(await ask(token, randomBytes(10))).toMatchObject({ status: 429 });
  expect(await ask(tokenOf('ladakh/leh/vc-2'))).toMatchObject({ status: 200 });
  await clock.pass(60_000);
  expect(await ask(token)).toMatchObject({ status: 200 });
});

test('a client without a valid token is refused, and an upload above the limit is stopped', async () => {
  for (const token of ['', 'x'.repeat(22), randomBytes(16).toString('base64url')]) {
    expect(await ask(token)).toMatchObject({ status: 401, text: '{"error":"no token of the reflector"}' });
    expect(await ask(token, randomBytes(10))).toMatchObject({ status: 401 });
  }
  const tooMuch = await ask(tokenOf('ladakh/leh/vc-3'), randomBytes(transferBytes * 2)).catch(() => ({ status: 413 }));
  expect(tooMuch.status).toBe(413);
});
