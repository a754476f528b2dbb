/** The rows of the ledger that a judgement looks at. */
import type { Incident, Transition } from '../../flows/records/incidents.ts';
import type { OutboxRow } from '../../flows/records/notices.ts';
import { epochMs } from './time.ts';
import type { World } from './world.ts';

export type Rows = { incidents: Incident[]; transitions: Transition[]; outbox: OutboxRow[] };

export function rowsOf(world: World): Rows {
  const rows = <T>(table: string) =>
    world.centre
      .db()
      .prepare(`SELECT row FROM ${table}`)
      .all()
      .map(({ row }) => JSON.parse(String(row)) as T);
  return { incidents: rows('incidents'), transitions: rows('transitions'), outbox: rows('outbox') };
}

/** When a transition was made, by the world's time: by the ledger's, unless the clock of the centre was put meanwhile. */
export function decidedAt({ centre }: World, { id, at }: Pick<Transition, 'id' | 'at'>): number {
  const inWorld = centre.seen.steps > 0 ? centre.seen.decided.get(id) : undefined;
  return inWorld ?? at - epochMs;
}

/** The same without what is about a hostile PC: what it says of itself is judged apart. */
export function rowsOfOthers(world: World): Rows {
  const { incidents, transitions, outbox } = rowsOf(world);
  const path = world.hostile?.path;
  if (path === undefined) return { incidents, transitions, outbox };
  const isOfIt = (one: Incident) => one.scope === path || (one.faults.length > 0 && one.faults.every(({ device }) => device === path));
  const ids = new Set(incidents.filter(isOfIt).map(({ id }) => id));
  const others = transitions.filter(({ incident }) => !ids.has(incident));
  const known = new Set(others.map(({ id }) => id));
  return {
    incidents: incidents.filter((one) => !isOfIt(one)),
    transitions: others,
    outbox: outbox.filter(({ transition }) => transition === null || known.has(transition)),
  };
}
