import { expect, it } from 'vitest';
import { readInventory } from './inventory.ts';

const signal = AbortSignal.timeout(30_000);
const mic = { id: 'mic', name: 'Room', muted: false, volume: 1, usedBy: ['zoom'] };
const machine = async () => ({ os: { platform: 'linux' }, cpu: { cores: 4 } });
const speaker = { ...mic, id: 'spk', name: 'Bar' };

it('the inventory contains the parts of the PC, and only the id and the name of each device', async () => {
  const items = await readInventory(
    machine,
    {
      sound: async () => ({ known: true, value: { sources: [mic], defaultSource: 'mic', sinks: [speaker], defaultSink: null } }),
      cameras: async () => ({ known: true, value: [{ id: 'cam', name: 'Eye', usedBy: { known: true, value: ['zoom'] } }] }),
    },
    signal,
  );
  expect(items).toMatchObject({ node: process.version, os: { platform: 'linux' }, cpu: { cores: 4 } });
  expect(items['microphones']).toEqual([{ id: 'mic', name: 'Room' }]);
  expect(items['speakers']).toEqual([{ id: 'spk', name: 'Bar' }]);
  expect(items['cameras']).toEqual([{ id: 'cam', name: 'Eye' }]);
  expect(JSON.stringify(items)).not.toMatch(/serial|hostname|uuid|mac"/i);
});
