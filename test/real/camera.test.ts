/** Tests the camera probe with a real PipeWire: a camera that only the session provides is found, and missed after its removal. */

import { type Check, type Profile, realClock } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { tree } from '../../agent/platform/linux/tree.test-helper.ts';
import { createCameraProbe } from '../../agent/probes/room/camera.ts';
import { createPlatform } from '../../agent/this-pc.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, startDesktop } from './pipewire.ts';

const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{}] } };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

describe.skipIf(!requirePart('PipeWire', installed(pipewireTools)))('the camera probe with a real PipeWire', () => {
  let desktop: Desktop;
  beforeAll(async () => {
    desktop = await startDesktop();
  });
  afterAll(() => desktop?.stop());

  it('finds a camera without a kernel device, reports it missing after removal, and rejects OBS as virtual', async () => {
    // A kernel without cameras, whatever hardware the test machine has.
    const root = tree({ 'sys/class/tty/note': '', 'proc/version': '' });
    const platform = createPlatform({ env: desktop.env, clock: realClock(), root });
    const probe = createCameraProbe();
    const ask = async (): Promise<Check | undefined> =>
      (await probe.run({ platform, profile, self, signal: AbortSignal.timeout(probe.timeoutMs) })).checks[0];
    const says = () => expect.poll(ask, { timeout: 10_000, interval: 100 });
    expect(await ask()).toMatchObject({ fault: 'camera.missing' });
    const takeAway = await desktop.plugCamera('room_cam', 'सभा Cam');
    expect(await ask()).toMatchObject({ device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'सभा Cam' });
    await takeAway();
    await says().toMatchObject({ fault: 'camera.missing', name: 'सभा Cam' });
    await desktop.plugCamera('obs', 'OBS Virtual Camera');
    await says().toMatchObject({ fault: 'camera.virtual', reason: 'found: OBS Virtual Camera' });
    // Without PipeWire no program can use the camera.
    await desktop.kill('pipewire');
    await says().toMatchObject({ fault: 'camera.missing' });
  });

  it('a camera watch calls back on each change, starts no further program, and reports no camera while PipeWire is frozen', async () => {
    const own = await startDesktop();
    onTestFinished(() => own.stop());
    const platform = createPlatform({ env: own.env, root: tree({ 'sys/class/tty/note': '', 'proc/version': '' }) });
    let calls = 0;
    onTestFinished(
      platform.watchCameras(() => {
        calls += 1;
      }),
    );
    const told = () => expect.poll(() => calls, { timeout: 10_000, interval: 20 });
    const names = async () => {
      const answer = await platform.cameras(AbortSignal.timeout(4_000));
      return answer.known ? answer.value.map(({ name }) => name) : answer.reason;
    };
    await told().toBe(1);
    const takeAway = await own.plugCamera('room_cam', 'Room Cam');
    await told().toBe(2);
    expect(await names()).toEqual(['Room Cam']);
    await takeAway();
    await told().toBe(3);
    expect(await names()).toEqual([]);
    own.freeze('pipewire');
    expect(await names()).toBe('PipeWire does not answer');
  });
});
