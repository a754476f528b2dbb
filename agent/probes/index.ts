/** THE list: what the agent asks about a PC. A new probe is one file, its test, and one line here. */
import type { Probe } from '../checks/probe.ts';
import { agentProbe } from './agent.ts';
import { createBridgeProbe } from './bridge.ts';
import { createCameraProbe } from './camera.ts';
import { createClimateProbe } from './climate.ts';
import { clockProbe } from './clock.ts';
import { linkProbe } from './link.ts';
import { createMicrophoneProbe } from './microphone.ts';
import { createPathProbe } from './path.ts';
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
  linkProbe,
  createPathProbe(),
  createBridgeProbe(),
  agentProbe,
];
