import type { Absence, PcRecord } from '../records/incidents.ts';
import type { Away } from './outages.ts';
import { newRecord } from './pc.ts';

const second = 1_000;
/** When the PC of the tests was last heard, when it was away for certain, and when it is back. */
export const from = 10 * 3_600 * second;
export const goneBy = from + 100 * second;
export const now = from + 3_600 * second;

/** A PC that is away since then, or was. */
export const away = (of: Partial<Absence> = {}, edit: Partial<PcRecord> = {}): Away => ({
  ...newRecord('s/a/1', 'fibre'),
  boot: 'b1',
  spool: 's1',
  presence: 'silent',
  heardAt: goneBy,
  ...edit,
  absence: { cause: 'undetermined', confidence: 0.5, from, goneBy, to: null, aliveAt: null, incident: 1, ...of },
});
