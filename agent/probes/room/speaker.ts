/** Are the room's loudspeakers there, chosen, open and loud enough? */
import type { Probe } from '../../checks/probe.ts';
import { createSoundProbe } from './sound.ts';

export function createSpeakerProbe(): Probe {
  return createSoundProbe('speaker', ({ sinks, defaultSink }) => ({ devices: sinks, chosen: defaultSink }));
}
