/** Who is silent: judged for all PCs at each tick, and for one as soon as it speaks (R18, R19). */
import type { Presence } from '#contracts';
import { isOfGap, patienceMs, presenceOf } from '../outages/pc.ts';
import type { PcRecord } from '../records/incidents.ts';
import { judgedAway, type Regions } from './absence.ts';
import { type Core, followPc, listeningSince, putRecord } from './scopes.ts';

/**
 * Judges the silence of each PC as of the last moment until which our hearing is proven (R18a), whether it is silent on its own or since a gap of ours, and why it may be away.
 * Guarantee: a PC that is there costs no more than the look at its presence.
 */
export function judgeSilence(core: Core, now: number): void {
  const regions: Regions = new Map();
  for (const record of core.memory.pcs.values()) {
    const known = core.known.get(record.pc);
    // Nobody waits for a PC that never spoke, as long as its site is being set up.
    if (known === undefined || (!known.alerts && record.presence === 'never')) continue;
    const since = listeningSince(core, record.pc);
    const presence = presenceNow(core, record, since);
    const isSame = presence === record.presence;
    if (isSame && (presence === 'online' || presence === 'never' || since === null)) continue;
    const moved = isSame ? record : { ...record, presence, unheard: isUnheard(core, record, { presence, since }) };
    const next = judgedAway(core, moved, { now, regions });
    if (next === record) continue;
    putRecord(core, next, now);
    core.listChanged ||= next.unheard !== record.unheard || (next.unheard && !isSame);
    followPc(core, record.pc, now);
  }
}

function presenceNow(core: Core, record: PcRecord, since: number | null): Presence {
  return since !== null && isMissed(core, record) ? 'silent' : presenceOf(record, since, core.provenAt);
}

/** Gaps of ours give each PC its whole limit anew: one that is not heard in all the hearing between them is missed although they go on (R19). */
function isMissed({ inAll, expectedSince }: Core, record: PcRecord): boolean {
  const limitMs = patienceMs(record);
  return limitMs !== null && inAll.isMissed(Math.max(record.heardAt ?? 0, expectedSince.get(record.pc) ?? 0), limitMs);
}

/** Silent since a gap of ours; one that had said goodbye before it is missed for a reason of its own. */
function isUnheard(core: Core, record: PcRecord, { presence, since }: { presence: Presence; since: number | null }): boolean {
  const from = since ?? 0;
  const heardSince = Math.max(record.heardAt ?? 0, record.lostAt ?? 0) >= from && !isOfGap(record);
  return presence === 'silent' && record.presence !== 'stopped' && since === core.subscribedAt && !heardSince;
}

/** A PC that is heard again is judged at once, not at the next tick. */
export function judgedNow(core: Core, record: PcRecord): PcRecord {
  const presence = presenceOf(record, listeningSince(core, record.pc), core.provenAt);
  const unheard = record.unheard && presence === 'silent';
  return presence === record.presence && unheard === record.unheard ? record : { ...record, presence, unheard };
}
