/**
 * Policy stands on the tabs: the real flows on a copy of them, changed as a person would, with real MQTT, mail and agent.
 * The clock of flows and agent runs faster by one factor; all limits are judged in its time.
 */
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'vitest';
import { faults, type IncidentRow, type IncidentView } from '#contracts';
import type { FlowNode } from '../../flows/node-red/tabs-storage.ts';
import { ask } from './centre-under-test.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import type { Program } from './processes.ts';
import { type ScriptedPc, startScriptedPc } from './scripted-pc.ts';

const speed = 5;
/** R24: from the firing to central. */
const limitMs = 25_000;
/** Of a missing microphone, in the catalogue. */
const holdMs = faults['microphone.missing'].holdMs;
const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
const people = [person('asha', 'technician'), person('stanzin', 'state'), person('meera', 'central')];

type Edit = (nodes: FlowNode[]) => FlowNode[];
type Scene = { parts: Parts; mailbox: Mailbox; pc: ScriptedPc; flows: Program; tabs: string };

describe.concurrent('the tabs', () => {
  test('as they are, a muted microphone is major and goes to the technician alone', async ({ expect, onTestFinished }) => {
    const { mailbox, pc } = await open(onTestFinished);
    pc.set('microphone', 'room', 'microphone.muted', 'RoomMic');
    await expect.poll(() => mailbox.mails.length, { timeout: 15_000 }).toBe(1);
    expect(mailbox.mails[0]).toMatchObject({ to: 'asha@office.test', subject: expect.stringMatching(/^Major: /) });
  });

  test('one edited rule makes this site’s microphone critical and tells the state too', async ({ expect, onTestFinished }) => {
    const rule: Edit = (nodes) => nodes.map((node) => renamed(node, 'example/example-office', 'ladakh/leh'));
    const { mailbox, pc } = await open(onTestFinished, rule);
    pc.set('microphone', 'room', 'microphone.muted', 'RoomMic');
    await expect
      .poll(() => mailbox.mails.map(({ to }) => to).sort(), { timeout: 15_000 })
      .toEqual(['asha@office.test', 'stanzin@office.test']);
    for (const { subject } of mailbox.mails) expect(subject).toMatch(/^Critical: /);
  });

  test('at 3,524 m a PC that was started frozen is told to technician and state at once; a finding wakes nobody', async ({
    expect,
    onTestFinished,
  }) => {
    const site = { profile: { link: 'geo', elevationM: 3_524 } };
    const { parts, mailbox, pc } = await open(onTestFinished, undefined, site);
    pc.set('link', 'budget', 'link.budget_spent');
    await expect.poll(async () => (await incident(parts))?.history[0]?.conclusion, { timeout: 15_000 }).toMatch(/^on hold \(thin link\)/);
    expect(mailbox.mails).toEqual([]);
    pc.set('climate', 'board', 'climate.cold_start');
    await expect
      .poll(() => mailbox.mails.map(({ to }) => to).sort(), { timeout: 15_000 })
      .toEqual(['asha@office.test', 'stanzin@office.test']);
    for (const { subject } of mailbox.mails) expect(subject).toMatch(/Major: The PC was started while frozen/);
  });

  test.for([
    { wire: ['faults-head', 'faults-kind'], heldMs: 0 },
    { wire: ['faults-hold', 'faults-held'], heldMs: 0 },
    { wire: ['faults-to-who', 'who-in'], heldMs: holdMs },
    { wire: ['deliver-email', 'deliver-webhook'], heldMs: holdMs },
  ])('R24 without the wire $wire central hears of it within 25 s', async ({ wire, heldMs }, { expect, onTestFinished }) => {
    const [from = '', to = ''] = wire;
    const { parts, mailbox, pc } = await open(onTestFinished, (nodes) => without(nodes, from, to));
    pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
    await expect.poll(() => mailbox.to('meera').length, { timeout: 30_000 }).toBe(1);
    expect(mailbox.to('meera')[0]).toMatchObject({ text: expect.stringMatching(/Leh office, Room pc-1: Microphone not found/) });
    const told = await toldCentral(parts);
    expect(told.atMs - heldMs).toBeLessThanOrEqual(limitMs);
    expect(told.conclusion).toContain('default route: central told');
    await finding(parts, expect);
  });

  test('R25 when a wait whose timer runs is deleted, central hears of it within 25 s of the firing', async ({ expect, onTestFinished }) => {
    const { parts, mailbox, pc, flows, tabs } = await open(onTestFinished);
    pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
    await expect.poll(async () => (await incident(parts))?.history[0]?.conclusion, { timeout: 15_000 }).toBe('on hold');
    await flows.end('SIGTERM');
    edit(tabs, (nodes) =>
      nodes.filter(({ id }) => id !== 'faults-hold').map((node) => ({ ...node, wires: wiresWithout(node, 'faults-hold') })),
    );
    await parts.start('flows', { SABHA_TABS: tabs });
    await expect.poll(() => mailbox.to('meera').length, { timeout: 30_000 }).toBe(1);
    const told = await toldCentral(parts);
    expect(told.atMs).toBeGreaterThanOrEqual(holdMs);
    expect(told.atMs - holdMs).toBeLessThanOrEqual(limitMs);
  });

  test('R24 when an edit left tabs that cannot run at all, central still hears of it within 25 s', async ({ expect, onTestFinished }) => {
    const { parts, mailbox, pc } = await open(onTestFinished, (nodes) => [
      ...nodes,
      { id: 'stranger', type: 'not-a-node', z: 'tab-watch', x: 9, y: 9, wires: [] },
    ]);
    pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
    await expect.poll(() => mailbox.to('meera').length, { timeout: 30_000 }).toBe(1);
    expect((await toldCentral(parts)).atMs).toBeLessThanOrEqual(limitMs);
  });

  test('an error in a node is caught, told to central, and named in the history of the incident', async ({ expect, onTestFinished }) => {
    const { parts, mailbox, pc } = await open(onTestFinished, (nodes) =>
      nodes.map((node) => (node.id === 'who-technician' ? throwing(node) : node)),
    );
    pc.set('microphone', 'room', 'microphone.muted', 'RoomMic');
    await expect.poll(() => mailbox.mails.map(({ to }) => to), { timeout: 15_000 }).toEqual(['meera@office.test']);
    expect(mailbox.mails[0]?.subject).toMatch(/^Major: Microphone muted/);
    expect((await incident(parts))?.history[0]?.conclusion).toMatch(/error on the tab: .*broken on purpose.*who-technician/);
  });
});

/** Tests of this file run side by side, so that each hands in its own end. */
async function open(atEnd: TestContext['onTestFinished'], change: Edit = (nodes) => nodes, site: object = {}): Promise<Scene> {
  const mailbox = await openMailbox();
  atEnd(() => mailbox.close());
  const parts = await createParts({ pcs: ['pc-1'], speed, settings: { people, site, channels: { email: { port: mailbox.port } } } });
  atEnd(() => parts.site.remove());
  const tabs = join(parts.site.folder, 'tabs');
  cpSync('flows/tabs', tabs, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  edit(tabs, change);
  await parts.start('broker');
  const flows = await parts.start('flows', { SABHA_TABS: tabs });
  const pc = startScriptedPc({ parts, pc: 'ladakh/leh/pc-1' });
  atEnd(() => pc.stop());
  return { parts, mailbox, pc, flows, tabs };
}

/** As a person edits a tab: every file of it anew. */
function edit(tabs: string, change: Edit): void {
  for (const file of globSync(join(tabs, '*.json'))) writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
}

function renamed(node: FlowNode, from: string, to: string): FlowNode {
  return JSON.parse(JSON.stringify(node).replaceAll(`"${from}"`, `"${to}"`)) as FlowNode;
}

/** A wire, or the link between two tabs, which either end may hold. */
function without(nodes: FlowNode[], from: string, to: string): FlowNode[] {
  return nodes.map((node) => {
    if (node.id === from) return { ...node, wires: wiresWithout(node, to), links: linksWithout(node, to) };
    return node.id === to ? { ...node, links: linksWithout(node, from) } : node;
  });
}

function wiresWithout(node: FlowNode, to: string): string[][] {
  return ((node['wires'] ?? []) as string[][]).map((output) => output.filter((id) => id !== to));
}

function linksWithout(node: FlowNode, to: string): string[] {
  return ((node['links'] ?? []) as string[]).filter((id) => id !== to);
}

function throwing(node: FlowNode): FlowNode {
  return { ...node, rules: [{ t: 'set', p: 'to', pt: 'msg', to: '$error("broken on purpose")', tot: 'jsonata' }] };
}

async function incident(parts: Parts): Promise<IncidentView | undefined> {
  const all = await ask<IncidentRow[]>(parts.site.ports, '/api/incidents');
  const found = all.find(({ scope }) => scope === 'ladakh/leh/pc-1');
  return found && ask<IncidentView>(parts.site.ports, `/api/incidents/${found.id}`);
}

/** When central was told, from the moment of the fault, in the time of the centre. */
async function toldCentral(parts: Parts): Promise<{ atMs: number; conclusion: string | null | undefined }> {
  const found = await incident(parts);
  const told = found?.told.find(({ person: name }) => name === 'meera');
  const [raised] = found?.history ?? [];
  return { atMs: (told?.at ?? Number.NaN) - (raised?.at ?? Number.NaN), conclusion: raised?.conclusion };
}

/** R24: that a flow did not finish is a finding of its own. */
async function finding(parts: Parts, expect: TestContext['expect']): Promise<void> {
  const found = async () =>
    (await ask<IncidentRow[]>(parts.site.ports, '/api/incidents')).flatMap((one) => one.faults.map(({ fault }) => fault));
  await expect.poll(found, { timeout: 10_000 }).toContain('centre.flow_unfinished');
}
