/** What the API shows of the memory. */
import {
  airAt,
  byReadiness,
  bySeverity,
  type IncidentNews,
  type IncidentRow,
  type IncidentView,
  links,
  type PcView,
  type Presence,
  readinessOf,
  riseFactor,
  roomLimitCelsius,
  type SiteDetail,
  type SiteView,
  type StateView,
  siteOf,
  stateOf,
  surenessOf,
} from '@sabha/contracts';
import { isBeside } from '../engine/outages/outages.ts';
import type { Incident, PcRecord, StandingFault } from '../engine/records/incidents.ts';
import type { SiteTable } from '../engine/records/sites.ts';
import { watchedUntil } from '../engine/transitions/incident.ts';
import { maintainedFor } from '../engine/transitions/offer.ts';
import type { Ingest } from '../ingest/ingest.ts';

/** `place` also names rooms that are gone; `personName` is what people call the person of an id; `wanted` the version of the profile that a PC ought to have. */
export type View = Pick<Ingest, 'memory' | 'place' | 'wanted' | 'link' | 'numbers'> & {
  table: SiteTable;
  at: number;
  subscribed: boolean;
  /** The last time in which the centre heard nobody. */
  away: ReturnType<Ingest['away']>;
  personName(id: string): string;
};

/** Of a view, what presence is judged by. */
type Now = Pick<View, 'memory' | 'table' | 'subscribed' | 'at'>;

/** True once each PC of a live site was heard after a time, or found silent: what stands is of now. */
export function isSettled({ memory, table }: Pick<View, 'memory' | 'table'>, since: number): boolean {
  return table.known.every(({ pc, alerts }) => {
    const { heardAt = null, presence = 'never' } = memory.pcs.get(pc) ?? {};
    return !alerts || (heardAt ?? 0) >= since || presence === 'silent' || presence === 'stopped' || presence === 'never';
  });
}

type Surroundings = Pick<SiteDetail, 'link' | 'broke' | 'numbers' | 'limits'>;

/** A PC as it is now. */
export function pcView(view: View, pc: string): PcView {
  const { memory, table } = view;
  const record = memory.pcs.get(pc);
  return {
    pc,
    site: siteOf(pc),
    state: stateOf(pc),
    room: table.place(pc).room,
    heardAt: record?.heardAt ?? null,
    calledAt: record?.calledAt ?? null,
    agent: record?.agent ?? null,
    config: { wanted: view.wanted(pc), held: record?.config ?? 0 },
    ...answerOf(view, pc),
    incident: memory.openIncident(pc)?.id ?? null,
    outage: outageOf(view, record),
  };
}

/** Why a PC is away now. */
function outageOf(view: View, record: PcRecord | undefined): PcView['outage'] {
  const { absence, presence } = record ?? {};
  if (!record || !absence || absence.to !== null || presence === 'online' || presence === 'never') return null;
  const { cause, confidence, from } = absence;
  return { cause, confidence, sureness: surenessOf(confidence), from, ...besideOf(view, record.pc) };
}

/** That another PC of its site answers, where its own is away: by the rule of the messages, and of those that are shown as there. */
function besideOf(view: View, pc: string): { beside?: true } {
  return isBeside(view.memory.pcs.get(pc), answering(view, siteOf(pc))) ? { beside: true } : {};
}

/** The PCs of a site that are away while another one of it answers. */
export function besideAt(view: Now, site: string): string[] {
  const away = view.table.pcsOf(site).filter((pc) => view.memory.pcs.get(pc)?.absence?.to === null);
  const there = away.length === 0 ? [] : answering(view, site);
  return away.filter((pc) => isBeside(view.memory.pcs.get(pc), there));
}

function answering(view: Now, site: string): PcRecord[] {
  return view.table.pcsOf(site).flatMap((pc) => (presenceOf(view, pc) === 'online' ? (view.memory.pcs.get(pc) ?? []) : []));
}

/**
 * Presence, checks and readiness of a PC. While the centre hears nothing, nobody is online; nor is anybody where it does not listen any more, or
 * who was not heard for its limit: a gap of ours gives it another one, and nobody vouches for it meanwhile.
 */
export function answerOf(now: Now, pc: string) {
  const presence = presenceOf(now, pc);
  const checks = now.memory.pcs.get(pc)?.checks ?? [];
  return { presence, checks, ...readinessOf({ presence, checks }) };
}

function presenceOf({ memory, table, subscribed, at }: Now, pc: string): Presence {
  const record = memory.pcs.get(pc);
  const held = record === undefined || (record.heardAt === null && record.unheard) ? 'never' : record.presence;
  if (table.stageOf(pc) === 'closed' && held !== 'never') return 'stopped';
  const isDeaf = !subscribed && held !== 'never' && held !== 'stopped';
  return isDeaf ? 'silent' : isUnheard(record, at) ? 'unheard' : held;
}

/** True of one that is there as far as anybody judged, and was not heard for its limit. */
export function isUnheard(record: PcRecord | undefined, at: number): boolean {
  return record?.presence === 'online' && at - (record.heardAt ?? at) >= links[record.link].silentMs;
}

/** A site in a row; undefined where there is none. */
export function siteView(view: View, path: string): SiteView | undefined {
  const { memory, table } = view;
  const node = table.node(path);
  if (!node?.site) return undefined;
  const pcs = table.pcsOf(path);
  const rooms = pcs.map((pc) => ({ heardAt: memory.pcs.get(pc)?.heardAt ?? null, ...answerOf(view, pc) }));
  const worst = rooms.sort((a, b) => byReadiness(a.readiness, b.readiness))[0];
  const open = pcs.flatMap((pc) => memory.openIncident(pc)?.severity ?? []).sort(bySeverity);
  const quiet = rooms.flatMap(({ presence, heardAt }) => (presence === 'online' || heardAt === null ? [] : [heardAt]));
  const { link, elevationM } = table.resolve(path).profile;
  return {
    site: path,
    state: stateOf(path),
    name: node.name,
    stage: node.site.stage,
    link,
    elevationM,
    pcs: pcs.length,
    readiness: worst?.readiness ?? 'unknown',
    why: worst === undefined ? { component: 'pc', fault: null, reason: 'never' } : worst.why,
    worst: open[0] ?? null,
    open: open.length,
    quietSince: quiet.length === 0 ? null : Math.min(...quiet),
  };
}

/** What a site last said of its link, unless the PC that said it is gone from there, of its power and room, and what its elevation means. */
export function surroundingsOf(view: Pick<View, 'link' | 'numbers' | 'table'>, site: string): Surroundings {
  const { table } = view;
  const { link, broke } = view.link(site);
  const isHere = (one: { pc: string } | null) => one !== null && table.pcsOf(site).includes(one.pc);
  const { elevationM } = table.resolve(site).profile;
  const limits = {
    elevationM,
    densityRatio: airAt(elevationM).ratio,
    roomLimitC: roomLimitCelsius(elevationM),
    riseFactor: riseFactor(elevationM),
  };
  const numbers = Object.fromEntries(table.pcsOf(site).map((pc) => [pc, view.numbers(pc)]));
  return { link: isHere(link) ? link : null, broke: isHere(broke) ? broke : null, numbers, limits };
}

/** The states of the table, by their names. */
export function stateViews(table: SiteTable): StateView[] {
  return [...table.nodes()].flatMap(({ path, name }) => (path === '' || path.includes('/') ? [] : [{ state: path, name }]));
}

/** An incident as it stands in lists. */
export function incidentRow(view: View, incident: Incident): IncidentRow {
  const { memory, place, personName } = view;
  const { site, room } = place(incident.scope);
  const { acknowledged, assigned, snoozed, faults, told, notes: _, answers: __, deeds: ___, outage = null, ...rest } = incident;
  const ended = memory.endedOf(incident.scope);
  const planned = incident.overAt === null ? maintainedFor(memory, incident) : undefined;
  const watched = (fault: StandingFault) =>
    fault.goneAt !== null && incident.overAt === null && { watched: { since: fault.goneAt, until: watchedUntil(fault, ended) } };
  return {
    ...rest,
    site,
    room,
    told: told.map((one) => ({ ...one, person: personName(one.person) })),
    acknowledged: acknowledged && { by: acknowledged.by, at: acknowledged.at },
    ...(assigned && { assigned: { ...assigned, to: personName(assigned.to) } }),
    ...(snoozed && { snoozed: { by: snoozed.by, at: snoozed.at, until: snoozed.until } }),
    ...(planned?.until !== undefined && { maintenance: { incident: planned.id, until: planned.until } }),
    outage: outage && { ...outage, sureness: surenessOf(outage.confidence), ...(outage.to === null && besideOf(view, incident.scope)) },
    faults: faults.map((one) => {
      const { key: _, reason: __, goneAt: ___, told: notifiedAs, ...fault } = one;
      const unnotified = incident.overAt === null && told.length > 0 && notifiedAs === null && !one.hidden;
      return { ...fault, ...watched(one), ...(unnotified && { unnotified }) };
    }),
  };
}

/** The row as a frame of the stream carries it. */
export function incidentNews(
  { site, over, closedBecause, flapping, acknowledged, outage, ...row }: IncidentRow,
  table: SiteTable,
): IncidentNews {
  return {
    ...row,
    ...(table.node(siteOf(row.scope)) === undefined && { site }),
    ...(over && { over, closedBecause }),
    ...(flapping && { flapping }),
    ...(acknowledged && { acknowledged }),
    ...(outage && { outage }),
  };
}

/** An incident with its notes and its history. */
export function incidentView(view: View, incident: Incident): IncidentView {
  const steps = view.memory.stepsOf(incident.id);
  const history = steps.map(({ kind, at, conclusion, again }) => ({ kind, at, conclusion, ...(again && { again: again.why }) }));
  const deeds = (incident.deeds ?? []).map((one) => (one.did === 'assigned' ? { ...one, to: view.personName(one.to ?? '') } : one));
  const answers = incident.answers?.map(({ by, word, at, link }) => ({ by, word, at, link: link !== undefined }));
  return { ...incidentRow(view, incident), notes: incident.notes, ...(answers && { answers }), history, deeds };
}

/** `make` answers undefined for a key that is no more. Guarantee: `news` never holds a row that reads as it did when it was last news or listed. */
export function createRows<K, R>(make: (key: K) => R | undefined) {
  const held = new Map<K, { row: R; text: string }>();
  const touched = new Set<K>();
  const fresh = new Set<K>();
  const gone = new Set<K>();

  function refresh(): void {
    for (const key of touched) renew(key, make(key));
    touched.clear();
  }

  function renew(key: K, row: R | undefined): void {
    if (row === undefined) {
      if (held.delete(key)) gone.add(key);
      fresh.delete(key);
      return;
    }
    const text = JSON.stringify(row);
    if (held.get(key)?.text === text) return;
    held.set(key, { row, text });
    fresh.add(key);
    gone.delete(key);
  }

  return {
    touch: (key: K) => void touched.add(key),
    touchAll(which: (key: K) => boolean = () => true): void {
      for (const key of held.keys()) if (which(key)) touched.add(key);
    },
    list(): R[] {
      refresh();
      return [...held.values()].map(({ row }) => row);
    },
    /** What changed since the last call, and the keys that are no more. */
    news(): { rows: R[]; gone: K[] } {
      refresh();
      const taken = { rows: [...fresh].flatMap((key) => held.get(key)?.row ?? []), gone: [...gone] };
      fresh.clear();
      gone.clear();
      return taken;
    },
  };
}
