/** Checks whether the room's loudspeakers are present, default, unmuted and loud. */
import type { Probe } from '../../checks/probe.ts';
import { createSoundDeviceProbe } from './sound-device.ts';

/** Creates the speaker probe. It runs every 30 s and at a change. */
export function createSpeakerProbe(): Probe {
  return createSoundDeviceProbe({ kind: 'speaker', sideOf: ({ sinks, defaultSink }) => ({ devices: sinks, chosen: defaultSink }) });
}
