/** Deploys through the editor API of a real Node-RED in which the lint is enabled. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TabsStep } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OfferMessage } from '../../engine/records/incidents.ts';
import { type Live, startLive, wireMessage } from '../tabs.test-helper.ts';
import { createTabsOrders } from '../tabs.ts';
import type { FlowNode } from '../tabs-storage.ts';

let live: Live;
const steps: Omit<TabsStep, 'at'>[] = [];
beforeAll(async () => {
  live = await startLive({ record: async (step) => steps.push(step) > 0 });
});
afterAll(() => live.stop());

const tabs = () => structuredClone([...live.tabs.running()]);
const changed = (id: string, fields: object): FlowNode[] => tabs().map((node) => (node.id === id ? { ...node, ...fields } : node));
const answerTo = async (nodes: FlowNode[]) => {
  const init = { method: 'POST', headers: { ...live.headers, 'node-red-deployment-type': 'full' }, body: JSON.stringify(nodes) };
  const answer = await fetch(`${live.address}/flows`, init);
  return { status: answer.status, message: answer.ok ? '' : (await answer.json()).message };
};
const firstWait = async () => (await live.offer([{ message: wireMessage(), node: 'faults-hold' }]))[0]?.message.acts.at(-1);

test('a Deploy with a removed wire is refused with one line, and the old tabs continue to run', async () => {
  expect(await answerTo(changed('who-minor', { wires: [[]] }))).toEqual({
    status: 400,
    message: 'who-minor (minor: the technician): output 1 leads nowhere',
  });
  expect(await firstWait()).toMatchObject({ node: 'escalate-15-min' });
  expect(steps).toEqual([]);
});

test('a Deploy runs and is recorded with its user, and undo restores the former tabs without a restart', async () => {
  await live.deploy(changed('escalate-15-min', { duration: '5' }));
  const now = wireMessage().transition.at;
  expect(await firstWait()).toMatchObject({ dueAt: now + 5 * 60_000 });
  const orders = createTabsOrders({ tabs: live.tabs, red: () => live.red, steps: async () => [] });
  const runs = live.started();
  expect(await orders.undo('Anil')).toMatchObject({ ok: true, value: { lines: [expect.stringContaining('duration "5" → "15"')] } });
  await runs;
  expect(await firstWait()).toMatchObject({ dueAt: now + 15 * 60_000 });
  expect(steps.map(({ who, what }) => `${who}: ${what}`)).toEqual(['sabha: tabs deployed', 'Anil: tabs deployed']);
});

test('"Restart Flows" with a broken file keeps the last valid tabs and the editor running', async () => {
  writeFileSync(join(live.dir, '40-who.json'), '');
  const runs = live.started();
  const init = { method: 'POST', headers: { ...live.headers, 'node-red-deployment-type': 'reload' }, body: '{}' };
  expect((await fetch(`${live.address}/flows`, init)).ok).toBe(true);
  await runs;
  expect(live.tabs.refusal()).toBe('40-who.json: the file is empty');
  expect(await firstWait()).toMatchObject({ node: 'escalate-15-min' });
  const shown = await (await fetch(`${live.address}/flows`, { headers: live.headers })).json();
  expect(shown).toHaveLength(live.tabs.running().length);
});

test('a malformed message injected by hand causes one error line', async () => {
  live.lines.length = 0;
  const message = { ...wireMessage({ fault: 'pc.silent' }), incident: { scope: 'x' } } as OfferMessage;
  expect(await live.offer([{ message }])).toEqual([undefined]);
  expect(live.lines).toEqual(['not a message of the wires: incident.id: expected "id", found undefined']);
});

test('the thresholds of the correlate node apply from a Deploy on, and a threshold outside its range is refused', async () => {
  expect(live.correlated).toMatchObject({ regionSites: 3 });
  await live.deploy(changed('outages-numbers', { regionSites: '4' }));
  expect(live.correlated).toMatchObject({ regionSites: 4, siteShare: 0.8 });
  expect((await answerTo(changed('outages-numbers', { siteShare: '20' }))).message).toContain(
    'percent of the PCs of a site from 50 to 100',
  );
  await live.deploy(changed('outages-numbers', { regionSites: '3' }));
});

const explain = (change: Partial<OfferMessage> = {}, incident: Partial<OfferMessage['incident']> = {}) =>
  live.explainer.explain(wireMessage(change, incident), live.red.watch);

test('explain returns the nodes, holds, recipients and channels of the running tabs, and writes no conclusion', async () => {
  live.concluded.length = 0;
  const { nodes, notifications: tells, how } = await explain();
  expect(nodes.map(({ node, afterMs }) => [node, afterMs])).toEqual(
    expect.arrayContaining([
      ['new or worse?', 0],
      ["the fault's own hold time", 20_000],
      ['urgent: the technician', 20_000],
      ['15 min, unless acknowledged', 15 * 60_000],
    ]),
  );
  const at = (to: string, afterMs: number) =>
    ['own-order', 'webhook', 'console'].map((channel) => ({ to: [to], channel, severity: 'critical', afterMs }));
  expect(tells).toEqual([...at('technician', 20_000), ...at('state', 15 * 60_000), ...at('central', 45 * 60_000)]);
  expect(how).toBe('told');
  expect([live.concluded, steps.length]).toEqual([[], steps.length]);
  expect((await explain({ severity: 'info' })).how).toBe('not told: info only');
  const thin = await explain({ severity: 'minor', holdMs: 20_000 }, { link: 'geo' });
  expect(thin.notifications.map(({ afterMs }) => afterMs)).toEqual([60_000, 60_000, 60_000]);
});
