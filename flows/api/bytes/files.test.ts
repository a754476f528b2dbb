import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApi } from '../routes.test-helper.ts';
import type { Api } from '../server.ts';

let folder: string;
let api: Api;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sabha-updates-'));
  api = await openTestApi({ updatesDir: folder });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const get = async (name: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(`http://127.0.0.1:${api.port}/updates/${name}`, { headers });
  return { status: answer.status, range: answer.headers.get('content-range'), text: await answer.text() };
};

test('GET /updates/manifest.json returns 404 while no update is offered', async () => {
  expect(await get('manifest.json')).toMatchObject({ status: 404, text: '{"error":"no update is offered"}' });
});

test('manifest and bundle of an update are served, the bundle from any byte offset, and no other file of the folder', async () => {
  await writeFile(join(folder, 'manifest.json'), '{}');
  await writeFile(join(folder, 'agent.mjs'), 'abcdefghij');
  await writeFile(join(folder, 'release.key'), 'secret');
  expect(await get('manifest.json')).toMatchObject({ status: 200, text: '{}' });
  expect(await get('agent.mjs')).toMatchObject({ status: 200, range: null, text: 'abcdefghij' });
  expect(await get('agent.mjs', { range: 'bytes=4-' })).toEqual({ status: 206, range: 'bytes 4-9/10', text: 'efghij' });
  expect(await get('agent.mjs', { range: 'bytes=10-' })).toMatchObject({ status: 416, range: 'bytes */10' });
  expect(await get('agent.mjs', { range: 'bytes=2-3,5-6' })).toMatchObject({ status: 200, text: 'abcdefghij' });
  for (const name of ['release.key', '..%2Fledger.db', '']) expect((await get(name)).status).toBe(404);
});
