/** Are the room's microphones there, chosen, open and loud enough? */
import type { Probe } from '../../checks/probe.ts';
import { createSoundDeviceProbe } from './sound-device.ts';

/** Are the microphones that the room should have there, chosen, open and loud enough? Asked each 30 s and at a change. */
export function createMicrophoneProbe(): Probe {
  return createSoundDeviceProbe('microphone', ({ sources, defaultSource }) => ({ devices: sources, chosen: defaultSource }));
}
