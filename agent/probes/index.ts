/** THE list: what the agent asks about a PC. A new probe is one file, its test, and one line here. */
import type { Probe } from '../probe.ts';
import { agentProbe } from './agent.ts';
import { createCameraProbe } from './camera.ts';
import { createClimateProbe } from './climate.ts';
import { clockProbe } from './clock.ts';
import { createMicrophoneProbe } from './microphone.ts';
import { pcProbe } from './pc.ts';
import { createPowerProbe } from './power.ts';
import { createSpeakerProbe } from './speaker.ts';

export const probes: readonly Probe[] = [
  createMicrophoneProbe(),
  createSpeakerProbe(),
  createCameraProbe(),
  pcProbe,
  createPowerProbe(),
  createClimateProbe(),
  clockProbe,
  agentProbe,
];
