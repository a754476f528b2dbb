import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyAccounts, emptySiteOrders, scriptedView } from '../../api/scripted-view.test-helper.ts';
import { type Api, startApi } from '../../api/server.ts';
import type { Channel, HookCall } from '../../engine/records/notices.ts';
import type { Channels } from '../people/channels/channels.ts';
import { testClock } from '../people/people.test-helper.ts';
import { addHooks } from './routes.ts';

let api: Api;
let wallDir: string;
let heard: HookCall[];
let fails: boolean;
beforeEach(async () => {
  heard = [];
  fails = false;
  const send: Channel['send'] = async () => ({ result: 'delivered' });
  const hear: Channel['receiveCall'] = async (call) => {
    if (fails) throw new Error('the ledger is being reopened');
    if (call.token !== 'right') return { status: 401 };
    heard.push(call);
    return { status: 200, text: call.query.get('challenge') ?? '' };
  };
  const channels: Channels = new Map([
    ['sms', { channel: { send, receiveCall: hear }, reaches: () => true }],
    ['email', { channel: { send }, reaches: () => true }],
  ]);
  wallDir = await mkdtemp(join(tmpdir(), 'sabha-hook-'));
  await writeFile(join(wallDir, 'index.html'), '<!doctype html>');
  api = await startApi({
    port: 0,
    view: scriptedView(),
    siteOrders: emptySiteOrders(),
    accounts: emptyAccounts(),
    wallDir,
    modulesDir: 'node_modules',
    log: { warn() {}, error() {} },
    addAnswers: (app) => addHooks(app, { channels, clock: testClock() }),
  });
});
afterEach(async () => {
  await api.close();
  await rm(wallDir, { recursive: true });
});

const call = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${api.port}/hook/${path}`, init);
const post = (path: string, body: string, type: string) => call(path, { method: 'POST', body, headers: { 'content-type': type } });

test('the hook routes pass the call of a provider to its channel unchanged, in any format', async () => {
  expect((await post('sms/right', '{"a": 1}', 'application/json')).status).toBe(200);
  expect((await post('sms/right', 'a=%E0%A4%AE', 'application/x-www-form-urlencoded')).status).toBe(200);
  expect((await post('sms/right', 'माइक', 'text/plain')).status).toBe(200);
  const asked = await call('sms/right?id=7&challenge=%3Cb%3E');
  expect([asked.status, asked.headers.get('content-type'), await asked.text()]).toEqual([200, 'text/plain; charset=utf-8', '<b>']);
  expect(heard.map(({ method, body }) => `${method} ${body}`)).toEqual(['POST {"a": 1}', 'POST a=%E0%A4%AE', 'POST माइक', 'GET ']);
  expect(heard[3]?.query.get('id')).toBe('7');
});

test('the hook routes send the same response for every rejected call, even if the channel does not exist, and 429 for repeated ones', async () => {
  const tried = [];
  for (const path of ['sms/wrong', 'sms', 'email/right', 'pigeon/right', 'sms/wrong', 'sms/wrong', 'sms/wrong']) {
    const { status, text } = await post(path, 'x=1', 'application/x-www-form-urlencoded').then(async (one) => ({
      status: one.status,
      text: await one.text(),
    }));
    tried.push(`${status}${text}`);
  }
  expect(tried).toEqual(['401', '401', '401', '401', '401', '429', '429']);
  expect((await call('sms/right')).status).toBe(200);
  expect(heard).toHaveLength(1);
});

test('the hook routes reject a call that cannot be handled now, so that the provider repeats it, and a call that is too large', async () => {
  fails = true;
  expect((await call('sms/right')).status).toBe(500);
  fails = false;
  expect((await post('sms/right', 'x'.repeat(300_000), 'text/plain')).status).toBe(413);
  expect(heard).toEqual([]);
});
