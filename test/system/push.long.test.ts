// @module-tag long
/** Tests push notifications with a real server, a local push service, and a device that confirms what it showed. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DutyView, ProofView } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { pushService } from '../../flows/notify/people/channels/push-service.test-helper.ts';
import { ask, sampleOf } from './centre-under-test.ts';
import { openMailbox } from './mailbox.ts';
import { createParts } from './parts-under-test.ts';
import { startScriptedPc } from './scripted-pc.ts';
import { ofRoom } from './tabs-scene.ts';

const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
const people = [person('asha', 'technician'), person('devi', 'central')];
type Shown = { id: string; title: string; tag: string };

test('a registered device is notified before any mail is sent, also after a restart, and a notification that the device showed causes no mail', async ({
  onTestFinished,
}) => {
  const mailbox = await openMailbox();
  onTestFinished(() => mailbox.close());
  const behind = await pushService();
  onTestFinished(() => behind.close());
  const push = { contact: 'mailto:it@office.test', services: ['127.0.0.1'] };
  const parts = await createParts({ pcs: ['pc-1'], settings: { people, channels: { email: { port: mailbox.port }, push } } });
  onTestFinished(() => parts.site.remove());
  await parts.start('broker');
  const flows = await parts.start('flows');
  const at = (path: string) => `http://127.0.0.1:${parts.site.ports.api}${path}`;
  const post = async (path: string, body: object) =>
    fetch(at(path), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const shown = (): Shown[] => behind.pushed.map(({ text }) => JSON.parse(text));

  const { key } = await ask<{ key: string }>(parts.site.ports, '/api/devices?by=asha');
  expect(key).toMatch(/^[\w-]{87}$/);
  expect(statSync(join(parts.site.data, 'flows/push.key')).mode & 0o777).toBe(0o600);
  expect((await post('/api/devices', { by: 'asha', ...behind.device('phone', key) })).status).toBe(204);
  await flows.end('SIGTERM');
  await parts.start('flows');
  expect(await ask(parts.site.ports, '/api/devices?by=asha')).toMatchObject({ key, person: 'asha' });
  expect((await ask<DutyView>(parts.site.ports, '/api/roster/duty?scope=ladakh/leh')).roles[0]?.persons).toMatchObject([{ id: 'asha' }]);

  const asked = post('/api/roster/test', { by: 'devi', person: 'asha', channel: 'push' });
  await expect.poll(() => shown().length, { timeout: 20_000 }).toBe(1);
  expect((await fetch(at(`/hook/push/${shown()[0]?.id}x`), { method: 'POST' })).status).toBe(401);
  expect((await fetch(at(`/hook/push/${shown()[0]?.id}`), { method: 'POST' })).status).toBe(200);
  const proof = (await (await asked).json()) as ProofView;
  expect(proof.results).toMatchObject([{ channel: 'push', result: 'delivered' }]);

  const pc = startScriptedPc({ parts, pc: 'ladakh/leh/pc-1' });
  onTestFinished(() => pc.stop());
  pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
  const news = () => shown().find(({ tag }) => tag.startsWith('incident-'));
  await expect.poll(news, { timeout: 60_000 }).toMatchObject({ title: expect.stringContaining('Microphone not found') });
  expect((await fetch(at(`/hook/push/${news()?.id}`), { method: 'POST' })).status).toBe(200);
  await expect.poll(() => sampleOf(parts.site.ports.flowsMetrics, 'sabha_outbox_waiting'), { timeout: 20_000 }).toBe(0);
  expect(ofRoom(mailbox)).toEqual([]);
});
