/** The sound service of a real desktop dies or hangs: how soon the probes at work say so. */

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
/** The components of sound. */
const ofSound = ['sound', 'microphone', 'speaker'];
/** A microphone is asked every half minute: what comes sooner was told. */
const patience = { timeout: 20_000, interval: 20 };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };

describe.skipIf(!requirePart('PipeWire', installed(pipewireTools)))('sound, with a real PipeWire', () => {
  /** A desktop with a microphone, the probes of sound at work, and what they last said. */
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
    // It is one watch for all who ask: the probes hear of what this hears of.
    let calls = 0;
    const cancel = platform.watchSound(() => {
      calls += 1;
    });
    await desktop.heardBy(() => calls);
    await quiet(() => calls);
    cancel();
    return { desktop, of };
  }

  test('a dead sound server is a fault within a second, and the microphone is then not known', async () => {
    const { desktop, of } = await watched();
    const killedAt = performance.now();
    await desktop.kill('pipewire-pulse');
    await expect
      .poll(() => of('sound'), { timeout: 5_000, interval: 10 })
      .toMatchObject({ fault: 'sound.service_down', reason: 'no audio server' });
    console.log(`dead: ${Math.round(performance.now() - killedAt)} ms to the fault`);
    await expect.poll(() => of('microphone')?.status, patience).toBe('unknown');
  });

  test('one that hangs is seen in ten seconds, is a fault soon after, and no microphone is called well for it', async () => {
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

  test('a PipeWire that stands still makes microphone, speaker and sound unknown, and all three are ok once it goes on', async () => {
    const { desktop, of } = await watched();
    const answers = () => ofSound.map((component) => [of(component)?.status, of(component)?.reason]);
    const frozenAt = performance.now();
    desktop.freeze('pipewire');
    // pipewire-pulse answers from memory meanwhile.
    await expect.poll(answers, patience).toEqual(ofSound.map(() => ['unknown', 'PipeWire does not answer']));
    console.log(`PipeWire frozen: all unknown after ${Math.round(performance.now() - frozenAt)} ms`);
    desktop.thaw('pipewire');
    await expect.poll(answers, patience).toEqual(ofSound.map(() => ['ok', null]));
  });
});
