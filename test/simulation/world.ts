/** The whole simulation: one virtual time, a broker, the server machine and some PCs, all from one seed. */
import type { links } from '@sabha/contracts';
import type { TreeNode } from '../../flows/engine/records/sites.ts';
import { emptyFacts } from '../../flows/sites/table.ts';
import { type Random, randomFrom } from '../random.ts';
import { type Broker, createBroker } from './broker.ts';
import { type CentreMachine, createCentreMachine, settingsSite } from './centre-machine.ts';
import { createHostile, type Hostile } from './hostile.ts';
import { createPc, type Pc } from './pc.ts';
import type { SpoolRecord } from './spool-record.ts';
import { createTime, type Time } from './time.ts';

export type World = {
  time: Time;
  random: Random;
  broker: Broker;
  centre: CentreMachine;
  pcs: Pc[];
  link: keyof typeof links;
  /** The log, one line for each event with its time. */
  log: string[];
  note(line: string): void;
  pc(index: number): Pc;
  /** A PC of the first site that is admitted but does not run our agent, or null. */
  hostile: (Hostile & { path: string }) | null;
  /** Rooms that were moved or retired, so that the server does not watch them, and since when. */
  unwatched: { path: string; from: number }[];
  /** Whether the PC belongs to a live site. */
  isWatched(path: string): boolean;
  former: Pc[];
  /** Puts another machine in the place of a PC, at this path, on request with the old disk. */
  renew(index: number, path: string, how?: { disk: 'kept' }): void;
  boot(): void;
  pass(ms: number): Promise<void>;
};

/** With 2 `sites` every other PC belongs to a second site. */
export type WorldOptions = {
  seed: number;
  pcs?: number;
  link?: keyof typeof links;
  spoolLimitBytes?: number;
  sites?: 1 | 2;
  further?: readonly FurtherSite[];
  /** Admits one more PC, which may become hostile. */
  hostile?: boolean;
  /** Further components at the PCs of the first site. */
  components?: readonly string[];
  /** The monotonic clock of the server has fractions of a millisecond. */
  fractions?: boolean;
};

export type FurtherSite = { path: string; link: keyof typeof links; pcs: number; battery?: boolean; isp?: string; groups?: string[] };

export function createWorld(options: WorldOptions): World {
  const {
    seed,
    pcs: count = 1,
    link = 'fibre',
    spoolLimitBytes,
    sites = 1,
    further = [],
    hostile = false,
    components = [],
    fractions = false,
  } = options;
  const time = createTime();
  const random = randomFrom(seed);
  const log: string[] = [];
  const note = (line: string) => void log.push(`${clockOf(time.now())} ${line}`);
  const broker = createBroker({ time, random, note });
  const world = { time, random, broker, note };
  const ids = Array.from({ length: count }, (_, at) => `pc-${at + 1}`);
  const paths = ids.map((id, at) => `${sitePaths[at % sites]}/${id}`);
  const site = settingsSite(link, [...ids.filter((_, at) => at % sites === 0), ...(hostile ? [hostileId] : [])]);
  const centre = createCentreMachine({
    world,
    site,
    fractions,
    nodes: [...(sites === 1 ? [] : secondSite(link, paths)), ...further.flatMap(furtherNodes)],
  });
  const latencyMs = link === 'geo' ? 320 : 30;
  const limit = spoolLimitBytes === undefined ? {} : { spoolLimitBytes };
  const machine = (path: string, disk: { record?: SpoolRecord } = {}) =>
    createPc({ path, profile: site.profile, latencyMs, components, world, ...limit, ...disk });
  const pcs = [...paths.map((path) => machine(path)), ...further.flatMap((one) => furtherPcs(one, world))];
  const former: Pc[] = [];
  return {
    ...world,
    centre,
    pcs,
    link,
    log,
    pc: (index) => pcs[index % pcs.length] as Pc,
    hostile: hostile ? { path: `${sitePaths[0]}/${hostileId}`, ...createHostile(`${sitePaths[0]}/${hostileId}`, world) } : null,
    unwatched: [],
    isWatched: (path) => {
      const table = centre.centre()?.sites.table();
      return table?.node(path) !== undefined && table.stageOf(path) === 'live';
    },
    former,
    renew(index, path, how) {
      const old = pcs[index % pcs.length] as Pc;
      old.remove();
      former.push(old);
      pcs[index % pcs.length] = machine(path, how && { record: old.record });
      pcs[index % pcs.length]?.start();
    },
    boot() {
      centre.start();
      for (const pc of pcs) time.later(random.next() * 5_000, () => pc.start());
    },
    pass: (ms) => time.run(time.now() + ms),
  };
}

const hostileId = 'pc-x';

/** The site of the settings, and a second site that is imported. */
export const sitePaths = ['ladakh/leh', 'ladakh/nubra'] as const;

function nodeOf(path: string, facts: TreeNode['site'] = null): TreeNode {
  return { path, name: { en: path, hi: path }, layer: {}, site: facts };
}

function pathsOf({ path, pcs }: FurtherSite): string[] {
  return Array.from({ length: pcs }, (_, at) => `${path}/pc-${at + 1}`);
}

function furtherNodes(one: FurtherSite): TreeNode[] {
  const { path, link, isp = '', groups = [] } = one;
  return [{ ...nodeOf(path, { ...emptyFacts, isp, groups }), layer: { link } }, ...pathsOf(one).map((pc) => nodeOf(pc))];
}

function furtherPcs(one: FurtherSite, world: Parameters<typeof createPc>[0]['world']): Pc[] {
  const { link, battery = false } = one;
  const latencyMs = link === 'geo' ? 320 : 30;
  return pathsOf(one).map((path) => createPc({ path, profile: { link, elevationM: 0, expected: {} }, latencyMs, battery, world }));
}

function secondSite(link: keyof typeof links, paths: string[]): TreeNode[] {
  const own = paths.filter((path) => path.startsWith(sitePaths[1]));
  return [{ ...nodeOf(sitePaths[1], emptyFacts), layer: { link } }, ...own.map((path) => nodeOf(path))];
}

export function clockOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}
