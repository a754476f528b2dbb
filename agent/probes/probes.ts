/** THE list: what the agent asks about a PC. A new probe is one file, its test, and one line here. */
import type { Probe } from '../checks/probe.ts';
import { createBridgeProbe } from './link/bridge.ts';
import { linkProbe } from './link/link.ts';
import { createPathProbe } from './link/path.ts';
import { agentProbe } from './pc/agent.ts';
import { createClimateProbe } from './pc/climate.ts';
import { clockProbe } from './pc/clock.ts';
import { pcProbe } from './pc/pc.ts';
import { createPowerProbe } from './pc/power.ts';
import { createCameraProbe } from './room/camera.ts';
import { createMicrophoneProbe } from './room/microphone.ts';
import { createSpeakerProbe } from './room/speaker.ts';

/** Every probe of the agent, in the order in which a self-test asks them. */
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
