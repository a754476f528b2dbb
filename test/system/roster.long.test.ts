// @module-tag long
/** Tests the roster of a running server: import, immediate use, test message, check of the tabs, and a restart. */

import type { DutyView, ProofView, RosterCheck, RosterImport, RosterPerson } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, post as postTo } from './centre-under-test.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import { startScriptedPc } from './scripted-pc.ts';
import { ofRoom } from './tabs-scene.ts';

const devi = { id: 'devi', name: 'Devi', role: 'central', email: 'devi@office.test' };
let mailbox: Mailbox;
let parts: Parts;

beforeEach(async () => {
  mailbox = await openMailbox();
  parts = await createParts({ pcs: ['pc-1'], speed: 4, settings: { people: [devi], channels: { email: { port: mailbox.port } } } });
  await parts.start('broker');
});
afterEach(async () => {
  parts.site.remove();
  await mailbox.close();
});

const get = <T>(path: string) => ask<T>(parts.site.ports, path);
const post = <T>(path: string, body: object) => postTo<T>(parts.site, `/api/roster/${path}`, { by: 'Anil', ...body });
const csv = [
  'id,name,roles,scopes,language,channels,email,leave,deputy',
  'asha,Asha,technician,ladakh/leh,hi,email,asha@office.test,2020-01-01..2099-12-31,bina',
  'bina,Bina,technician,ladakh,hi,email,bina@office.test,,',
  '',
].join('\n');

test('an imported roster is used at once, an alert goes to the deputy, and the roster survives a restart', async () => {
  const flows = await parts.start('flows');
  const told = async () => (await get<DutyView>('/api/roster/duty?scope=ladakh/leh')).roles[0]?.persons.map(({ id }) => id);
  expect(await told()).toEqual(['devi']);
  const wrong = await post<RosterImport>('import', { csv: csv.replace('ladakh/leh', 'bihar'), apply: true });
  expect(wrong).toMatchObject({ status: 422, body: { applied: false, problems: [{ line: 2, column: 'scopes' }] } });
  expect(await told()).toEqual(['devi']);
  expect(await post<RosterImport>('import', { csv, apply: true })).toMatchObject({ status: 200, body: { applied: true } });
  expect(await told()).toEqual(['bina']);

  const proof = await post<ProofView>('test', { person: 'bina' });
  expect(proof).toMatchObject({ status: 200, body: { results: [{ channel: 'email', result: 'delivered' }] } });
  expect(mailbox.to('bina')[0]?.subject).toContain('टेस्ट मैसेज');
  const check = await get<RosterCheck>('/api/roster/check?days=2');
  expect(check).toMatchObject({ gaps: [], untold: [], unreached: [] });
  expect(check.places).toMatchObject([{ scope: 'ladakh/leh/pc-1', spans: [{ by: 'duty', persons: ['bina'] }] }]);

  const agent = startScriptedPc({ parts, pc: 'ladakh/leh/pc-1' });
  agent.set('microphone', 'room', 'microphone.missing', 'RoomMic');
  await expect.poll(() => mailbox.to('bina').length, { timeout: 40_000 }).toBe(2);
  expect(ofRoom(mailbox).filter(({ to }) => to !== 'bina@office.test')).toEqual([]);
  await agent.stop();

  await flows.end('SIGKILL');
  await parts.start('flows');
  expect(await told()).toEqual(['bina']);
  const [, , bina] = await get<RosterPerson[]>('/api/roster');
  expect(bina).toMatchObject({ id: 'bina', from: 'roster', reached: ['email'], proofs: { email: expect.any(Number) } });
});
