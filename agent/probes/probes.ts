/** The list of all probes of a PC. A new probe needs one file, its test, and one line here. */
import type { Clock } from '@sabha/contracts';
import type { Probe } from '../checks/probe.ts';
import type { AskUps } from '../link/net/nut.ts';
import { createBridgeProbe } from './link/bridge.ts';
import { linkProbe } from './link/link.ts';
import { createPathProbe } from './link/path.ts';
import { agentProbe } from './pc/agent.ts';
import { createClimateProbe } from './pc/climate.ts';
import { clockProbe } from './pc/clock.ts';
import { createPcProbe } from './pc/pc.ts';
import { createPowerProbe } from './pc/power.ts';
import { createCameraProbe } from './room/camera.ts';
import { createDisplayProbe } from './room/display.ts';
import { createMicrophoneProbe } from './room/microphone.ts';
import { createProgramProbe } from './room/program.ts';
import { createSessionProbe } from './room/session.ts';
import { createSoundProbe } from './room/sound.ts';
import { createSpeakerProbe } from './room/speaker.ts';
import { createUsbProbe } from './room/usb.ts';

/** Replacements for a simulation. `ask`: the function that reads the UPS. */
type ProbesOptions = { clock?: Clock; ask?: AskUps };

/** Creates every probe, in the order of a self-test. Some probes keep state, so each caller gets new probes. */
export function createProbes(given: ProbesOptions = {}): Probe[] {
  return list.map((one) => (typeof one === 'function' ? one(given) : one));
}

const list: readonly (Probe | ((given: ProbesOptions) => Probe))[] = [
  createSessionProbe,
  createSoundProbe,
  ({ clock }) => createMicrophoneProbe(clock),
  createSpeakerProbe,
  ({ clock }) => createCameraProbe(clock),
  ({ clock }) => createUsbProbe(clock),
  createDisplayProbe,
  createProgramProbe,
  ({ clock }) => createPcProbe(clock),
  ({ ask }) => createPowerProbe(ask),
  createClimateProbe,
  clockProbe,
  linkProbe,
  ({ clock }) => createPathProbe(clock),
  ({ clock }) => createBridgeProbe(clock),
  agentProbe,
];
