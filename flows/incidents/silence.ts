/** Who is silent: judged for all PCs at each tick, and for one as soon as it speaks (R18, R19). */
import type { PcRecord } from './model.ts';
import { presenceOf } from './pc.ts';
import { type Core, followPc, putRecord } from './scopes.ts';

/** Judges the silence of each PC, and whether it is silent on its own or since a gap of ours. */
export function judgeSilence(core: Core, now: number): void {
  for (const record of core.book.pcs.values()) {
    const known = core.known.get(record.pc);
    // Nobody waits for a PC that never spoke, as long as its site is being set up.
    if (known === undefined || (!known.alerts && record.presence === 'never')) continue;
    const since = listeningSince(core, record.pc);
    const presence = presenceOf(record, since, now);
    if (presence === record.presence) continue;
    const heardSince = record.heardAt !== null && record.heardAt >= (since ?? 0);
    const unheard = presence === 'silent' && since === core.subscribedAt && !heardSince;
    putRecord(core, { ...record, presence, unheard }, now);
    core.listChanged ||= unheard || record.unheard;
    followPc(core, record.pc, now);
  }
}

/** A PC that is heard again is judged at once, not at the next tick. */
export function judgedNow(core: Core, record: PcRecord, now: number): PcRecord {
  const presence = presenceOf(record, listeningSince(core, record.pc), now);
  const unheard = record.unheard && presence === 'silent';
  return presence === record.presence && unheard === record.unheard ? record : { ...record, presence, unheard };
}

/** From when silence counts: our own last SUBACK, or when the PC began to be expected, if that was later. */
function listeningSince({ subscribedAt, expectedSince }: Core, pc: string): number | null {
  const since = expectedSince.get(pc);
  return subscribedAt === null || since === undefined ? subscribedAt : Math.max(subscribedAt, since);
}
