/** What the API sees of the present desk, and may do to it: snapshots, changes as they come, acknowledge and note. */
import type { Cancel, Clock, StreamFrame } from '#contracts';
import type { DeskView } from './api/model.ts';
import type { Desk } from './desk.ts';
import type { Roster } from './people/roster.ts';
import type { SiteTable } from './site-table.ts';
import { incidentView, pcView, siteView, snapshotOf, type View } from './view.ts';

const frameEveryMs = 250;
/** PCs that were heard and say nothing new are shown anew in this time. */
const heardEveryMs = 15_000;

export type ShowOptions = {
  clock: Clock;
  table: SiteTable;
  roster: Roster;
  /** The desk that is open now; undefined while the ledger is opened anew. */
  desk(): Desk | undefined;
  ready(): boolean;
};

export type Show = {
  view: DeskView;
  changed(change: { pcs: string[]; incidents: number[] }): void;
  /** Every PC anew: what was heard of it, and whether anything can be heard at all. */
  all(): void;
  close(): void;
};

export function createShow(options: ShowOptions): Show {
  const { clock, table, desk, ready } = options;
  const listeners = new Set<(frame: StreamFrame) => void>();
  const fresh = { pcs: new Set<string>(), incidents: new Set<number>() };
  let cancelFrame: Cancel | undefined;

  function changed(change: { pcs: string[]; incidents: number[] }): void {
    // Whoever comes later begins with a snapshot.
    if (listeners.size === 0) return;
    for (const pc of change.pcs) fresh.pcs.add(pc);
    for (const id of change.incidents) fresh.incidents.add(id);
    cancelFrame ??= clock.after(frameEveryMs, sendFrame);
  }

  function sendFrame(): void {
    cancelFrame = undefined;
    const view = nowView(options);
    if (view === undefined) return;
    const pcs = [...fresh.pcs].map((pc) => pcView(view, pc));
    const incidents = [...fresh.incidents].flatMap((id) => view.book.incidents.get(id) ?? []).map((one) => incidentView(view, one));
    fresh.pcs.clear();
    fresh.incidents.clear();
    const frame: StreamFrame = { at: view.at, subscribed: view.subscribed, pcs, sites: [siteView(view)], incidents };
    for (const listener of listeners) listener(frame);
  }

  const all = () => changed({ pcs: table.known.map(({ pc }) => pc), incidents: [] });
  const showHeard = (): void => {
    all();
    cancelHeard = clock.after(heardEveryMs, showHeard);
  };
  let cancelHeard = clock.after(heardEveryMs, showHeard);

  return {
    changed,
    all,
    close() {
      cancelHeard();
      cancelFrame?.();
    },
    view: {
      ready,
      snapshot() {
        const view = nowView(options);
        return view === undefined ? { at: clock.now(), subscribed: false, sites: [], pcs: [], incidents: [] } : snapshotOf(view);
      },
      incident(id) {
        const view = nowView(options);
        const incident = view?.book.incidents.get(id);
        return view && incident && incidentView(view, incident);
      },
      acknowledge: (id, by) => operate(desk(), id, { type: 'acknowledge', by }),
      note: (id, by, text) => operate(desk(), id, { type: 'note', by, text }),
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  };
}

type Operation = { type: 'acknowledge'; by: string } | { type: 'note'; by: string; text: string };

async function operate(desk: Desk | undefined, incident: number, operation: Operation): Promise<'done' | 'missing' | 'over'> {
  const found = desk?.book.incidents.get(incident);
  if (desk === undefined || found === undefined) return 'missing';
  if (found.over !== null) return 'over';
  await desk.tell({ ...operation, incident }, { who: operation.by, what: operation.type, about: `incident ${incident}` });
  return 'done';
}

function nowView({ desk: present, table, roster }: ShowOptions): View | undefined {
  const desk = present();
  const personName = (id: string) => roster.person(id).name;
  return desk && { book: desk.book, table, at: desk.time(), subscribed: desk.isSubscribed(), personName };
}
