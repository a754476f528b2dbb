/** The rows of the ledger that a judgement looks at. */
import type { Incident, Transition } from '../../flows/records/incidents.ts';
import type { OutboxRow } from '../../flows/records/notices.ts';
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
