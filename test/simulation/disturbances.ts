/** All disturbances of the simulation: how each begins and ends. */
import type { CentreView } from '../../flows/view/live.ts';
import type { Random } from '../random.ts';
import type { Cut } from './broker.ts';
import { given } from './orders.ts';
import type { Broken } from './tabs.ts';
import type { World } from './world.ts';

/** `choice` selects a variant. `count` says at which pass of a point a trap kills the process. */
export type Disturbance = { atMs: number; forMs: number; kind: Kind; pc: number; choice: number; count: number };

/** `hits` names what the disturbance affects: one PC, the whole server, or nothing that delays a notification of a room. */
type Row = { weight: number; longestMs: number; hits: 'pc' | 'all' | 'nobody'; begin: Act; end: Act };
type Act = (world: World, at: Disturbance) => void;

const second = 1_000;
const minute = 60 * second;
const nothing = () => {};
/** A canary that is 20 s late is a receive gap by R18a (canary). After this many milliseconds the server has certainly noticed the gap. */
const noticedDeafMs = 23 * second;
/** Error of the server's clock until the clock is corrected, in milliseconds. */
export const centreStepMs: number = 10 * minute;

const table = {
  'pc killed': row(4, 5 * minute, 'pc', (world, at) => world.pc(at.pc).kill({ power: at.choice % 3 === 0 }), restartPc),
  'pc stopped': row(2, 8 * minute, 'pc', (world, at) => world.pc(at.pc).stop(), restartPc),
  'pc killed at a step': row(
    5,
    2 * minute,
    'pc',
    (world, at) =>
      world
        .pc(at.pc)
        .process()
        ?.trap(pick(pcPoints, at), 1 + (at.count % 8)),
    (world, at) => {
      for (const point of pcPoints) world.pc(at.pc).process()?.trap(point, 0);
      restartPc(world, at);
    },
  ),
  'link cut': row(
    6,
    6 * minute,
    'pc',
    (world, at) => world.pc(at.pc).cut(pick(cuts, at)),
    (world, at) => world.pc(at.pc).heal(),
  ),
  'link flaps': row(
    3,
    5 * second,
    'pc',
    (world, at) => world.pc(at.pc).cut(pick(cuts, at)),
    (world, at) => world.pc(at.pc).heal(),
  ),
  'link stalls': row(2, 30 * second, 'pc', (world, at) => {
    world.pc(at.pc).link.stalledUntilMs = world.time.now() + at.forMs;
  }),
  'clock jumps': row(2, second, 'nobody', (world, at) => {
    const { machine } = world.pc(at.pc);
    if (at.choice % 3 === 0) machine.setWall(at.count * minute);
    else machine.jump(at.choice % 3 === 1 ? 60 * minute : -60 * minute);
  }),
  'disk of a pc full': row(
    2,
    4 * minute,
    'nobody',
    (world, at) => world.pc(at.pc).record.fill(),
    (world, at) => world.pc(at.pc).record.free(),
  ),
  'probe fails': row(
    2,
    6 * minute,
    'pc',
    (world, at) => world.pc(at.pc).room.fail(pick(['camera', 'microphone', 'pc'], at), at.count % 2 === 0 ? 'hangs' : 'throws'),
    (world, at) => world.pc(at.pc).room.fail(pick(['camera', 'microphone', 'pc'], at), null),
  ),
  disorder: row(
    2,
    4 * minute,
    'nobody',
    (world, at) => disorder(world, 0.1 + 0.1 * (at.count % 4)),
    (world) => disorder(world, 0),
  ),
  'broker killed': row(
    4,
    3 * minute,
    'all',
    (world, at) => world.broker.kill({ flush: at.choice % 2 === 0 }),
    (world) => world.broker.start(),
  ),
  'broker killed at a step': row(
    3,
    minute,
    'all',
    (world, at) => {
      world.broker.state.dieAtPublish = 1 + (at.count % 10);
    },
    (world) => {
      world.broker.state.dieAtPublish = 0;
      world.broker.start();
    },
  ),
  'wills are late': row(
    1,
    5 * minute,
    'nobody',
    (world, at) => {
      world.broker.state.lateWillMs = at.count * 3_000;
    },
    (world) => {
      world.broker.state.lateWillMs = 0;
    },
  ),
  'flows killed': row(
    5,
    4 * minute,
    'all',
    (world) => world.centre.kill(),
    (world) => world.centre.start(),
  ),
  'flows killed at a step': row(
    8,
    20 * second,
    'all',
    (world, at) => world.centre.process()?.trap(pick(centrePoints, at), 1 + (at.count % 6)),
    (world) => {
      for (const point of centrePoints) world.centre.process()?.trap(point, 0);
      world.centre.start();
    },
  ),
  'flows stands still': row(
    4,
    5 * minute,
    'all',
    (world, at) => world.centre.stop(at.forMs),
    (world) => world.centre.go(),
  ),
  'flows has hardly a turn': row(2, 5 * minute, 'all', (world, at) => {
    for (let from = 0; from < at.forMs; from += 10 * second) {
      world.time.later(from, () => world.centre.stop(9 * second));
      world.time.later(from + 9 * second, () => world.centre.go());
    }
  }),
  'broker stands still': row(
    4,
    5 * minute,
    'all',
    (world, at) =>
      world.broker.stop(at.forMs, (name) => {
        if (name === 'flows' && at.forMs > noticedDeafMs) world.centre.gapOver();
      }),
    (world) => world.broker.go(),
  ),
  'pc stands still': row(
    2,
    5 * minute,
    'pc',
    (world, at) => world.pc(at.pc).pause(at.forMs),
    (world, at) => world.pc(at.pc).process()?.go(),
  ),
  'clock of the centre is put right': row(
    2,
    5 * minute,
    'nobody',
    (world, at) => world.centre.step(at.choice % 2 === 0 ? centreStepMs : -centreStepMs),
    (world) => world.centre.step(0),
  ),
  'a PC is hostile': row(
    1,
    2 * minute,
    'nobody',
    (world, at) => world.hostile?.begin(at.choice),
    (world) => world.hostile?.end(),
  ),
  'link of flows cut': row(
    2,
    2 * minute,
    'all',
    (world, at) => world.centre.cut(pick(cuts, at)),
    (world) => {
      world.centre.link.up = true;
    },
  ),
  'disk of the centre full': row(
    3,
    90 * second,
    'all',
    (world) => world.centre.fill(),
    (world) => world.centre.free(),
  ),
  'mail server fails': row(
    3,
    10 * minute,
    'nobody',
    (world, at) => {
      world.centre.post.trouble = pick(['retry', 'hangs', 'refused'] as const, at);
    },
    (world) => {
      world.centre.post.trouble = null;
    },
  ),
  'tabs broken': row(
    3,
    5 * minute,
    'nobody',
    (world, at) => world.centre.deploy(pick(['cut', 'no-waits', 'throws'] satisfies Broken[], at)),
    (world) => world.centre.deploy(null),
  ),
  // One row holds all variants, because a further row would change the history of every seed.
  'operator acts': row(2, second, 'nobody', (world, at) => operate(world, pick(acts, at))),
} satisfies Record<string, Row>;

export type Kind = keyof typeof table;

type Order = (view: CentreView, id: number) => Promise<unknown>;
const acts: Order[] = [
  (view, id) => view.act(id, 'meera', { type: 'acknowledge' }),
  (view, id) => view.act(id, 'asha', { type: 'fixed' }),
  (view, id) => view.act(id, 'meera', { type: 'assign', to: 'tashi' }),
];

function operate(world: World, order: Order): void {
  const view = world.centre.centre()?.view;
  const open = view?.incidents().filter(({ over }) => over === null) ?? [];
  if (view === undefined || open.length === 0) return;
  given(world, order(view, world.random.pick(open).id));
}

const cuts = ['reset', 'hole', 'half'] satisfies Cut[];
const pcPoints = ['before a commit of the spool', 'after a commit of the spool', 'publish'];
const centrePoints = ['before a commit of the ledger', 'after a commit of the ledger', 'publish', 'before a send', 'after a send'];

export function disturbanceOf(random: Random, untilMs: number): Disturbance {
  const kinds = (Object.keys(table) as Kind[]).flatMap((kind) => Array<Kind>(table[kind].weight).fill(kind));
  const kind = random.pick(kinds);
  const atMs = minute + random.next() * (untilMs - minute);
  // Squaring makes most disturbances short.
  const forMs = Math.min(untilMs - atMs, second + random.next() ** 2 * table[kind].longestMs);
  return { atMs, forMs, kind, pc: random.below(6), choice: random.below(60), count: random.below(60) };
}

export function hits(kind: Kind): Row['hits'] {
  return table[kind].hits;
}

export function begin(world: World, at: Disturbance): void {
  table[at.kind].begin(world, at);
}

export function end(world: World, at: Disturbance): void {
  table[at.kind].end(world, at);
}

/** Ends all disturbances: suspended processes resume, and no kill is pending. */
export function healAll(world: World): void {
  for (const kind of Object.keys(table) as Kind[]) {
    for (let pc = 0; pc < world.pcs.length; pc += 1) {
      for (let choice = 0; choice < 3; choice += 1) table[kind].end(world, { atMs: 0, forMs: 0, kind, pc, choice, count: 0 });
    }
  }
}

function row(weight: number, longestMs: number, hit: Row['hits'], start: Act, over: Act = nothing): Row {
  return { weight, longestMs, hits: hit, begin: start, end: over };
}

function restartPc(world: World, at: Disturbance): void {
  world.pc(at.pc).start({ reboot: at.choice % 2 === 0 });
}

function disorder(world: World, probability: number): void {
  world.broker.state.duplicate = probability;
  for (const { link } of [...world.pcs, world.centre]) link.disorder = probability;
}

function pick<T>(from: readonly T[], { choice }: Disturbance): T {
  return from[choice % from.length] as T;
}
