/** What the API shows of the desk's memory. */
import { bySeverity, type IncidentView, type PcView, type SiteView, type Snapshot } from '#contracts';
import type { Book } from './incidents/book.ts';
import type { Incident } from './incidents/model.ts';
import type { SiteTable } from './site-table.ts';

/** `personName` is what people call the person of an id. */
export type View = { book: Book; table: SiteTable; at: number; subscribed: boolean; personName(id: string): string };

export function snapshotOf(view: View): Snapshot {
  const { at, subscribed, table, book } = view;
  const pcs = table.known.map(({ pc }) => pcView(view, pc));
  return { at, subscribed, sites: [siteView(view)], pcs, incidents: [...book.incidents.values()].map((one) => incidentView(view, one)) };
}

export function pcView({ book, table, subscribed }: View, pc: string): PcView {
  const record = book.pcs.get(pc);
  const presence = record?.presence ?? 'never';
  return {
    pc,
    site: table.site.site,
    state: table.site.state,
    room: table.place(pc).room,
    presence: subscribed || presence === 'never' ? presence : presence === 'stopped' ? 'stopped' : 'silent',
    heardAt: record?.heardAt ?? null,
    agent: record?.agent ?? null,
    checks: record?.checks ?? [],
    incident: book.openIncident(pc)?.id ?? null,
  };
}

export function siteView(view: View): SiteView {
  const { book, table } = view;
  const open = table.known.flatMap(({ pc }) => book.openIncident(pc)?.severity ?? []).sort(bySeverity);
  const talking = table.known.some(({ pc }) => book.pcs.get(pc)?.presence === 'online');
  return { ...table.site, worst: open[0] ?? (talking && view.subscribed ? 'ok' : 'unknown') };
}

export function incidentView({ book, table, personName }: View, incident: Incident): IncidentView {
  const { site, room } = table.place(incident.scope);
  const steps = [...book.transitions.values()].filter((one) => one.incident === incident.id).sort((a, b) => a.id - b.id);
  const { acknowledged, faults, told, ...rest } = incident;
  return {
    ...rest,
    site,
    room,
    told: told.map((one) => ({ ...one, person: personName(one.person) })),
    acknowledged: acknowledged && { by: acknowledged.by, at: acknowledged.at },
    faults: faults.map(({ fault, device, name, severity, since, hidden, unknownSince }) => ({
      fault,
      device,
      name,
      severity,
      since,
      hidden,
      unknownSince,
    })),
    history: steps.map(({ kind, at, conclusion }) => ({ kind, at, conclusion })),
  };
}
