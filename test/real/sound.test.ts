/** Measures how soon the probes report that the sound service of a real desktop died or hangs. */

import { type Check, type Profile, realClock } from '@sabha/contracts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRunner } from '../../agent/checks/runner.ts';
import { createMicrophoneProbe } from '../../agent/probes/room/microphone.ts';
import { createSoundProbe } from '../../agent/probes/room/sound.ts';
import { createSpeakerProbe } from '../../agent/probes/room/speaker.ts';
import { createPlatform } from '../../agent/this-pc.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, quiet, startDesktop } from './pipewire.ts';

const profile: Profile = { link: 'fibre', elevationM: 0, expected: { microphone: [{ match: 'roommic' }], speaker: [{ match: 'hall' }] } };
const ofSound = ['sound', 'microphone', 'speaker'];
/** Longest wait. It is shorter than the 30 s between two runs of the microphone probe, so a result within it comes from the watch. */
const patience = { timeout: 20_000, interval: 20 };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

describe.skipIf(!requirePart('PipeWire', installed(pipewireTools)))('the sound probes with a real PipeWire', () => {
  /** Starts a desktop with devices and the running probes of sound. Returns the latest check of each component. */
  async function watched(): Promise<{ desktop: Desktop; of: (component: string) => Check | undefined }> {
    const desktop = await startDesktop();
    onTestFinished(() => desktop.stop());
    await desktop.plug('alsa_input.usb-room', 'Acme RoomMic 5');
    await desktop.plugSpeaker('alsa_output.usb-hall', 'HallSpeaker');
    await desktop.pactl('set-default-sink', 'alsa_output.usb-hall');
    await desktop.pactl('set-default-source', 'alsa_input.usb-room');
    const platform = createPlatform({ env: desktop.env });
    const said = new Map<string, Check[]>();
    const runner = createRunner({
      probes: [createSoundProbe(), createMicrophoneProbe(), createSpeakerProbe()],
      platform,
      context: () => ({ profile, self }),
      known: ({ name }) => said.get(name) ?? [],
      clock: realClock(),
      random: Math.random,
      onResult: ({ name }, { checks }) => void said.set(name, checks),
      onFailing: () => undefined,
    });
    onTestFinished(() => runner.stop());
    runner.start();
    const of = (component: string) => said.get(component)?.[0];
    for (const component of ofSound) await expect.poll(() => of(component)?.status, patience).toBe('ok');
    // All probes share one watch, so a callback here proves that they receive the same events.
    let calls = 0;
    const cancel = platform.watchSound(() => {
      calls += 1;
    });
    await desktop.heardBy(() => calls);
    await quiet(() => calls);
    cancel();
    return { desktop, of };
  }

  test('report a dead sound server as a fault within a second, and the microphone as unknown', async () => {
    const { desktop, of } = await watched();
    const killedAt = performance.now();
    await desktop.kill('pipewire-pulse');
    await expect
      .poll(() => of('sound'), { timeout: 5_000, interval: 10 })
      .toMatchObject({ fault: 'sound.service_down', reason: 'no audio server' });
    console.log(`dead: ${Math.round(performance.now() - killedAt)} ms to the fault`);
    await expect.poll(() => of('microphone')?.status, patience).toBe('unknown');
  });

  test('notice a hanging sound server in ten seconds, report the fault soon after, and never report the microphone as ok', async () => {
    const { desktop, of } = await watched();
    const frozenAt = performance.now();
    const sinceMs = () => Math.round(performance.now() - frozenAt);
    desktop.freeze('pipewire-pulse');
    await expect.poll(() => of('sound')?.reason, patience).toBe('audio server does not answer');
    const seenMs = sinceMs();
    await expect.poll(() => of('sound')?.fault, patience).toBe('sound.service_down');
    const faultMs = sinceMs();
    await expect.poll(() => of('microphone')?.status, patience).toBe('unknown');
    console.log(`hung: seen after ${seenMs} ms, a fault after ${faultMs} ms, microphone not known after ${sinceMs()} ms`);
  });

  test('report microphone, speaker and sound as unknown while PipeWire is suspended, and as ok after it resumes', async () => {
    const { desktop, of } = await watched();
    const answers = () => ofSound.map((component) => [of(component)?.status, of(component)?.reason]);
    const frozenAt = performance.now();
    desktop.freeze('pipewire');
    // PipeWire is suspended, but pipewire-pulse still responds from its memory.
    await expect.poll(answers, patience).toEqual(ofSound.map(() => ['unknown', 'PipeWire does not answer']));
    console.log(`PipeWire frozen: all unknown after ${Math.round(performance.now() - frozenAt)} ms`);
    desktop.thaw('pipewire');
    await expect.poll(answers, patience).toEqual(ofSound.map(() => ['ok', null]));
  });
});
