import type { Check } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Probe, ProbeContext } from './probe.ts';
import { createRoomResultWriter, withSavedRoomResults } from './saved-room-results.ts';

const check = (component: string, status: Check['status'] = 'ok'): Check => ({ component, device: '', status, fault: null, reason: null });
const unasked: Probe = { name: '', everyMs: 1, timeoutMs: 1, run: async () => ({ checks: [check('itself', 'unknown')] }) };
const probes = ['microphone', 'sound', 'pc'].map((name) => ({ ...unasked, name }));
const none = {} as unknown as ProbeContext;

function seat(hasReported = false) {
  const clock = { at: 1_000_000, now: () => clock.at, up: () => clock.at };
  const room = { file: undefined as string | undefined, isFull: false, writes: 0 };
  const isRoomProbe = ({ name }: { name: string }) => name !== 'pc';
  const save = (text: string) => {
    if (room.isFull) return false;
    room.writes += 1;
    room.file = text;
    return true;
  };
  const tell = createRoomResultWriter({ clock, isRoomProbe, hasReported, save });
  const asked = async () => {
    const said = await Promise.all(
      withSavedRoomResults(probes, { text: room.file, now: clock.at, isRoomProbe }).map((probe) => probe.run(none)),
    );
    return said.map(({ checks }) => checks.map(({ component, status }) => `${component} ${status}`).join());
  };
  return { clock, room, tell, asked };
}
const itself = 'itself unknown';

test('`sabha-agent check`, which runs outside the session, gets the last room results of the session helper', async () => {
  const { tell, asked } = seat();
  expect(await asked()).toEqual([itself, itself, itself]);
  tell([check('microphone'), check('pc', 'fault')]);
  // The helper reported no check of sound, so that result is empty. The probe of the PC itself is no room probe and runs itself.
  expect(await asked()).toEqual(['microphone ok', '', itself]);
});

test('saved room results are used for two and a half minutes, and none are saved before the session helper has reported', async () => {
  const { clock, room, tell, asked } = seat();
  tell([check('microphone', 'unknown')]);
  expect(room.file).toBeUndefined();
  tell([check('microphone')]);
  clock.at += 150_000;
  expect((await asked())[0]).toBe('microphone ok');
  clock.at += 1;
  expect(await asked()).toEqual([itself, itself, itself]);
  for (room.file of ['', '{', '{"at":1e99}', JSON.stringify({ at: clock.at, checks: [{ component: 'microphone' }] })])
    expect(await asked()).toEqual([itself, itself, itself]);
});

test('unknown room results are saved at once after a sign-out and renewed while the agent runs, also after its restart', async () => {
  const { clock, tell, asked } = seat();
  tell([check('microphone')]);
  clock.at += 1_000;
  tell([check('microphone', 'unknown')]);
  expect((await asked())[0]).toBe('microphone unknown');
  for (let minutes = 0; minutes < 10; minutes += 1) {
    clock.at += 60_000;
    tell([check('microphone', 'unknown')]);
    // Without the saved unknown result, the camera probe would run outside the session and report a camera as missing.
    expect((await asked())[0]).toBe('microphone unknown');
  }
  const again = seat(true);
  again.tell([check('microphone', 'unknown')]);
  expect((await again.asked())[0]).toBe('microphone unknown');
});
