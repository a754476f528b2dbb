import { beforeEach, expect, it } from 'vitest';
import type { Profile } from '#contracts';
import type { Answer, Camera } from '../../platform/platform.ts';
import { createUnwritten } from '../../platform/unwritten.ts';
import { createCameraProbe } from './camera.ts';

const hourMs = 3_600_000;
const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{ match: 'eye' }] } };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const eye = (...programs: string[]): Camera => ({ id: 'usb-1', name: 'HD Eye', usedBy: { known: true, value: programs } });

let nowMs = 0;
let probe = createCameraProbe({ up: () => nowMs });
beforeEach(() => {
  nowMs = 0;
  probe = createCameraProbe({ up: () => nowMs });
});

async function ask(answer: Answer<Camera[]>) {
  const platform = { ...createUnwritten(), cameras: async () => answer };
  return (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).checks;
}
const see = (...cameras: Camera[]) => ask({ known: true, value: cameras });

it('says ok of a camera that is there, and which program uses it', async () => {
  expect(await see(eye())).toEqual([
    { component: 'camera', device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'HD Eye' },
  ]);
  expect(await see(eye('zoom'))).toMatchObject([{ status: 'ok', reason: 'in use by zoom' }]);
});

it('says missing of one that is not, and unknown where the list is not known', async () => {
  expect(await see()).toMatchObject([{ fault: 'camera.missing', name: 'eye' }]);
  expect(await ask({ known: false, reason: 'closed' })).toMatchObject([{ status: 'unknown', fault: null, reason: 'closed' }]);
});

it('says virtual where only OBS has a camera, and ok as soon as that of the room is there', async () => {
  const obs: Camera = { id: 'video9', name: 'OBS Eye', usedBy: { known: true, value: [] }, isVirtual: true };
  expect(await see(obs)).toMatchObject([{ status: 'fault', fault: 'camera.virtual', reason: 'found: OBS Eye', name: 'eye' }]);
  expect(await see(obs, eye())).toMatchObject([{ status: 'ok', name: 'HD Eye' }]);
  expect(await see(obs)).toMatchObject([{ fault: 'camera.virtual', name: 'HD Eye' }]);
  expect(await see({ ...obs, name: 'Loopback' })).toMatchObject([{ fault: 'camera.missing' }]);
});

it('looks again soon where a camera may go without a word: one that only the session has', async () => {
  const soon = async (...cameras: Camera[]) => {
    const platform = { ...createUnwritten(), cameras: async () => ({ known: true as const, value: cameras }) };
    return (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(1_000) })).soonMs;
  };
  expect(await soon(eye())).toBeUndefined();
  expect(await soon({ ...eye(), isOfSession: true })).toBeLessThanOrEqual(9_000);
  expect(await soon()).toBeLessThanOrEqual(9_000);
});

it('says held when one program has held it for more than 8 hours, and ok once it is let go', async () => {
  await see(eye('zoom'));
  nowMs = 7 * hourMs;
  await see(eye('chrome', 'zoom'));
  nowMs = 8 * hourMs;
  expect(await see(eye('chrome', 'zoom'))).toMatchObject([{ status: 'ok', reason: 'in use by chrome, zoom' }]);
  nowMs += 1;
  expect(await see(eye('chrome', 'zoom'))).toMatchObject([{ status: 'fault', fault: 'camera.held', reason: 'held by zoom' }]);
  expect(await see(eye('chrome'))).toMatchObject([{ status: 'ok', reason: 'in use by chrome' }]);
});

it('begins to count anew when a program has let go in between', async () => {
  await see(eye('zoom'));
  nowMs = 5 * hourMs;
  await see(eye());
  await see(eye('zoom'));
  nowMs = 10 * hourMs;
  expect(await see(eye('zoom'))).toMatchObject([{ status: 'ok' }]);
});

it('says ok without a word about use where use is not known', async () => {
  const unknown: Camera = { ...eye(), usedBy: { known: false, reason: 'not ours' } };
  expect(await see(unknown)).toMatchObject([{ status: 'ok', reason: null }]);
});
