/** Helpers for tests of single rules: a settled simulation, its messages, and the rows of the ledger. */
import { type Check, decode, type EventMessage, type MessageOf, type UpLeaf } from '@sabha/contracts';
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import type { CentreView } from '../../flows/view/live.ts';
import { eventsArrived, nothingWaits, spoolsAreEmpty } from './audit.ts';
import { rowsOf } from './rows.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

export const second = 1_000;
export const minute = 60 * second;

/** Starts a simulation and waits until all PCs are online and all spools empty. */
export async function atRest(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = createWorld({ seed: 7, ...options });
  world.boot();
  await world.pass(2 * minute);
  return world;
}

/** Returns the broken guarantees that every test checks: lost, duplicated, unacknowledged or waiting items. */
export async function complaints(world: World): Promise<string[]> {
  const { twice } = await auditOf(world);
  return [
    ...(twice === 0 ? [] : [`${twice} events stand twice`]),
    ...world.pcs.flatMap((pc) => eventsArrived(world, pc.path, pc.record.kept)),
    ...spoolsAreEmpty(world),
    ...nothingWaits(world, rowsOf(world)),
  ];
}

export function auditOf(world: World) {
  return openInThread(world.centre.db()).audit();
}

export type Said<L extends UpLeaf> = { at: number; message: MessageOf<L> };

/** Returns a list that collects all messages that PCs send on this topic leaf from now on. */
export function listen<L extends UpLeaf>(world: World, leaf: L): Said<L>[] {
  const said: Said<L>[] = [];
  world.broker.intercept((topic, payload) => {
    const read = topic.endsWith(`/${leaf}`) ? decode(leaf, payload) : undefined;
    if (read?.ok) said.push({ at: world.time.now(), message: read.value as MessageOf<L> });
    return false;
  });
  return said;
}

/** Returns the events of a PC in the ledger, by spool and number. */
export function eventsOf(world: World, pc = 0): (Pick<EventMessage, 'seq' | 'boot' | 'at' | 'kind'> & { spool: string; body: string })[] {
  const query = `SELECT s.spool, e.seq, e.boot, e.at, e.kind, e.body FROM events e JOIN spools s ON s.id = e.spool
    WHERE s.pc = ? ORDER BY s.id, e.seq`;
  return world.centre.db().prepare(query).all(world.pc(pc).path) as never;
}

export function checksAt(world: World, pc = 0): Check[] {
  const { path } = world.pc(pc);
  return (
    world.centre
      .centre()
      ?.view.snapshot('all')
      .pcs.find((one) => one.pc === path)?.checks ?? []
  );
}

export function presenceAt(world: World, pc = 0): string | undefined {
  const { path } = world.pc(pc);
  return world.centre
    .centre()
    ?.view.snapshot('all')
    .pcs.find((one) => one.pc === path)?.presence;
}

export function mailTo(world: World, person: string): string[] {
  return world.centre.post.deliveries.filter((one) => one.channel === 'email' && one.person === person).map(({ subject }) => subject);
}

/** Executes an action of a person. Throws if it is not done within a second. */
export async function order(world: World, act: (view: CentreView) => Promise<string>): Promise<void> {
  const view = world.centre.centre()?.view;
  const done = view && act(view);
  await world.pass(second);
  const said = await done;
  if (said !== 'done') throw new Error(`it was not done: ${said}`);
}

export function transitionsOf(world: World, scope: string): string[] {
  const { incidents, transitions } = rowsOf(world);
  const ids = new Set(incidents.filter((one) => one.scope === scope).map(({ id }) => id));
  return transitions.filter((one) => ids.has(one.incident)).map(({ kind, conclusion }) => `${kind}: ${conclusion}`);
}

/** Kills `flows` at the n-th pass of a point during `act`, restarts it, and lets it settle. */
export async function killedAt(world: World, at: { point: string; pass: number }, act: () => void): Promise<void> {
  world.centre.process()?.trap(at.point, at.pass);
  act();
  await world.pass(40 * second);
  world.centre.start();
  world.centre.process()?.trap(at.point, 0);
  await world.pass(2 * minute);
}

export const microphone = (world: World, fault: string | null, pc = 0) => world.pc(pc).room.set('microphone', 'expected-1', fault);
export const camera = (world: World, fault: string | null, pc = 0) => world.pc(pc).room.set('camera', 'expected-1', fault);
