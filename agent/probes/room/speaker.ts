/** Are the room's loudspeakers there, chosen, open and loud enough? */
import type { Probe } from '../../checks/probe.ts';
import { createSoundDeviceProbe } from './sound-device.ts';

/** Are the loudspeakers that the room should have there, chosen and open? Asked each 30 s and at a change. */
export function createSpeakerProbe(): Probe {
  return createSoundDeviceProbe({ kind: 'speaker', sideOf: ({ sinks, defaultSink }) => ({ devices: sinks, chosen: defaultSink }) });
}
