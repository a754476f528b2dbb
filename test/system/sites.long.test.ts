// @module-tag long
/** Tests the life cycle of a site from the CSV import to the first alert, with the API and a real agent over real MQTT. */

import {
  type CommandView,
  type IncidentRow,
  isPcPath,
  type RollCallView,
  type SiteDetail,
  type SitesImport,
  type SiteView,
} from '@sabha/contracts';
import * as v from 'valibot';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { routes } from '../../flows/api/routes.ts';
import { ask, post as postTo } from './centre-under-test.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import { type ScriptedPc, startScriptedPc } from './scripted-pc.ts';

const pc = 'goa/panaji/vc-1';
const people = [{ id: 'asha', name: 'Asha', role: 'technician', email: 'asha@office.test' }];
const columns =
  'state,site,pc,name_en,name_hi,stage,elevation_m,latitude,longitude,link,isp,link_id,contact_name,contact_phone,contact_email,time_zone,cameras,microphones,speakers';
const office = { state: 'goa', site: 'panaji', name_en: 'Panaji office', name_hi: 'पणजी', stage: 'planned', link: '4g' };
const rows: Record<string, string>[] = [
  { state: 'goa', name_en: 'Goa', name_hi: 'गोवा' },
  { ...office, cameras: '1', microphones: '1', speakers: '0' },
  { state: 'goa', site: 'panaji', pc: 'vc-1', name_en: 'Hall', name_hi: 'हॉल' },
];
const lines = rows.map((row) => columns.split(',').map((column) => row[column] ?? ''));
const good = [columns, ...lines.map((cells) => cells.join(','))].join('\n');

let mailbox: Mailbox;
let parts: Parts;
let agents: ScriptedPc[];

beforeEach(async () => {
  mailbox = await openMailbox();
  // A higher speed is not possible: a roll call takes 28 s of the server clock, and a busy machine must respond within that time.
  parts = await createParts({ pcs: ['pc-1'], speed: 4, settings: { people, channels: { email: { port: mailbox.port } } } });
  await parts.start('broker');
  agents = [];
});
afterEach(async () => {
  for (const agent of agents) await agent.stop();
  parts.site.remove();
  await mailbox.close();
});

const get = <T>(path: string) => ask<T>(parts.site.ports, path);
/** Excludes incidents of the server itself, which a busy machine may cause. */
const incidents = async () => (await get<IncidentRow[]>('/api/incidents')).filter(({ scope }) => isPcPath(scope));
const stageOf = async () => (await get<SiteView[]>('/api/sites')).find(({ site }) => site === 'goa/panaji')?.stage;

const post = <T>(path: string, body: object) => postTo<T>(parts.site, path, body);

/** Starts an agent with this token. */
function startAgent(path: string, tokens: Record<string, string>): ScriptedPc {
  parts.tokens.set(path, tokens[path] ?? '');
  const agent = startScriptedPc({ parts, pc: path });
  agents.push(agent);
  return agent;
}

test('a site is imported, commissioned and accepted, raises an alert, takes part in a roll call, and is closed', async () => {
  const flows = await parts.start('flows');
  const broken = good.replace('4g', '5g');
  const refused = await post<SitesImport>('/api/sites/import', { csv: broken, apply: true, by: 'Asha' });
  expect(refused).toMatchObject({ status: 422, body: { applied: false, problems: [{ line: 3, column: 'link' }] } });
  expect((await get<SiteView[]>('/api/sites')).map(({ site }) => site)).toEqual(['ladakh/leh']);

  const done = await post<SitesImport>('/api/sites/import', { csv: good, apply: true, by: 'Asha' });
  expect(done).toMatchObject({ status: 200, body: { applied: true, difference: { added: ['goa', 'goa/panaji', pc] } } });
  expect(await stageOf()).toBe('planned');

  const given = await post<{ tokens: Record<string, string> }>('/api/tokens', { pcs: [pc], by: 'Asha' });
  const agent = startAgent(pc, given.body.tokens);
  await expect.poll(stageOf, { timeout: 40_000 }).toBe('commissioning');

  agent.set('microphone', 'room', 'microphone.missing', 'RoomMic');
  const detail = () => get<SiteDetail>('/api/sites/goa/panaji');
  await expect.poll(async () => (await detail()).pcs[0]?.readiness, { timeout: 40_000 }).toBe('not-ready');
  const accept = () => post<{ error?: string }>('/api/sites/goa/panaji/stage', { stage: 'live', by: 'Asha' });
  expect(await accept()).toMatchObject({ status: 409, body: { error: expect.stringContaining('microphone.missing') } });
  agent.set('microphone', 'room', null, 'RoomMic');
  await expect
    .poll(async () => (await detail()).pcs[0], { timeout: 40_000 })
    .toMatchObject({ readiness: 'ready', config: { wanted: 1, held: 1 } });
  expect(await incidents()).toEqual([]);
  expect((await accept()).status).toBe(204);
  expect(await stageOf()).toBe('live');

  agent.set('camera', 'room', 'camera.missing', 'RoomCam');
  await expect.poll(() => mailbox.to('asha').length, { timeout: 40_000 }).toBe(1);
  expect(mailbox.to('asha')[0]?.text).toContain('Panaji office, Goa, Hall');

  // Waits for both at once, because a roll call ends when its last PC has responded.
  const calling = () => post<{ id: string }>('/api/rollcalls', { scope: 'goa', by: 'Asha' });
  const both = await Promise.all([calling(), calling()]);
  expect(both.filter(({ status }) => status === 409)).toHaveLength(1);
  const call = { id: both.find(({ status }) => status !== 409)?.body.id ?? '' };
  const called = () => get<RollCallView>(`/api/rollcalls/${call.id}`);
  await expect.poll(async () => (await called()).finishedAt, { timeout: 40_000 }).not.toBeNull();
  expect(await called()).toMatchObject({
    counts: { expected: 1, answered: 1, 'not-ready': 1 },
    rows: [{ pc, why: { fault: 'camera.missing' }, owner: 'Asha' }],
  });
  const table = await fetch(`http://127.0.0.1:${parts.site.ports.api}/api/rollcalls/${call.id}/table.csv`);
  const said = await table.text();
  expect([table.status, said]).toEqual([200, expect.stringContaining('not-ready,camera,camera.missing')]);
  expect((await detail()).pcs[0]?.calledAt).not.toBeNull();

  const ordering = { to: pc, verb: 'send-log', args: { lines: 5 }, by: 'Asha' };
  const { body: command } = await post<{ id: string }>('/api/commands', ordering);
  const commanded = () => get<CommandView>(`/api/commands/${command.id}`);
  await expect.poll(async () => (await commanded()).state, { timeout: 40_000 }).toBe('answered');
  expect(await commanded()).toMatchObject({ answers: [{ pc, outcome: 'done', reason: null }], missing: [] });
  expect((await commanded()).answers[0]?.lines).toContainEqual(expect.stringMatching(/info configuration taken$/));

  const saying = { to: '', text: 'The lift is closed today.', apply: true, by: 'Asha' };
  const { body: notice } = await post<{ id: number }>('/api/announcements', saying);
  await everyAnswerIsAsDocumented({
    'rollcalls/{id}': `rollcalls/${call.id}`,
    'commands/{id}': `commands/${command.id}`,
    'announcements/{id}': `announcements/${notice.id}`,
    'roster/day': 'roster/day?person=asha',
  });
  expect((await post('/api/sites/goa/panaji/stage', { stage: 'closed', by: 'Asha' })).status).toBe(204);
  await expect.poll(incidents, { timeout: 40_000 }).toMatchObject([{ over: 'closed', closedBecause: 'site closed' }]);
  expect(flows.lines.filter(({ level = 0 }) => level >= 50)).toEqual([]);
});

/** Parsing drops the fields that the schema does not have, so a difference means that OpenAPI is incomplete. */
async function everyAnswerIsAsDocumented(ids: Record<string, string>): Promise<void> {
  const [incident] = await get<IncidentRow[]>('/api/incidents');
  const parts: Record<string, string> = { state: 'goa', site: 'panaji', pc: 'vc-1' };
  const asked = {
    'incidents/{id}': `incidents/${incident?.id}`,
    'api/events': `api/events?of=goa/panaji&from=0&to=${Date.now()}`,
    explain: 'explain?scope=goa/panaji&fault=microphone.missing',
  };
  const known = Object.entries({ ...ids, ...asked });
  for (const {
    method,
    path,
    definition: { answer },
  } of routes) {
    if (method !== 'get' || answer === undefined || !('kind' in answer)) continue;
    const address = known.reduce((text, [part, filled]) => text.replace(part, filled), path);
    const said = await get(address.replace(/\{(\w+)\}/g, (_, part) => parts[part] ?? ''));
    const read = v.safeParse(answer, said);
    expect(read.issues ?? [], path).toEqual([]);
    expect(read.output, path).toEqual(said);
  }
}
