/** What the centre says of PCs that are away, now and afterwards. */
import type { PcView } from '@sabha/contracts';
import type { Absence, PcRecord } from '../../flows/engine/records/incidents.ts';
import type { World } from './world.ts';

/** What the API says while it lasts. */
export function outageAt(world: World, path: string): PcView['outage'] {
  const pcs = world.centre.centre()?.view.pcs('all') ?? [];
  return pcs.find(({ pc }) => pc === path)?.outage ?? null;
}

/** What the ledger holds of the last absence. */
export function absenceOf(world: World, path: string): Absence | null {
  const row = world.centre.db().prepare('SELECT row FROM pcs WHERE pc = ?').get(path);
  return (JSON.parse(String(row?.['row'])) as PcRecord).absence ?? null;
}
