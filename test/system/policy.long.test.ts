// @module-tag long
/** Policy stands on the tabs: what `policy.test.ts` samples, for each wire and each kind of edit. */
import { describe, test } from 'vitest';
import {
  centralHearsWithout,
  type Edit,
  edit,
  holdMs,
  incident,
  ofRoom,
  open,
  receivers,
  renamed,
  toldCentral,
  wiresWithout,
} from './tabs-scene.ts';

const stranger = { id: 'stranger', type: 'not-a-node', x: 9, y: 9, wires: [] };

describe.concurrent('the tabs', () => {
  test('one edited rule makes this site’s microphone critical and tells the state too', async ({ expect, onTestFinished }) => {
    const rule: Edit = (nodes) => nodes.map((node) => renamed(node, 'example/example-office', 'ladakh/leh'));
    const { mailbox, pc } = await open(onTestFinished, rule);
    pc.set('microphone', 'room', 'microphone.muted', 'RoomMic');
    await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['asha@office.test', 'stanzin@office.test']);
    for (const { subject } of ofRoom(mailbox)) expect(subject).toMatch(/: Critical: /);
  });

  test('at 3,524 m a PC that was started frozen is told to technician and state at once; a finding wakes nobody', async ({
    expect,
    onTestFinished,
  }) => {
    const site = { profile: { link: 'geo', elevationM: 3_524 } };
    const { parts, mailbox, pc } = await open(onTestFinished, undefined, site);
    pc.set('link', 'budget', 'link.budget_spent');
    await expect.poll(async () => (await incident(parts))?.history[0]?.conclusion, { timeout: 40_000 }).toMatch(/^on hold \(thin link\)/);
    expect(ofRoom(mailbox)).toEqual([]);
    pc.set('climate', 'board', 'climate.cold_start');
    await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['asha@office.test', 'stanzin@office.test']);
    for (const { subject } of ofRoom(mailbox)) expect(subject).toMatch(/Major: The PC was switched on while ice-cold/);
  });

  test.for([
    { wire: ['faults-head', 'faults-kind'], heldMs: 0 },
    { wire: ['faults-hold', 'faults-held'], heldMs: 0 },
    { wire: ['deliver-own-order', 'deliver-webhook'], heldMs: holdMs },
  ] as const)('R24 without the wire $wire central hears of it by the default route', ({ wire, heldMs }, context) =>
    centralHearsWithout(wire, heldMs, context),
  );

  test('R25 when a wait whose timer runs is deleted, central hears of it after the firing', async ({ expect, onTestFinished }) => {
    const { parts, mailbox, pc, flows, tabs } = await open(onTestFinished);
    pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
    await expect.poll(async () => (await incident(parts))?.history[0]?.conclusion, { timeout: 40_000 }).toBe('on hold');
    await flows.end('SIGTERM');
    edit(tabs, (nodes) =>
      nodes.filter(({ id }) => id !== 'faults-hold').map((node) => ({ ...node, wires: wiresWithout(node, 'faults-hold') })),
    );
    await parts.start('flows', { SABHA_TABS: tabs });
    await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['meera@office.test']);
    const told = await toldCentral(parts);
    expect(told.atMs).toBeGreaterThanOrEqual(holdMs);
  });

  test('R24, F21 when an edit left tabs that cannot run at all, the last good ones run, and central hears why', async ({
    expect,
    onTestFinished,
  }) => {
    const { parts, mailbox, pc } = await open(onTestFinished, (nodes) => [
      ...nodes,
      ...nodes.filter(({ id }) => id === 'tab-watch').map((tab) => ({ ...stranger, z: tab.id })),
    ]);
    pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
    await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['asha@office.test']);
    const central = () => mailbox.to('meera').map(({ text }) => text);
    await expect.poll(central, { timeout: 40_000 }).toContainEqual(expect.stringContaining('nodes of type "not-a-node" are not used'));
    expect((await incident(parts))?.history[0]?.conclusion).not.toContain('default route');
  });
});
