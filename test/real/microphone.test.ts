/** Tests the microphone probe with a real PipeWire. */

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

describe.skipIf(!requirePart('PipeWire', installed(pipewireTools)))('the microphone probe with a real PipeWire', () => {
  let desktop: Desktop;
  let platform: Platform;
  const probe = createMicrophoneProbe();

  const ask = async (expected: Profile = profile): Promise<Check | undefined> => {
    const { checks } = await probe.run({ platform, profile: expected, self, signal: AbortSignal.timeout(probe.timeoutMs) });
    expect(checks).toHaveLength(1);
    return checks[0];
  };

  /** Polls the probe: a desktop needs a moment to settle after a change. */
  const says = (expected: Profile = profile) => expect.poll(() => ask(expected), { timeout: 20_000, interval: 50 });

  /** Resolves with the milliseconds between the end of `act` and the first callback of the watch. */
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

  it('reports `missing` while the sound server lists no microphone', async () => {
    await says().toEqual({
      component: 'microphone',
      device: 'expected-1',
      status: 'fault',
      fault: 'microphone.missing',
      reason: null,
      name: 'roommic',
    });
  });

  it('reports ok when the microphone is present, selected, unmuted and loud', async () => {
    await desktop.plug(id, 'Acme RoomMic 5');
    await desktop.pactl('set-default-source', id);
    await says().toMatchObject({ device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'Acme RoomMic 5' });
  });

  it('reports muted, and ok after the unmute', async () => {
    await desktop.pactl('set-source-mute', id, '1');
    await says().toMatchObject({ status: 'fault', fault: 'microphone.muted' });
    await desktop.pactl('set-source-mute', id, '0');
    await says().toMatchObject({ status: 'ok' });
  });

  it('reports volume off at 5 and 0 per cent, low at 20 per cent, and ok at 40', async () => {
    for (const volume of ['5%', '0%']) {
      await desktop.pactl('set-source-volume', id, volume);
      await says().toMatchObject({ status: 'fault', fault: 'microphone.volume_off', reason: null });
    }
    await desktop.pactl('set-source-volume', id, '20%');
    await says().toMatchObject({ status: 'fault', fault: 'microphone.volume_low', reason: null });
    await desktop.pactl('set-source-volume', id, '40%');
    await says().toMatchObject({ status: 'ok' });
  });

  it('names the program that records, but hides a program name that is not on the list', async () => {
    const zoom = await desktop.record(id, 'zoom');
    await says().toMatchObject({ status: 'ok', reason: 'in use by zoom' });
    const other = await desktop.record(id, 'private-diary');
    await says().toMatchObject({ status: 'ok', reason: 'in use by another program, zoom' });
    await zoom();
    await other();
    await says().toMatchObject({ status: 'ok', reason: null });
  });

  it('reports the selection of another microphone as a fault, whatever the name of that microphone', async () => {
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

  it('distinguishes two microphones of the same name: the unplugged one is missing by its number, and the other is still checked', async () => {
    const both: Profile = { ...profile, expected: { microphone: [{ match: 'twin' }, { match: 'twin' }] } };
    const twins = createMicrophoneProbe();
    const look = async () => {
      const { checks } = await twins.run({ platform, profile: both, self, signal: AbortSignal.timeout(twins.timeoutMs) });
      return checks.map(({ device, fault, name }) => [device, fault, name]);
    };
    const seen = () => expect.poll(look, { timeout: 20_000, interval: 50 });
    for (const twin of ['left', 'right']) await desktop.plug(twin, 'Twin mic');
    // Neither of the two is the default source.
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

  it('accepts a microphone name of 4 KB and shortens the name to the limit of the contract', async () => {
    await desktop.plug('long', `RoomMic ${'x'.repeat(4_096)}`);
    const long = async () => {
      const sound = await platform.sound(AbortSignal.timeout(5_000));
      return sound.known && sound.value.sources.find((one) => one.id === 'long')?.name;
    };
    await expect.poll(long, { timeout: 20_000, interval: 50 }).toHaveLength(256);
    await desktop.unplug('long');
  });

  it('calls back within a second of an unplug, reports missing, and clears the same check after the device returns', async () => {
    expect(await toldAfter(() => desktop.unplug(id))).toBeLessThan(1_000);
    await says().toMatchObject({ device: 'expected-1', fault: 'microphone.missing', name: 'Acme RoomMic 5' });
    expect(await toldAfter(() => desktop.plug(id, 'Acme RoomMic 5'))).toBeLessThan(1_000);
    await says().toMatchObject({ device: 'expected-1', status: 'ok', fault: null });
  });

  it('a query of the microphone does not trigger the watch of the probe', async () => {
    const clock = realClock();
    const undelayed = createPlatform({ env: desktop.env, clock: { ...clock, after: (_delayMs, task) => clock.after(0, task) } });
    let calls = 0;
    const cancel = undelayed.watchSound(() => {
      calls += 1;
    });
    await desktop.heardBy(() => calls);
    // An idle device suspends itself, which also triggers an event. The test therefore repeats the query until one query causes no event.
    const wokenByAsking = async () => {
      const before = calls;
      await ask();
      // The server sends events in order. After three further calls, the events of the query have arrived.
      for (let round = 0; round < 3; round += 1) await desktop.pactl('info');
      return calls - before;
    };
    await expect.poll(wokenByAsking, { timeout: 20_000, interval: 20 }).toBe(0);
    const before = calls;
    await desktop.pactl('set-source-mute', id, '1');
    await expect.poll(() => calls, { timeout: 20_000, interval: 20 }).toBeGreaterThan(before);
    cancel();
  });

  it('reports unknown while the session manager is down', async () => {
    await desktop.unplug(id);
    await desktop.kill('wireplumber');
    await says().toMatchObject({ status: 'unknown', fault: null, reason: 'audio server has no session manager' });
  });

  it('calls back when the sound server dies, and reports unknown with the reason "no audio server"', async () => {
    expect(await toldAfter(() => desktop.kill('pipewire-pulse'))).toBeLessThan(1_000);
    await says().toMatchObject({ status: 'unknown', fault: null, reason: 'no audio server' });
  });
});
