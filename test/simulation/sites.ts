/** Actions of operators in a history: sites close and reopen, PCs move, are retired and replaced. */
import type { SiteStage } from '@sabha/contracts';
import type { SiteChange } from '../../flows/engine/records/sites.ts';
import type { Runtime } from '../../flows/runtime.ts';
import { movePc, replacePc, retirePc, setStage } from '../../flows/sites/life.ts';
import type { Random } from '../random.ts';
import { sitePaths, type World } from './world.ts';

/** `forMs`: how long the site is closed, or until the machine is removed or renewed. */
export type SiteAct = { atMs: number; forMs: number; kind: 'close' | 'move' | 'retire' | 'replace'; pc: number };

type Plan = { ok: true; change: SiteChange } | { ok: false };

const second = 1_000;
const minute = 60 * second;
const by = 'meera';

/** Generates the actions. A PC is moved, retired or replaced at most once. */
export function siteActsOf(random: Random, at: { pcs: number; untilMs: number }): SiteAct[] {
  const acts = Array.from({ length: random.below(6) }, () => siteActOf(random, at));
  const isFirst = ({ kind, pc }: SiteAct, index: number) =>
    kind === 'close' || acts.findIndex((one) => one.kind !== 'close' && one.pc === pc) === index;
  return acts.filter(isFirst);
}

function siteActOf(random: Random, { pcs, untilMs }: { pcs: number; untilMs: number }): SiteAct {
  const atMs = 3 * minute + random.next() * (untilMs - 12 * minute);
  const kind = random.pick(['close', 'close', 'move', 'retire', 'replace'] as const);
  return {
    atMs,
    kind,
    forMs: (kind === 'close' ? minute : second) + random.next() * (kind === 'close' ? 7 : 1.5) * minute,
    pc: random.below(pcs),
  };
}

/** Executes an action, and repeats it until the server confirms it. */
export function perform(world: World, act: SiteAct): void {
  const { path } = world.pc(act.pc);
  const site = sitePaths[act.pc % 2] as string;
  world.note(`* ${act.kind} ${act.kind === 'close' ? site : path}`);
  if (act.kind === 'close') return stage(world, { site, to: 'closed' }, () => reopen(world, site, act.forMs));
  if (act.kind === 'move') return move(world, act, path);
  insist(
    world,
    ({ table }) => (act.kind === 'retire' ? retirePc(table(), path, by) : replacePc(table(), { pc: path, newToken }, by)),
    () => {
      const retired = act.kind === 'retire';
      if (retired) world.unwatched.push({ path, from: world.time.now() });
      world.time.later(act.forMs, () => (retired ? world.pc(act.pc).remove() : renew(world, act.pc, path)));
    },
  );
}

function move(world: World, act: SiteAct, path: string): void {
  const to = `${sitePaths.find((one) => !path.startsWith(one))}/${path.split('/')[2]}`;
  insist(
    world,
    ({ table }) => movePc(table(), { pc: path, to, newToken }, by),
    ({ table }) => {
      if (table().node(to) === undefined) return void world.time.later(minute, () => move(world, act, path));
      world.unwatched.push({ path, from: world.time.now() });
      world.time.later(act.forMs, () => renew(world, act.pc, to));
    },
  );
}

/** Puts another machine in the place of the PC. The state of the room remains. */
function renew(world: World, pc: number, path: string): void {
  const stands = world.pc(pc).room.stands();
  world.renew(pc, path);
  for (const { component, device, fault } of stands) world.pc(pc).room.set(component, device, fault);
}

function reopen(world: World, site: string, afterMs: number): void {
  world.time.later(afterMs, () =>
    stage(world, { site, to: 'commissioning' }, () => void world.time.later(minute, () => stage(world, { site, to: 'live' }, () => {}))),
  );
}

/** Changes the stage of a site. Calls `done` only if the stage was different. */
function stage(world: World, { site, to }: { site: string; to: SiteStage }, done: () => void): void {
  let before: string | undefined;
  const plan = (sites: Runtime['sites']) => {
    before ??= sites.table().stageOf(site);
    return setStage(
      { ...sites, table: sites.table(), records: sites.records() },
      { site, stage: to, force: true },
      { by, now: sites.now() },
    );
  };
  insist(world, plan, (sites) => {
    if (before !== to && sites.table().stageOf(site) === to) done();
  });
}

/** Repeats a change until the server returns a result. A refused change is already done, or `done` handles the refusal. */
function insist(world: World, plan: (sites: Runtime['sites']) => Plan, done: (sites: Runtime['sites']) => void): void {
  const again = () => void world.time.later(5 * second, () => insist(world, plan, done));
  const [centre, process] = [world.centre.centre(), world.centre.process()];
  if (centre === undefined || process === undefined) return again();
  let open = true;
  const ended = (how: () => void) => () => {
    if (open) how();
    open = false;
  };
  process.onKill(ended(again));
  new Promise<void>((resolve) => {
    const planned = plan(centre.sites);
    resolve(planned.ok ? centre.sites.apply(planned.change) : undefined);
  }).then(
    ended(() => done(centre.sites)),
    ended(again),
  );
}

function newToken(): string {
  return 'token';
}
