/** The site table as the engine knows it, and what a change of it does to records and rooms (R15). */
import { causeKindOf, nameInScope, siteOf } from '@sabha/contracts';
import { byRegion } from '../correlation/regions.ts';
import { newRecord, recordAfter } from '../outages/pc.ts';
import type { CentreEvent, KnownPc } from '../records/incidents.ts';
import { sceneOver } from '../transitions/incident.ts';
import type { Core } from './core.ts';
import { alerts, causesAbove, closeRoom, followPc, followScope, followUnheard, pcsOf, putRecord, setCentre } from './core.ts';

type Known = Omit<Extract<CentreEvent, { type: 'known' }>, 'type'>;

/** Takes the PCs of another site table: closes what is open of rooms that no longer alert, and opens what stands in rooms that now do. */
export function setKnown(core: Core, { pcs, because, replaced }: Known, now: number): void {
  const before = new Map(core.known);
  core.known.clear();
  for (const known of pcs) core.known.set(known.pc, known);
  core.sites = Map.groupBy(core.known.keys(), siteOf);
  core.above = new Map([...core.sites].map(([site, [first = '']]) => [site, causesAbove(first, core.known.get(first))]));
  core.regions = byRegion([...core.sites.keys()], (site) => core.above.get(site) ?? []);
  for (const pc of replaced) renew(core, { pc, because: because[pc] ?? 'replaced' }, now);
  for (const known of pcs) admit(core, { ...known, wasKnown: before.has(known.pc) }, now);
  const rooms = core.memory.openScopes().filter((scope) => core.memory.pcs.has(scope) && !alerts(core, scope));
  for (const pc of rooms) closeRoom(core, { pc, because: because[pc] ?? usualWhy(core.known.has(pc)) }, now);
  closeSites(core, because, now);
  for (const pc of before.keys()) if (!core.known.has(pc)) forgetPc(core, pc, now);
  for (const { pc } of pcs) {
    if (!alerts(core, pc) || before.get(pc)?.alerts) continue;
    // The PC alerts from now on: its standing faults are raised. If it is silent already, that is its own fault and not one of a gap in our hearing.
    core.expectedSince.set(pc, now);
    const record = core.memory.pcs.get(pc);
    if (record?.unheard) putRecord(core, { ...record, unheard: false }, now);
    followPc(core, pc, now);
  }
  followUnheard(core, now);
}

/**
 * PCs that the broker lets in no more are stopped at once: nobody waits for their silence, nor for one that said it would be back, and the will
 * of their last session says nothing.
 */
export function shutOut(core: Core, pcs: readonly string[], now: number): void {
  for (const pc of pcs) {
    const record = core.memory.pcs.get(pc);
    if (record === undefined || record.presence === 'never' || !core.known.has(pc)) continue;
    core.listChanged ||= record.unheard;
    putRecord(core, { ...record, presence: 'stopped', lostAt: null, unheard: false, bye: null }, now);
    followPc(core, pc, now);
  }
  const sites = new Set(pcs.map(siteOf));
  // One that alerts is there, or away without having been shut out.
  const isSeen = (pc: string) => {
    const { presence = 'never', bye = null } = core.memory.pcs.get(pc) ?? {};
    return alerts(core, pc) && presence !== 'never' && (presence !== 'stopped' || bye !== null);
  };
  const isOver = (all: readonly string[]) => all.some((site) => sites.has(site)) && !all.some((site) => pcsOf(core, site).some(isSeen));
  closeCauses(core, { isOver, why: () => 'revoked' }, now);
}

/** A PC that was away from the table may have said anything meanwhile: whether it is there is judged anew, and from now on (R18). */
function admit(core: Core, { pc, link, wasKnown }: Pick<KnownPc, 'pc' | 'link'> & { wasKnown: boolean }, now: number): void {
  const record = core.memory.pcs.get(pc);
  if (!wasKnown) core.expectedSince.set(pc, now);
  if (record === undefined) return putRecord(core, newRecord(pc, link), now);
  if (!wasKnown)
    return putRecord(
      core,
      { ...record, link, presence: 'never', heardAt: null, lostAt: null, unheard: false, bye: null, absence: null },
      now,
    );
  if (record.link !== link) putRecord(core, { ...record, link }, now);
}

/** Sites of which nothing alerts any more do not answer again by that: what is open of them as one cause ends like their rooms. */
function closeSites(core: Core, because: Known['because'], now: number): void {
  const isOver = (sites: readonly string[]) => !sites.some((site) => pcsOf(core, site).some((pc) => alerts(core, pc)));
  const why = (sites: readonly string[]) => {
    const own = Object.keys(because).find((pc) => sites.includes(siteOf(pc)));
    return because[own ?? ''] ?? usualWhy(sites.some((site) => pcsOf(core, site).length > 0));
  };
  closeCauses(core, { isOver, why }, now);
}

/** Closes what is open of sites as one cause, where it can end no more by their being there. */
function closeCauses(
  core: Core,
  { isOver, why }: { isOver(sites: readonly string[]): boolean; why(sites: readonly string[]): string },
  now: number,
): void {
  for (const scope of core.memory.openScopes()) {
    const kind = causeKindOf(scope);
    if (kind === undefined || kind === 'spread') continue;
    const sites = kind === 'site' ? [nameInScope(scope)] : (core.memory.openIncident(scope)?.spread?.members ?? []);
    if (sites.length === 0 || !isOver(sites)) continue;
    core.correlation.drop(scope);
    followScope(core, { scope, scene: sceneOver(why(sites)) }, now);
  }
}

function usualWhy(isKnown: boolean): string {
  return isKnown ? 'site no longer live' : 'no longer in the site table';
}

/** Another machine stands in the room, or will one day: what was known of the old one is forgotten. */
function renew(core: Core, at: { pc: string; because: string }, now: number): void {
  const { pc } = at;
  const record = core.memory.pcs.get(pc);
  if (record === undefined) return;
  closeRoom(core, at, now);
  forgetPc(core, pc, now);
  core.expectedSince.set(pc, now);
  putRecord(core, recordAfter(record, now), now);
}

function forgetPc(core: Core, pc: string, now: number): void {
  core.asking.delete(pc);
  core.current.delete(pc);
  core.expectedSince.delete(pc);
  core.unknown.delete(pc);
  core.drops.forget(pc);
  core.history.forget(pc);
  core.spreads.forgetPc(pc, now);
  if (core.noise.forget(pc)) setCentre(core, { fault: 'pc.noisy', device: pc, standing: false }, now);
}
