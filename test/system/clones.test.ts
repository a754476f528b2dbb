/** F8 through all of Sabha: a disk image on two machines. Real broker, flows and agents, and a mailbox. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Mailbox, openMailbox } from './mailbox.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import { type ScriptedPc, startScriptedPc } from './scripted-pc.ts';

const people = [
  { id: 'asha', name: 'Asha', role: 'technician', email: 'asha@office.test' },
  { id: 'desk', name: 'Desk', role: 'central', scope: '', email: 'desk@office.test' },
];
let mailbox: Mailbox;
let parts: Parts;
let machines: ScriptedPc[];

beforeEach(async () => {
  mailbox = await openMailbox();
  parts = await createParts({ pcs: ['pc-1', 'pc-2'], speed: 10, settings: { people, channels: { email: { port: mailbox.port } } } });
  await parts.start('broker');
  await parts.start('flows');
  machines = [];
});
afterEach(async () => {
  for (const machine of machines) await machine.stop();
  parts.site.remove();
  await mailbox.close();
});

function boot(pc: string, bootId: string): ScriptedPc {
  const machine = startScriptedPc({ parts, pc: `ladakh/leh/${pc}`, bootId });
  machines.push(machine);
  return machine;
}

test('F8 two machines with one disk are told of once, by the name of their PC; its neighbour stays connected', {
  tags: ['long'],
}, async () => {
  const neighbour = boot('pc-2', 'boot-of-the-neighbour');
  const pair = [boot('pc-1', 'boot-of-the-first'), boot('pc-1', 'boot-of-the-second')];
  await expect.poll(neighbour.isConnected, { timeout: 40_000 }).toBe(true);
  const told = () =>
    [...mailbox.to('asha'), ...mailbox.to('desk')].filter(({ subject }) => subject.includes('Two machines use the identity of this PC'));
  await expect.poll(() => told().length, { timeout: 30_000 }).toBeGreaterThan(0);
  expect(new Set(told().map(({ subject }) => subject)).size).toBe(1);
  expect(neighbour.isConnected()).toBe(true);
  // Whoever is thrown out hears of it a moment after the other one is in.
  await expect.poll(() => pair.filter((one) => one.isConnected()).length).toBeLessThanOrEqual(1);
});
