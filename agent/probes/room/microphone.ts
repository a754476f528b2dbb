/** Are the room's microphones there, chosen, open and loud enough? */
import type { Probe } from '../../checks/probe.ts';
import { createSoundProbe } from './sound.ts';

export function createMicrophoneProbe(): Probe {
  return createSoundProbe('microphone', ({ sources, defaultSource }) => ({ devices: sources, chosen: defaultSource }));
}
