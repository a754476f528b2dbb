import type { PcView } from '@sabha/contracts';
import type { PcOutage, PcRecord } from '../../flows/engine/records/incidents.ts';
import type { World } from './world.ts';

/** Returns the current outage from the API. */
export function outageAt(world: World, path: string): PcView['outage'] {
  const pcs = world.centre.centre()?.view.pcs('all') ?? [];
  return pcs.find(({ pc }) => pc === path)?.outage ?? null;
}

/** Returns the last absence from the ledger. */
export function absenceOf(world: World, path: string): PcOutage | null {
  const row = world.centre.db().prepare('SELECT row FROM pcs WHERE pc = ?').get(path);
  return (JSON.parse(String(row?.['row'])) as PcRecord).absence ?? null;
}
