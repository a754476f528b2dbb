/**
 * Setup for tests of the tabs: the real flows with an edited copy of the tabs, and real MQTT, mail and agent.
 * The clock of flows and agent runs faster by one factor.
 */
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults, type IncidentRow, type IncidentView } from '@sabha/contracts';
import type { TestContext } from 'vitest';
import type { FlowNode } from '../../flows/node-red/tabs-storage.ts';
import { ask } from './centre-under-test.ts';
import { type Mail, type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import type { Program } from './processes.ts';
import { type ScriptedPc, startScriptedPc } from './scripted-pc.ts';

const speed = 5;
/** Hold of a missing microphone, from the catalogue. */
export const holdMs = faults['microphone.missing'].holdMs;
const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
const people = [person('asha', 'technician'), person('stanzin', 'state'), person('meera', 'central')];

export type Edit = (nodes: FlowNode[]) => FlowNode[];
type Scene = { parts: Parts; mailbox: Mailbox; pc: ScriptedPc; flows: Program; tabs: string };

/** Starts flows with the edited tabs and one PC without faults. Tests run concurrently, so each test passes its own cleanup function. */
export async function open(atEnd: TestContext['onTestFinished'], change: Edit = (nodes) => nodes, site: object = {}): Promise<Scene> {
  const mailbox = await openMailbox();
  atEnd(() => mailbox.close());
  const parts = await createParts({ pcs: ['pc-1'], speed, settings: { people, site, channels: { email: { port: mailbox.port } } } });
  atEnd(() => parts.site.remove());
  const tabs = join(parts.site.folder, 'tabs');
  cpSync('flows/node-red/tabs', tabs, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  edit(tabs, change);
  await parts.start('broker');
  const flows = await parts.start('flows', { SABHA_TABS: tabs });
  const pc = startScriptedPc({ parts, pc: 'ladakh/leh/pc-1' });
  atEnd(() => pc.stop());
  return { parts, mailbox, pc, flows, tabs };
}

/**
 * Checks R24 (repeated offers and the default route) on tabs without one wire. `test/simulation/rules-people.test.ts` checks the limit of
 * 25 s, because there the test alone controls the clock.
 */
export async function centralHearsWithout(
  wire: readonly [string, string],
  heldMs: number,
  { expect, onTestFinished }: Pick<TestContext, 'expect' | 'onTestFinished'>,
): Promise<void> {
  const { parts, mailbox, pc } = await open(onTestFinished, (nodes) => without(nodes, ...wire));
  pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
  await expect.poll(() => receivers(mailbox), { timeout: 50_000 }).toEqual(['meera@office.test']);
  expect(ofRoom(mailbox)[0]?.text).toMatch(/Leh office, Room pc-1: Microphone not found/);
  const told = await toldCentral(parts);
  expect(told.atMs).toBeGreaterThanOrEqual(heldMs);
  expect(told.conclusion).toContain('default route: central told');
  await finding(parts, expect);
}

/** Returns the mails about the room. Excludes mails about the server itself, which a busy machine or an unfinished flow may cause. */
export function ofRoom({ mails }: Mailbox): Mail[] {
  return mails.filter(({ subject, text }) => (subject + text).includes('Room pc-1'));
}

export function receivers(mailbox: Mailbox): string[] {
  return ofRoom(mailbox)
    .map(({ to }) => to)
    .sort();
}

export function edit(tabs: string, change: Edit): void {
  for (const file of globSync(join(tabs, '*.json'))) writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
}

/** Returns the node with one string replaced. */
export function renamed(node: FlowNode, from: string, to: string): FlowNode {
  return JSON.parse(JSON.stringify(node).replaceAll(`"${from}"`, `"${to}"`)) as FlowNode;
}

/** Removes a wire, or the link between two tabs. Either end of a link may store it. */
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

/** Returns the node changed so that it throws at every message. */
export function throwing(node: FlowNode): FlowNode {
  return { ...node, type: 'change', rules: [{ t: 'set', p: 'to', pt: 'msg', to: '$error("broken on purpose")', tot: 'jsonata' }] };
}

/** Returns the only incident of the PC, in full. */
export async function incident(parts: Parts): Promise<IncidentView | undefined> {
  const all = await ask<IncidentRow[]>(parts.site.ports, '/api/incidents');
  const found = all.find(({ scope }) => scope === 'ladakh/leh/pc-1');
  return found && ask<IncidentView>(parts.site.ports, `/api/incidents/${found.id}`);
}

/** Returns when central was notified, in ms of the server clock after the fault. */
async function toldCentral(parts: Parts): Promise<{ atMs: number; conclusion: string | null | undefined }> {
  const found = await incident(parts);
  const told = found?.told.find(({ person: name }) => name === 'meera');
  const [raised] = found?.history ?? [];
  return { atMs: (told?.at ?? Number.NaN) - (raised?.at ?? Number.NaN), conclusion: raised?.conclusion };
}

/** Expects the separate fault that an unfinished flow raises by R24. */
async function finding(parts: Parts, expect: TestContext['expect']): Promise<void> {
  const found = async () =>
    (await ask<IncidentRow[]>(parts.site.ports, '/api/incidents')).flatMap((one) => one.faults.map(({ fault }) => fault));
  await expect.poll(found, { timeout: 40_000 }).toContain('centre.flow_unfinished');
}
