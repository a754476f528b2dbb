/** A simulated PC: the real agent with all its probes, in a room and on a line that a scenario disturbs. */
import type { KeyObject } from 'node:crypto';
import type { Clock, PcPath, Profile, Signed } from '@sabha/contracts';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createProbes } from '../../agent/probes/probes.ts';
import type { SpoolDisk } from '../../agent/uplink/spool/database.ts';
import type { Random } from '../random.ts';
import { createLeanTransport, type LeanTransport } from './lean-transport.ts';
import { createLife, type Life } from './life.ts';
import { type Line, snowLoss, thinLine } from './line.ts';
import { reflectorBehind } from './reflector.ts';
import type { Room } from './room.ts';

export type SimulatedPc = {
  path: PcPath;
  room: Room;
  line: Line;
  /** Boots the PC, if it is off. */
  boot(): void;
  /** `power`: everything stops without notice. `crash`: only the agent dies. */
  kill(how: 'power' | 'crash'): void;
  /** Starts or ends snow on the dish, and measures the link. */
  snow(isSnowing: boolean): void;
  isOn(): boolean;
  isConnected(): boolean;
  /** Returns whether the server has responded in this run: the PC is admitted, and knows its round trip. */
  isSettled(): boolean;
  /** Returns the number of events ever written to the spool of the PC, and of those not acknowledged. */
  events(): { sent: number; waiting: number };
  stop(): Promise<void>;
};

export type PcOptions = {
  path: PcPath;
  token: string;
  centreKey: KeyObject;
  profile: Profile;
  room: Room;
  line: Line;
  /** Opens the spool of the PC, which survives the agent. */
  openDisk: () => SpoolDisk;
  centre: { host: string; port: number };
  clock: Clock;
  speed: number;
  random: Random;
  /** Whether a reflector is at the far end of the line of the PC. */
  isMeasured: boolean;
};

const version = '0.1.0';
const roundsOfVerdict = 6;
const carried = { how: 'train', upBps: thinLine.bitsPerSecond, downBps: thinLine.bitsPerSecond, udpBlocked: false } as const;

type Running = { agent: Agent; transport: LeanTransport; life: Life; disk: SpoolDisk };

export function createPc(options: PcOptions): SimulatedPc {
  const { path, room, line } = options;
  let kept: Signed | undefined;
  let running: Running | undefined;
  let last = { sent: 0, waiting: 0 };
  const configs = {
    load: () => ({ config: kept, problem: null }),
    save: (config: Signed) => {
      kept = config;
      return null;
    },
  };
  const events = () => {
    if (running === undefined) return last;
    const { spool } = running.agent;
    return { sent: spool.range().last, waiting: spool.range().last - spool.acked() };
  };
  return {
    path,
    room,
    line,
    isOn: () => running !== undefined,
    isConnected: () => running?.agent.figures().connected === true,
    isSettled: () => running !== undefined && running.agent.figures().roundTripMs !== null,
    events,
    snow(isSnowing) {
      line.snow(isSnowing ? snowLoss : 0);
      if (running !== undefined && options.isMeasured) void measure(running.agent);
    },
    boot() {
      if (running !== undefined) return;
      running = start(options, configs);
    },
    kill(how) {
      if (running === undefined) return;
      last = events();
      running.life.end();
      running.disk.close();
      if (how === 'crash') running.transport.drop();
      else {
        running.transport.vanish();
        room.boot();
      }
      running = undefined;
    },
    async stop() {
      const stopping = running;
      await stopping?.agent.stop('stopped');
      if (stopping === undefined || running !== stopping) return;
      last = events();
      stopping.life.end();
      stopping.disk.close();
      running = undefined;
    },
  };
}

function start(options: PcOptions, configs: Parameters<typeof createAgent>[0]['configs']): Running {
  const { path, token, centreKey, profile, room, line, centre, speed, random, isMeasured } = options;
  const life = createLife(options.clock);
  const { clock } = life;
  const disk = options.openDisk();
  const transport = createLeanTransport({ ...centre, clock, speed, line });
  const agent = createAgent({
    pc: path,
    version,
    token,
    centreKey,
    platform: room.platform(),
    probes: createProbes({ clock, ask: room.ups }),
    transport,
    centre: { ...centre, anchors: [] },
    udp: isMeasured ? reflectorBehind(line, clock) : undefined,
    disk: life.disk(disk),
    configs,
    profile,
    clock,
    random: random.next,
    log: { info: () => {}, warn: () => {} },
    restart: () => {},
  });
  agent.start();
  // Sets the capacity that packet trains would measure, because the simulation has no trains.
  if (isMeasured) agent.rounds.takeCapacity({ ...carried, at: clock.now() });
  return { agent, transport, life, disk };
}

/** Runs the probe rounds that a verdict needs. On such a link a round comes every 15 min, too rarely for a story. */
async function measure({ rounds }: Agent): Promise<void> {
  for (let round = 0; round < roundsOfVerdict; round += 1) await rounds.measureNow();
}
