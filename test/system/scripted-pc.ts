/** A simulated PC: the real agent over real MQTT, with devices that the test sets. */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, checkKey, type Profile, realClock } from '@sabha/contracts';
import { type Agent, createAgent } from '../../agent/agent.ts';
import type { Probe } from '../../agent/checks/probe.ts';
import type { Platform } from '../../agent/platform/platform.ts';
import { createUnsupported } from '../../agent/platform/unsupported.ts';
import { createMqttTransport } from '../../agent/uplink/mqtt.ts';
import { openSpoolDisk } from '../../agent/uplink/spool/database.ts';
import type { Parts } from './parts-under-test.ts';

export type ScriptedPc = {
  pc: string;
  agent: Agent;
  /** Sets a device to ok (null) or to a fault. The agent is notified at once, as for an unplugged cable. */
  set(component: (typeof components)[number], device: string, fault: string | null, name?: string): void;
  isConnected(): boolean;
  stop(): Promise<void>;
};

const profile: Profile = { link: 'fibre', elevationM: 0, expected: {} };
/** Components of the PCs. Only the first two are ok from the start; the others exist only on some PCs. */
const components = ['microphone', 'camera', 'climate', 'link'] as const;
const empty = { known: false, reason: 'not asked in this test' } as const;

type Around = Pick<Parts, 'speed' | 'epochMs' | 'tokens'> & { site: { data: string; ports: { mqtt: number } } };
type Machine = { parts: Around; pc: string; spool?: string; bootId?: string };

/** Starts the agent of one of the admitted PCs. `spool` is the path of its file. */
export function startScriptedPc({ parts, pc, spool = ':memory:', bootId = 'boot-of-the-test' }: Machine): ScriptedPc {
  const devices = new Map<string, Check>();
  const watchers = new Map<string, () => void>();
  const { speed, epochMs, site, tokens } = parts;
  const agent = createAgent({
    pc,
    version: '0.1.0',
    token: tokens.get(pc) ?? '',
    centreKey: createPublicKey(readFileSync(join(site.data, 'agent/centre.pub'))),
    platform: { ...platform, bootId: () => bootId },
    probes: components.map((name) => probeOf(name, devices, watchers)),
    transport: createMqttTransport({ host: '127.0.0.1', port: site.ports.mqtt, speed }),
    disk: openSpoolDisk(spool),
    configs: { load: () => ({ config: undefined, problem: null }), save: () => null },
    profile,
    clock: realClock(speed, epochMs),
    random: Math.random,
    log: { info: () => {}, warn: () => {} },
    restart: () => {},
  });
  const set: ScriptedPc['set'] = (component, device, fault, name = device) => {
    const check: Check = { component, device, status: fault === null ? 'ok' : 'fault', fault, reason: null, name };
    devices.set(checkKey(check), check);
    watchers.get(component)?.();
  };
  for (const component of components.slice(0, 2)) set(component, 'room', null);
  agent.start();
  return { pc, agent, set, isConnected: () => agent.figures().connected, stop: () => agent.stop('stopped') };
}

function probeOf(name: string, devices: Map<string, Check>, watchers: Map<string, () => void>): Probe {
  return {
    name,
    everyMs: 15_000,
    timeoutMs: 5_000,
    run: async () => ({ checks: [...devices.values()].filter(({ component }) => component === name) }),
    watch(_platform, changed) {
      watchers.set(name, changed);
      return () => watchers.delete(name);
    },
  };
}

const platform: Platform = {
  ...createUnsupported(),
  bootId: () => 'boot-of-the-test',
  inventory: async () => ({ os: 'test' }),
  sound: async () => empty,
  cameras: async () => empty,
  watchSound: () => () => {},
  watchCameras: () => () => {},
  figures: async () => ({
    uptimeSeconds: 1,
    loadRatio: null,
    memoryUsedRatio: 0,
    diskUsedRatio: 0,
    temperatureCelsius: null,
    temperatureLimitCelsius: null,
  }),
};
