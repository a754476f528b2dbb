/** Who is silent: judged for all PCs at each tick, and for one as soon as it speaks (R18, R19). */
import type { Presence } from '@sabha/contracts';
import { isOfGap, patienceMs, presenceOf } from '../outages/pc.ts';
import type { PcRecord } from '../records/incidents.ts';
import { judgedAway, type Regions } from './absence.ts';
import { correlate } from './causes.ts';
import type { Core } from './core.ts';
import { followPc, listeningSince, putRecord } from './scopes.ts';

/**
 * Judges the silence of each PC as of the last moment until which our hearing is proven (R18a), whether it is silent on its own or since a gap of ours, and why it may be away.
 * Guarantee: a PC that is there costs no more than the look at its presence.
 */
export function judgeSilence(core: Core, now: number): void {
  const regions: Regions = new Map();
  const changed = [...core.memory.pcs.values()].filter((record) => judged(core, record, { now, regions }));
  correlate(core, now);
  for (const { pc } of changed) followPc(core, pc, now);
}

/** True where the PC, or why it is away, is judged otherwise than before. */
function judged(core: Core, record: PcRecord, { now, regions }: { now: number; regions: Regions }): boolean {
  const known = core.known.get(record.pc);
  // Nobody waits for a PC that never spoke, as long as its site is being set up.
  if (known === undefined || (!known.alerts && record.presence === 'never')) return false;
  const since = listeningSince(core, record.pc);
  const presence = presenceNow(core, record, since);
  const isSame = presence === record.presence;
  if (isSame && (presence === 'online' || presence === 'never' || since === null)) return false;
  const moved = isSame ? record : { ...record, presence, unheard: isUnheard(core, record, { presence, since }) };
  const next = judgedAway(core, moved, { now, regions });
  if (next === record) return false;
  putRecord(core, next, now);
  core.listChanged ||= next.unheard !== record.unheard || (next.unheard && !isSame);
  return true;
}

/** Gaps of ours give each PC its whole limit anew: one that is not heard in all the hearing between them is missed although they go on (R19). */
function presenceNow(core: Core, record: PcRecord, since: number | null): Presence {
  const limitMs = since === null ? null : patienceMs(record);
  const isMissed = limitMs !== null && core.inAll.isMissed(core.inAll.sinceMs(waitedFrom(core, record)) + earlierMs(core, record), limitMs);
  return isMissed ? 'silent' : presenceOf(record, since, core.provenAt);
}

function waitedFrom({ expectedSince }: Core, record: PcRecord): number {
  return Math.max(record.heardAt ?? 0, expectedSince.get(record.pc) ?? 0);
}

/** In how much of the hearing of earlier starts it was not heard either. */
function earlierMs(core: Core, record: PcRecord): number {
  return waitedFrom(core, record) < core.startedAt ? (core.inVain.get(record.pc) ?? 0) : 0;
}

/**
 * The PCs that were not heard since this start and are not silent yet, each with how much of our hearing that was: for the next start, or a
 * `flows` that is restarted again and again would hide who is dead.
 */
export function inVainOf(core: Core): Record<string, number> {
  const waited = [...core.memory.pcs.values()].filter(
    (record) => record.presence !== 'silent' && core.known.has(record.pc) && waitedFrom(core, record) < core.startedAt,
  );
  const of = (record: PcRecord) => Math.round(core.inAll.sinceMs(core.startedAt) + earlierMs(core, record));
  return Object.fromEntries(waited.map((record) => [record.pc, of(record)] as const).filter(([, ms]) => ms > 0));
}

/**
 * Silent since a receive gap, or never heard: its agent is yet to be installed. Both are one list. A PC that had said goodbye before the gap is
 * missed for a reason of its own, and so is the next machine in a room that had one.
 */
function isUnheard(core: Core, record: PcRecord, { presence, since }: { presence: Presence; since: number | null }): boolean {
  const from = since ?? 0;
  const isNew = record.heardAt === null && !record.formers?.length;
  if (isNew && presence === 'silent') return true;
  const heardSince = Math.max(record.heardAt ?? 0, record.lostAt ?? 0) >= from && !isOfGap(record);
  return presence === 'silent' && record.presence !== 'stopped' && since === core.subscribedAt && !heardSince;
}

/** A PC that is heard again is judged at once, not at the next tick. */
export function judgedNow(core: Core, record: PcRecord): PcRecord {
  const presence = presenceOf(record, listeningSince(core, record.pc), core.provenAt);
  const unheard = record.unheard && presence === 'silent';
  return presence === record.presence && unheard === record.unheard ? record : { ...record, presence, unheard };
}
