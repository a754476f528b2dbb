/** Tests the speaker probe with a real PipeWire. */

import { type Check, type Profile, realClock } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Platform } from '../../agent/platform/platform.ts';
import { createSpeakerProbe } from '../../agent/probes/room/speaker.ts';
import { createPlatform } from '../../agent/this-pc.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, quiet, startDesktop } from './pipewire.ts';

const id = 'alsa_output.usb-bar';
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

describe.skipIf(!requirePart('PipeWire', installed(pipewireTools)))('the speaker probe with a real PipeWire', () => {
  let desktop: Desktop;
  let platform: Platform;
  const probe = createSpeakerProbe();

  const ask = async (match: string): Promise<Check | undefined> => {
    const profile: Profile = { link: 'fibre', elevationM: 0, expected: { speaker: [{ match }] } };
    const { checks } = await probe.run({ platform, profile, self, signal: AbortSignal.timeout(probe.timeoutMs) });
    expect(checks).toHaveLength(1);
    return checks[0];
  };
  const says = (match = 'roombar') => expect.poll(() => ask(match), { timeout: 20_000, interval: 50 });

  beforeAll(async () => {
    desktop = await startDesktop();
    platform = createPlatform({ env: desktop.env, clock: realClock() });
  });
  afterAll(() => desktop?.stop());

  it('reports missing while the server lists no speaker, and ok when one is present, selected, unmuted and loud', async () => {
    await says().toEqual({
      component: 'speaker',
      device: 'expected-1',
      status: 'fault',
      fault: 'speaker.missing',
      reason: null,
      name: 'roombar',
    });
    await desktop.plugSpeaker(id, 'Acme RoomBar 5');
    await desktop.pactl('set-default-sink', id);
    await says().toMatchObject({ device: 'expected-1', status: 'ok', fault: null, reason: null, name: 'Acme RoomBar 5' });
  });

  it('reports muted, and ok after the unmute', async () => {
    await desktop.pactl('set-sink-mute', id, '1');
    await says().toMatchObject({ status: 'fault', fault: 'speaker.muted' });
    await desktop.pactl('set-sink-mute', id, '0');
    await says().toMatchObject({ status: 'ok' });
  });

  it('reports volume off at 5 and 0 per cent and with one channel at 0, low at 20 per cent, and ok at 40', async () => {
    for (const volume of ['5%', '0%']) {
      await desktop.pactl('set-sink-volume', id, volume);
      await says().toMatchObject({ status: 'fault', fault: 'speaker.volume_off', reason: null });
    }
    await desktop.pactl('set-sink-volume', id, '70%', '0%');
    await says().toMatchObject({ status: 'fault', fault: 'speaker.volume_off', reason: 'one channel is at 0 %' });
    await desktop.pactl('set-sink-volume', id, '20%');
    await says().toMatchObject({ status: 'fault', fault: 'speaker.volume_low', reason: null });
    await desktop.pactl('set-sink-volume', id, '40%');
    await says().toMatchObject({ status: 'ok' });
  });

  it('selects a speaker by a part of its name on command, and gives a reason when it cannot', async () => {
    const signal = () => AbortSignal.timeout(5_000);
    const choose = (name: string) => platform.setDefaultDevice({ kind: 'speaker', name }, signal());
    const unplug = await desktop.plugSpeaker('alsa_output.usb-other', 'सभा Bar');
    await expect.poll(() => choose('सभा bar'), { timeout: 20_000, interval: 100 }).toEqual({ done: true });
    await says().toMatchObject({ fault: 'speaker.not_default' });
    expect(await choose('roombar')).toEqual({ done: true });
    await says().toMatchObject({ status: 'ok' });
    expect(await choose('rally')).toEqual({ done: false, reason: 'no speaker has this in its name' });
    expect(await platform.restartSound(signal())).toEqual({ done: false, reason: expect.stringMatching(/^[^\n]{10,}$/) });
    await unplug();
  });

  it('reports the selection of another speaker as a fault, whatever its name, and finds that speaker by its name', async () => {
    const unplug = await desktop.plugSpeaker('screen', 'सभा स्क्रीन');
    await desktop.pactl('set-default-sink', 'screen');
    await says().toMatchObject({ fault: 'speaker.not_default', reason: 'chosen: सभा स्क्रीन', name: 'Acme RoomBar 5' });
    await says('सभा').toMatchObject({ status: 'ok', name: 'सभा स्क्रीन' });
    await desktop.pactl('set-default-sink', id);
    await unplug();
    await says().toMatchObject({ status: 'ok' });
  });

  it('calls back within a second when a speaker is plugged in, muted or unplugged, with one watch for two subscribers', async () => {
    let calls = 0;
    const count = () => {
      calls += 1;
    };
    const cancels = [() => {}, count].map((changed) => platform.watchSound(changed));
    await desktop.heardBy(() => calls);
    const watches = async () => (await desktop.pactl('list', 'clients')).match(/application\.process\.binary = "pactl"/g)?.length ?? 0;
    await expect.poll(watches, { timeout: 20_000, interval: 50 }).toBe(2); // One process watches, and one process lists the devices.
    /** Runs `act` and expects a callback within a second of its end. */
    const toldOf = async <T>(act: () => Promise<T>): Promise<T> => {
      await quiet(() => calls);
      calls = 0;
      const done = await act();
      await expect.poll(() => calls, { timeout: 1_000, interval: 10 }).toBeGreaterThan(0);
      return done;
    };
    const unplug = await toldOf(() => desktop.plugSpeaker('second', 'Second bar'));
    await says('second').toMatchObject({ name: 'Second bar' });
    await toldOf(() => desktop.pactl('set-sink-mute', 'second', '1'));
    await toldOf(unplug);
    await says('second').toMatchObject({ fault: 'speaker.missing' });
    for (const cancel of cancels) cancel();
  });

  it('reports unknown with the reason "no audio server" after the server died', async () => {
    await desktop.kill('pipewire-pulse');
    await says().toMatchObject({ status: 'unknown', fault: null, reason: 'no audio server' });
  });
});
