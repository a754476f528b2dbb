// @module-tag long
/** Tests the rules for notifications on the tabs, with more kinds of edit than `policy.test.ts`. */
import { describe, test } from 'vitest';
import { type Edit, incident, ofRoom, open, receivers, renamed } from './tabs-scene.ts';

const stranger = { id: 'stranger', type: 'not-a-node', x: 9, y: 9, wires: [] };

describe.concurrent('the rules for notifications on the tabs', () => {
  test('one edited rule makes the microphone of this site critical and also notifies the state', async ({ expect, onTestFinished }) => {
    const rule: Edit = (nodes) => nodes.map((node) => renamed(node, 'example/example-office', 'ladakh/leh'));
    const { mailbox, pc } = await open(onTestFinished, rule);
    pc.set('microphone', 'room', 'microphone.muted', 'RoomMic');
    await expect.poll(() => receivers(mailbox), { timeout: 40_000 }).toEqual(['asha@office.test', 'stanzin@office.test']);
    for (const { subject } of ofRoom(mailbox)) expect(subject).toMatch(/: Critical: /);
  });

  test('R24, F21 after an edit that makes the tabs unusable, the last usable tabs run, and central is notified of the reason', async ({
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
