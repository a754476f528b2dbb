/** The microphone probe against a real PipeWire: what it says is what is. */

import { type Check, type Profile, realClock } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Platform } from '../../agent/platform/platform.ts';
import { createMicrophoneProbe } from '../../agent/probes/room/microphone.ts';
import { createPlatform } from '../../agent/this-pc.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, quiet, startDesktop } from './pipewire.ts';

const id = 'alsa_input.usb-room';
const profile: Profile = { link: 'fibre', elevationM: 0, expected: { microphone: [{ match: 'roommic' }] } };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

describe.skipIf(!requirePart('PipeWire', installed(pipewireTools)))('microphone, with a real PipeWire', () => {
  let desktop: Desktop;
  let platform: Platform;
  const probe = createMicrophoneProbe();

  const ask = async (expected: Profile = profile): Promise<Check | undefined> => {
    const { checks } = await probe.run({ platform, profile: expected, self, signal: AbortSignal.timeout(probe.timeoutMs) });
    expect(checks).toHaveLength(1);
    return checks[0];
  };

  /** A desktop settles by itself within moments of a change: that is waited for. */
  const says = (expected: Profile = profile) => expect.poll(() => ask(expected), { timeout: 20_000, interval: 50 });

  /** Resolves with the milliseconds from the end of `act`, when the sound server has it, to the first call of the watch. */
  const toldAfter = async (act: () => Promise<unknown>): Promise<number> => {
    const calledAt: number[] = [];
    const cancel = platform.watchSound(() => void calledAt.push(performance.now()));
    const calls = () => calledAt.length;
    await desktop.heardBy(calls);
    await quiet(calls);
    const before = calls();
    await act();
    const doneAt = performance.now();
    await expect.poll(calls, { timeout: 20_000, interval: 20 }).toBeGreaterThan(before);
    cancel();
    return (calledAt[before] ?? Number.NaN) - doneAt;
  };

  beforeAll(async () => {
    desktop = await startDesktop();
    platform = createPlatform({ env: desktop.env, clock: realClock() });
  });
  afterAll(() => desktop?.stop());

  it('says missing while the server lists no microphone at all', async () => {
    await says().toEqual({
      component: 'microphone',
      device: 'expected-1',
      status: 'fault',
      fault: 'microphone.missing',
      reason: null,
      name: 'roommic',
    });
  });

  it('says ok when the microphone is there, chosen, open and loud', async () => {
    await desktop.plug(id, 'Acme RoomMic 5');
    await desktop.pactl('set-default-source', id);
    await says().toMatchObject({ device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'Acme RoomMic 5' });
  });

  it('says muted, and ok again when it is opened', async () => {
    await desktop.pactl('set-source-mute', id, '1');
    await says().toMatchObject({ status: 'fault', fault: 'microphone.muted' });
    await desktop.pactl('set-source-mute', id, '0');
    await says().toMatchObject({ status: 'ok' });
  });

  it('says volume off at 5 and 0 per cent, low at 20 per cent, and ok at 40', async () => {
    for (const volume of ['5%', '0%']) {
      await desktop.pactl('set-source-volume', id, volume);
      await says().toMatchObject({ status: 'fault', fault: 'microphone.volume_off', reason: null });
    }
    await desktop.pactl('set-source-volume', id, '20%');
    await says().toMatchObject({ status: 'fault', fault: 'microphone.volume_low', reason: null });
    await desktop.pactl('set-source-volume', id, '40%');
    await says().toMatchObject({ status: 'ok' });
  });

  it('names the program that records, and tells no name that is not on the list', async () => {
    const zoom = await desktop.record(id, 'zoom');
    await says().toMatchObject({ status: 'ok', reason: 'in use by zoom' });
    const other = await desktop.record(id, 'private-diary');
    await says().toMatchObject({ status: 'ok', reason: 'in use by another program, zoom' });
    await zoom();
    await other();
    await says().toMatchObject({ status: 'ok', reason: null });
  });

  it('says that another microphone is chosen, under whatever name', async () => {
    await desktop.plug('alsa_input.usb-head', '$(reboot)"</script> सभा माइक');
    await desktop.pactl('set-default-source', 'alsa_input.usb-head');
    await says().toMatchObject({
      fault: 'microphone.not_default',
      reason: 'chosen: $(reboot)"</script> सभा माइक',
      name: 'Acme RoomMic 5',
    });
    const hindi: Profile = { ...profile, expected: { microphone: [{ match: 'सभा' }] } };
    await says(hindi).toMatchObject({ status: 'ok', name: '$(reboot)"</script> सभा माइक' });
    await desktop.pactl('set-default-source', id);
    await desktop.unplug('alsa_input.usb-head');
    await says().toMatchObject({ status: 'ok' });
  });

  it('tells two of one name apart: that which is pulled out is missing by its number, the other is still judged', async () => {
    const both: Profile = { ...profile, expected: { microphone: [{ match: 'twin' }, { match: 'twin' }] } };
    const twins = createMicrophoneProbe();
    const look = async () => {
      const { checks } = await twins.run({ platform, profile: both, self, signal: AbortSignal.timeout(twins.timeoutMs) });
      return checks.map(({ device, fault, name }) => [device, fault, name]);
    };
    const seen = () => expect.poll(look, { timeout: 20_000, interval: 50 });
    for (const twin of ['left', 'right']) await desktop.plug(twin, 'Twin mic');
    // Another is chosen than either of the two.
    await desktop.pactl('set-default-source', id);
    const [one, other] = ['Twin mic (1)', 'Twin mic (2)'];
    await seen().toEqual([
      ['expected-1', 'microphone.not_default', one],
      ['expected-2', null, other],
    ]);
    await desktop.pactl('set-default-source', 'right');
    await desktop.pactl('set-source-mute', 'right', '1');
    await seen().toEqual([
      ['expected-1', null, one],
      ['expected-2', 'microphone.muted', other],
    ]);
    await desktop.unplug('left');
    await seen().toEqual([
      ['expected-1', 'microphone.missing', one],
      ['expected-2', 'microphone.muted', other],
    ]);
    await desktop.unplug('right');
    await desktop.pactl('set-default-source', id);
  });

  it('survives a name of 4 KB and keeps it within the contract', async () => {
    await desktop.plug('long', `RoomMic ${'x'.repeat(4_096)}`);
    const long = async () => {
      const sound = await platform.sound(AbortSignal.timeout(5_000));
      return sound.known && sound.value.sources.find((one) => one.id === 'long')?.name;
    };
    await expect.poll(long, { timeout: 20_000, interval: 50 }).toHaveLength(256);
    await desktop.unplug('long');
  });

  it('is told of an unplug within a second, says missing, and clears the same check when it is back', async () => {
    expect(await toldAfter(() => desktop.unplug(id))).toBeLessThan(1_000);
    await says().toMatchObject({ device: 'expected-1', fault: 'microphone.missing', name: 'Acme RoomMic 5' });
    expect(await toldAfter(() => desktop.plug(id, 'Acme RoomMic 5'))).toBeLessThan(1_000);
    await says().toMatchObject({ device: 'expected-1', status: 'ok', fault: null });
  });

  it('does not wake itself by asking', async () => {
    const clock = realClock();
    const undelayed = createPlatform({ env: desktop.env, clock: { ...clock, after: (_delayMs, task) => clock.after(0, task) } });
    let calls = 0;
    const cancel = undelayed.watchSound(() => {
      calls += 1;
    });
    await desktop.heardBy(() => calls);
    // A device that rests falls asleep by itself, and that is told: one look that wakes nobody is enough to come to rest.
    const wokenByAsking = async () => {
      const before = calls;
      await ask();
      // What the look stirred up stands before these in what the server tells.
      for (let round = 0; round < 3; round += 1) await desktop.pactl('info');
      return calls - before;
    };
    await expect.poll(wokenByAsking, { timeout: 20_000, interval: 20 }).toBe(0);
    const before = calls;
    await desktop.pactl('set-source-mute', id, '1');
    await expect.poll(() => calls, { timeout: 20_000, interval: 20 }).toBeGreaterThan(before);
    cancel();
  });

  it('does not know while the session manager is away', async () => {
    await desktop.unplug(id);
    await desktop.kill('wireplumber');
    await says().toMatchObject({ status: 'unknown', fault: null, reason: 'audio server has no session manager' });
  });

  it('is told when the sound server dies, and says unknown: no audio server', async () => {
    expect(await toldAfter(() => desktop.kill('pipewire-pulse'))).toBeLessThan(1_000);
    await says().toMatchObject({ status: 'unknown', fault: null, reason: 'no audio server' });
  });
});
