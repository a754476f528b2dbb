/**
 * A history, generated from one seed: changes in the rooms and disturbances. Its last part has no disturbances and is long enough for
 * everything to settle.
 */
import type { links } from '@sabha/contracts';
import { type Random, randomFrom } from '../random.ts';
import { ofSecondSite } from './audit-people.ts';
import { begin, type Disturbance, disturbanceOf, end, healAll } from './disturbances.ts';
import { keepQuiet, type QuietAct, quietActsOf } from './quiets.ts';
import { perform, type SiteAct, siteActsOf } from './sites.ts';
import { createWorld, type World } from './world.ts';

export type Change = { atMs: number; pc: number; component: string; device: string; fault: string | null | 'absent' };
export type Restore = { pc: number; imageAtMs: number; atMs: number };

export type History = {
  seed: number;
  pcs: number;
  link: keyof typeof links;
  changes: Change[];
  disturbances: Disturbance[];
  restores: Restore[];
  /** Actions of operators on sites and PCs. The run without disturbances has them too. */
  siteActs: SiteAct[];
  /** Snoozes and maintenance. Only the run with disturbances has them. */
  quiets: QuietAct[];
  calmAtMs: number;
};

const minute = 60_000;
/**
 * Time without disturbances at the end, in milliseconds. It is longer than the window of three restarts (30 min), the calm time of a
 * flapping room and every backoff.
 */
const calmMs = 34 * minute;
const twinCalmMs = 16 * minute;

const checks: { component: string; device: string; faults: string[] }[] = [
  { component: 'microphone', device: 'expected-1', faults: ['microphone.missing', 'microphone.muted', 'microphone.volume_low'] },
  { component: 'camera', device: 'expected-1', faults: ['camera.missing', 'camera.held'] },
  { component: 'pc', device: 'disk', faults: ['pc.disk_full'] },
  { component: 'pc', device: 'load', faults: ['pc.load_high', 'pc.hot'] },
];

export function historyOf(seed: number): History {
  const random = randomFrom(seed);
  const pcs = 3 + random.below(4);
  const calmAtMs = (30 + random.below(30)) * minute;
  const many = <T>(count: number, make: () => T) => Array.from({ length: count }, make);
  return {
    seed,
    pcs,
    link: random.next() < 0.25 ? 'geo' : 'fibre',
    calmAtMs,
    changes: many(8 + random.below(16), () => changeOf(random, pcs, calmAtMs)).sort((a, b) => a.atMs - b.atMs),
    disturbances: many(20 + random.below(40), () => disturbanceOf(random, calmAtMs)).sort((a, b) => a.atMs - b.atMs),
    restores: many(random.below(4) === 0 ? 1 : 0, () => restoreOf(random, pcs, calmAtMs)),
    siteActs: siteActsOf(random, { pcs, untilMs: calmAtMs }),
    quiets: quietActsOf(seed, { pcs, untilMs: calmAtMs }),
  };
}

/** Plays a history to its end. With `disturbed` false it plays the same rooms without disturbances. */
export async function play(history: History, { disturbed }: { disturbed: boolean }): Promise<World> {
  const { seed, pcs, link, changes, disturbances, restores, siteActs, quiets, calmAtMs } = history;
  const world = createWorld({ seed, pcs, link, sites: 2, hostile: disturbances.some(({ kind }) => kind === 'a PC is hostile') });
  const { time, note } = world;
  world.centre.roster.use([ofSecondSite]);
  world.boot();
  for (const change of changes) time.at(change.atMs, () => make(world, change));
  for (const act of siteActs) time.at(act.atMs, () => perform(world, act));
  if (disturbed) {
    for (const one of disturbances) {
      time.at(one.atMs, () => {
        note(`* ${one.kind}, ${world.pc(one.pc).path}`);
        begin(world, one);
      });
      time.at(one.atMs + one.forMs, () => end(world, one));
    }
    for (const one of restores) restoreIn(world, one);
    for (const one of quiets) time.at(one.atMs, () => keepQuiet(world, one));
    time.at(calmAtMs, () => {
      note('* all is well from here');
      healAll(world);
    });
  }
  await time.run(calmAtMs + (disturbed ? calmMs : twinCalmMs));
  return world;
}

function make(world: World, { pc, component, device, fault }: Change): void {
  world.note(`${world.pc(pc).path} ${component}/${device}: ${fault ?? 'ok'}`);
  world.pc(pc).room.set(component, device, fault);
}

function restoreIn(world: World, { pc: index, imageAtMs, atMs }: Restore): void {
  const pc = world.pc(index);
  let image: Uint8Array | undefined;
  world.time.at(imageAtMs, () => {
    image = pc.record.image();
  });
  world.time.at(atMs, () => {
    if (image === undefined) return;
    world.note(`* disk of ${pc.path} restored`);
    pc.kill();
    pc.record.restore(image);
    pc.start({ reboot: true });
  });
}

function changeOf(random: Random, pcs: number, untilMs: number): Change {
  const { component, device, faults } = random.pick(checks);
  const fault = random.pick([...faults, null, null, ...(component === 'pc' ? (['absent'] as const) : [])]);
  return { atMs: minute + random.next() * (untilMs - 2 * minute), pc: random.below(pcs), component, device, fault };
}

function restoreOf(random: Random, pcs: number, untilMs: number): Restore {
  const imageAtMs = minute + random.next() * (untilMs / 2);
  return { pc: random.below(pcs), imageAtMs, atMs: imageAtMs + minute + random.next() * (untilMs / 2 - 2 * minute) };
}
