/** A PC of the simulation: the real agent in a scripted room, with a disk that survives it and a link that can be cut. */

import type { Check, Profile, Signed } from '@sabha/contracts';
import { type Agent, createAgent } from '../../agent/agent.ts';
import type { Probe } from '../../agent/checks/probe.ts';
import type { OrderResult, Platform, PlatformOrders, PowerFigures } from '../../agent/platform/platform.ts';
import { createUnsupported } from '../../agent/platform/unsupported.ts';
import { createPowerProbe } from '../../agent/probes/pc/power.ts';
import type { Transport } from '../../agent/uplink/mqtt.ts';
import type { ConfigStore } from '../../agent/uplink/store/config-store.ts';
import { centrePublicKey } from '../centre-key.ts';
import type { Random } from '../random.ts';
import type { Broker, Cut } from './broker.ts';
import { createLink, type Link } from './network.ts';
import { createSpoolRecord, type SpoolRecord } from './spool-record.ts';
import { createMachine, type Machine, type Process, type Time } from './time.ts';

/** The true state of the room: a fault or null for each check. An absent check is not run. */
export type Room = {
  set(component: string, device: string, fault: string | null | 'absent'): void;
  model(component: string, name: string): void;
  /** Breaks a probe: `hangs` never returns, `throws` fails; null repairs it. */
  fail(component: string, how: 'hangs' | 'throws' | null): void;
  faults(): string[];
  /** Returns the checks with their true state in the room. */
  stands(): { component: string; device: string; fault: string | null }[];
};

export type Pc = {
  path: string;
  name: string;
  link: Link;
  room: Room;
  machine: Machine;
  record: SpoolRecord;
  agent(): Agent | undefined;
  /** Commands that this machine executed. */
  acts: string[];
  process(): Process | undefined;
  /** Starts the agent. With `reboot` the PC was off, not only the agent. */
  start(how?: { reboot?: boolean }): void;
  /** Kills the agent. With `power` the broker is not notified. */
  kill(how?: { power?: boolean }): void;
  /** Suspends the process, as by SIGSTOP, until it is resumed. */
  pause(forMs: number): void;
  /** Stops the agent cleanly, with a bye. */
  stop(reason?: string): void;
  power(figures: Partial<PowerFigures>): void;
  /** Records a crash for the next boot to find. */
  crash(): void;
  /** Records the start of something that ends this boot, such as an update; null clears the record. */
  begins(what: 'update' | null): void;
  cut(how: Cut): void;
  heal(): void;
  remove(): void;
  /** Whether the machine is removed, now or at an earlier simulation time in ms. */
  isRemoved(by?: number): boolean;
};

export type PcOptions = {
  path: string;
  profile: Profile;
  latencyMs: number;
  spoolLimitBytes?: number;
  /** The disk of an earlier machine. Absent: a new disk. */
  record?: SpoolRecord;
  /** The PC has a battery, and runs the agent's own battery probe. */
  battery?: boolean;
  components?: readonly string[];
  world: { time: Time; random: Random; broker: Broker; note(line: string): void };
};

const usual = ['camera', 'microphone', 'pc'] as const;
const probeEveryMs = 120_000;

export function createPc(options: PcOptions): Pc {
  const { path, world } = options;
  const { broker, time, note } = world;
  const name = path.replaceAll('/', '.');
  const link = createLink(options.latencyMs);
  const machine = createMachine(time);
  const record = options.record ?? createSpoolRecord();
  const room = createRoom([...usual, ...(options.components ?? [])]);
  const supply: PowerFigures = { onMains: true, batteryChargeRatio: 1, isCharging: false, runtimeMs: null, batteryCelsius: null };
  let crashed = false;
  let begun: 'update' | null = null;
  const configs = configStore();
  const acts: string[] = [];
  let boots = 1;
  let removedAt = Number.POSITIVE_INFINITY;
  /** `again`: after the current stop, start the agent again with these options. */
  let running: { agent: Agent; process: Process; again?: { reboot?: boolean } } | undefined;
  let stopping: typeof running;

  function start({ reboot = false } = {}): void {
    if (running !== undefined && running === stopping && running.process.alive()) running.again = { reboot };
    if (removedAt <= time.now() || running?.process.alive()) return;
    if (reboot) {
      boots += 1;
      begun = null;
    }
    const process = machine.start();
    process.onKill(() => note(`${path} dies`));
    note(`${path} starts`);
    const agent = createAgent({
      pc: path,
      version: '0.1.0',
      token: 'token',
      centreKey: centrePublicKey,
      platform: { ...platformOf(`boot-${boots}`), ...ordersOf(process), power: async () => supply, crashedBefore, endBegun: () => begun },
      probes: options.battery ? [...room.probes(), createPowerProbe(noUps)] : room.probes(),
      transport: transportOf(process),
      disk: record.disk(process),
      ...(options.spoolLimitBytes === undefined ? {} : { spoolLimitBytes: options.spoolLimitBytes }),
      configs,
      profile: options.profile,
      clock: process.clock,
      random: () => world.random.next(),
      log: { info: () => {}, warn: (_, line) => note(`${path}: ${line}`) },
      restart: () => {
        acts.push('restart-agent');
        process.kill();
      },
    });
    running = { agent, process };
    agent.start();
  }

  /** Returns and clears the record of a crash, which only the next boot sees. */
  function crashedBefore(): boolean {
    const was = crashed;
    crashed = false;
    return was;
  }

  /** Returns platform commands that take a moment and whose runs are recorded. */
  function ordersOf(process: Process): PlatformOrders {
    const act = (what: string) => async (): Promise<OrderResult> => {
      if (process.point('an act')) return new Promise(() => {});
      acts.push(what);
      await new Promise<void>((resolve) => void process.clock.after(500, resolve));
      if (what === 'reboot') process.kill();
      return { done: true };
    };
    return {
      restartSound: act('restart-sound'),
      setDefaultDevice: act('set-default-device'),
      changeSound: act('change-sound'),
      reboot: act('reboot'),
    };
  }

  function transportOf(process: Process): Transport {
    process.onKill(() => broker.clientDied(name, { power: false }));
    return {
      connect: ({ keepaliveMs, will }, handlers) => broker.connect({ name, link, process, keepaliveMs, will }, handlers),
    };
  }

  return {
    path,
    name,
    link,
    room: room.room,
    machine,
    record,
    acts,
    agent: () => (running?.process.alive() ? running.agent : undefined),
    process: () => running?.process,
    start,
    kill({ power = false } = {}) {
      if (power) broker.clientDied(name, { power });
      running?.process.kill();
    },
    pause(forMs) {
      if (!running?.process.alive()) return;
      note(`${path} stands still`);
      running.process.stop();
      broker.stoppedFor(name, forMs);
    },
    stop(reason = 'stopped') {
      if (!running?.process.alive()) return;
      const own = running;
      stopping = own;
      note(`${path} is stopped`);
      void own.agent.stop(reason).then(() => {
        own.process.kill();
        if (own.again && running === own) start(own.again);
      });
    },
    power: (figures) => void Object.assign(supply, figures),
    crash() {
      crashed = true;
    },
    begins(what) {
      begun = what;
    },
    cut(how) {
      note(`link of ${path} cut (${how})`);
      link.up = false;
      broker.cut(name, how);
    },
    heal() {
      if (!link.up) note(`link of ${path} heals`);
      link.up = true;
    },
    remove() {
      note(`${path} is taken away`);
      removedAt = time.now();
      running?.process.kill();
    },
    isRemoved: (by = time.now()) => removedAt <= by,
  };
}

type Truth = Map<string, { component: string; device: string; fault: string | null }>;

function createRoom(components: readonly string[]): { room: Room; probes(): Probe[] } {
  const truth: Truth = new Map();
  const failing = new Map<string, 'hangs' | 'throws'>();
  const models = new Map<string, string>();
  const named = (component: string) => {
    const name = models.get(component);
    return name === undefined ? {} : { name };
  };
  const watchers = new Map<string, () => void>();
  for (const component of components) truth.set(`${component}/`, { component, device: '', fault: null });
  const answer = (component: string): Check[] =>
    [...truth.values()]
      .filter((one) => one.component === component)
      .map(({ device, fault }) => ({
        component,
        device,
        status: fault === null ? 'ok' : 'fault',
        fault,
        reason: null,
        ...named(component),
      }));
  return {
    room: {
      set(component, device, fault) {
        if (fault === 'absent') truth.delete(`${component}/${device}`);
        else truth.set(`${component}/${device}`, { component, device, fault });
        watchers.get(component)?.();
      },
      model: (component, name) => void models.set(component, name),
      fail(component, how) {
        if (how === null) failing.delete(component);
        else failing.set(component, how);
      },
      stands: () => [...truth.values()],
      faults: () => [...truth.values()].flatMap(({ fault, device }) => (fault === null ? [] : [`${fault}|${device}`])).sort(),
    },
    probes: () =>
      components.map((component) => ({
        name: component,
        everyMs: probeEveryMs,
        timeoutMs: 5_000,
        async run() {
          const how = failing.get(component);
          if (how === 'throws') throw new Error('no such tool');
          if (how === 'hangs') await new Promise(() => {});
          return { checks: answer(component) };
        },
        watch(_, changed) {
          watchers.set(component, changed);
          return () => watchers.delete(component);
        },
      })),
  };
}

const noUps = async () => ({ known: false as const, lost: false, reason: 'not simulated' });

function configStore(): ConfigStore {
  let kept: Signed | undefined;
  return {
    load: () => ({ config: kept, problem: null }),
    save: (config) => {
      kept = config;
      return null;
    },
  };
}

function platformOf(boot: string): Omit<Platform, keyof PlatformOrders> {
  const none = async () => ({ known: false as const, reason: 'not simulated' });
  return {
    ...createUnsupported(),
    sound: none,
    cameras: none,
    watchSound: () => () => {},
    watchCameras: () => () => {},
    figures: () => Promise.reject(new Error('not simulated')),
    inventory: async () => ({ os: 'simulated' }),
    bootId: () => boot,
  };
}
