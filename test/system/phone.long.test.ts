// @module-tag long
/** Tests voice calls with a real server and a telephone gateway that receives requests and sends results, over real HTTP. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { IncidentView } from '@sabha/contracts';
import { afterEach, expect, test } from 'vitest';
import { ask } from './centre-under-test.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import { startScriptedPc } from './scripted-pc.ts';

const token = 'a-secret-of-the-voice-4711';
const reports = { id: 'sid', status: 'status', delivered: ['completed'], failed: ['busy'], key: 'digits', caller: 'from' };
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Starts a gateway that collects the requested calls. */
async function gateway(): Promise<{ url: string; calls: { to: string; text: string }[] }> {
  const calls: { to: string; text: string }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      calls.push(JSON.parse(body));
      response.setHeader('content-type', 'application/json').end(`{"ok":true,"sid":"c-${calls.length}"}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/call`, calls };
}

async function centre(url: string): Promise<{ parts: Parts; mailbox: Mailbox }> {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-phone-'));
  ends.push(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${token}\n`);
  const mailbox = await openMailbox();
  ends.push(() => mailbox.close());
  const voice = {
    url,
    headers: { 'content-type': 'application/json' },
    body: '{"to":"{to}","text":"{text}"}',
    accepted: '"ok":true',
    idInAnswer: 'sid',
    rings: { from: '00:00', to: '00:00' },
    reports: { tokenFile, ...reports },
  };
  const asha = {
    id: 'asha',
    name: 'Asha',
    role: 'technician',
    scope: 'ladakh/leh',
    email: 'asha@office.test',
    channels: ['voice', 'email'],
  };
  const people = [
    { ...asha, addresses: { voice: '+919419000001' } },
    { id: 'devi', name: 'Devi', role: 'central', email: 'devi@office.test' },
  ];
  const parts = await createParts({ pcs: ['pc-1'], settings: { people, channels: { email: { port: mailbox.port }, voice } } });
  ends.push(() => parts.site.remove());
  await parts.start('broker');
  return { parts, mailbox };
}

test('a critical fault causes one call, also if the server is killed during the call, and a pressed key acknowledges afterwards', async () => {
  const { url, calls } = await gateway();
  const { parts, mailbox } = await centre(url);
  const flows = await parts.start('flows');
  const pc = startScriptedPc({ parts, pc: 'ladakh/leh/pc-1' });
  ends.push(() => pc.stop());
  const hook = (secret: string, fields: object) =>
    fetch(`http://127.0.0.1:${parts.site.ports.api}/hook/voice/${secret}`, { method: 'POST', body: new URLSearchParams({ ...fields }) });
  const incident = async () =>
    (await ask<IncidentView[]>(parts.site.ports, '/api/incidents')).find(({ scope }) => scope === 'ladakh/leh/pc-1');
  pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
  await expect.poll(() => calls.map(({ to }) => to), { timeout: 60_000 }).toEqual(['919419000001']);
  expect(calls[0]?.text).toMatch(/^This is Sabha\. .*Critical: Microphone not found.* Press 1 if you are going\./);
  // A kill between the response of the gateway and the commit would cause one more call, so the test waits for the commit.
  const metrics = async () => (await fetch(`http://127.0.0.1:${parts.site.ports.flowsMetrics}/metrics`)).text();
  await expect.poll(metrics, { timeout: 10_000 }).toMatch(/sabha_notifications_total\{channel="voice",outcome="accepted"\} 1/);
  await flows.end('SIGKILL');
  await parts.start('flows');
  expect((await hook('wrong', { sid: 'c-1', digits: '1' })).status).toBe(401);
  expect((await hook(token, { sid: 'c-1', digits: '1', status: 'in-progress' })).status).toBe(200);
  expect((await hook(token, { sid: 'c-1', status: 'completed' })).status).toBe(200);
  expect(await incident()).toMatchObject({ acknowledged: { by: 'Asha' } });
  expect(calls).toHaveLength(1);
  expect(mailbox.to('asha')).toEqual([]);
});
