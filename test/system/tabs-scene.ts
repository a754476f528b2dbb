/**
 * A scene for what the tabs decide: the real flows on a copy of them, changed as a person would, with real MQTT, mail and agent.
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
/** Of a missing microphone, in the catalogue. */
export const holdMs = faults['microphone.missing'].holdMs;
const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
const people = [person('asha', 'technician'), person('stanzin', 'state'), person('meera', 'central')];

export type Edit = (nodes: FlowNode[]) => FlowNode[];
type Scene = { parts: Parts; mailbox: Mailbox; pc: ScriptedPc; flows: Program; tabs: string };

/** The tabs, changed, with one PC that is well. Tests run side by side, so that each hands in its own end. */
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
 * R24 on tabs that lack a wire. That it takes at most 25 s of the centre's time is proven where no other program shares the clock, in
 * `test/simulation/rules-people.test.ts`.
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

/** The mails about the room. What the centre says of itself comes in its own time: of a machine that starves, or of a flow that does not finish. */
export function ofRoom({ mails }: Mailbox): Mail[] {
  return mails.filter(({ subject, text }) => (subject + text).includes('Room pc-1'));
}

/** Who had a mail about the room. */
export function receivers(mailbox: Mailbox): string[] {
  return ofRoom(mailbox)
    .map(({ to }) => to)
    .sort();
}

/** As a person edits a tab: every file of it anew. */
export function edit(tabs: string, change: Edit): void {
  for (const file of globSync(join(tabs, '*.json'))) writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
}

/** The node with one word of it changed. */
export function renamed(node: FlowNode, from: string, to: string): FlowNode {
  return JSON.parse(JSON.stringify(node).replaceAll(`"${from}"`, `"${to}"`)) as FlowNode;
}

/** A wire, or the link between two tabs, which either end may hold. */
function without(nodes: FlowNode[], from: string, to: string): FlowNode[] {
  return nodes.map((node) => {
    if (node.id === from) return { ...node, wires: wiresWithout(node, to), links: linksWithout(node, to) };
    return node.id === to ? { ...node, links: linksWithout(node, from) } : node;
  });
}

/** The wires of a node but those to another. */
function wiresWithout(node: FlowNode, to: string): string[][] {
  return ((node['wires'] ?? []) as string[][]).map((output) => output.filter((id) => id !== to));
}

function linksWithout(node: FlowNode, to: string): string[] {
  return ((node['links'] ?? []) as string[]).filter((id) => id !== to);
}

/** The node, which breaks at every message. */
export function throwing(node: FlowNode): FlowNode {
  return { ...node, type: 'change', rules: [{ t: 'set', p: 'to', pt: 'msg', to: '$error("broken on purpose")', tot: 'jsonata' }] };
}

/** The one incident of the PC, whole. */
export async function incident(parts: Parts): Promise<IncidentView | undefined> {
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
  await expect.poll(found, { timeout: 40_000 }).toContain('centre.flow_unfinished');
}
