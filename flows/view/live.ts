/** What the API sees of the present memory, and may do to it: snapshots, changes as they come, acknowledge and note. */
import {
  type Cancel,
  type HistoryView,
  isPcPath,
  type RollCallView,
  type SiteDetail,
  type Snapshot,
  type StreamFrame,
} from '@sabha/contracts';
import { isOrderedOften, mayWithdraw, snoozeMostMs } from '../engine/handling/handling.ts';
import { withdrawnWord } from '../engine/records/ops.ts';
import type { Changed } from '../ingest/committed.ts';
import { namesOfOne, personNamed } from '../notify/people/roster.ts';
import { telOf } from '../notify/roster/reach.ts';
import { checklist } from '../sites/life.ts';
import {
  awayOf,
  begin,
  changed,
  chosen,
  createState,
  incidentOf,
  type LiveViewOptions,
  type PcChoice,
  type RollCallsView,
  type State,
  showHeard,
  soon,
  statesOf,
  viewOf,
} from './live-state.ts';
import { incidentView, pcView, siteView, surroundingsOf, type View } from './rows.ts';
import { historyOf } from './strips.ts';

/** What is so now, its changes, and what a person does about it. */
export type CentreView = ReturnType<typeof createLiveView>['view'];

/** Once it is committed; `missing` where there is no such incident, `over` where it is over. */
type Done = 'done' | 'missing' | 'over';

/** PCs that were heard and say nothing new are named in this time. */
const heardEveryMs = 15_000;

/** The view, with what the pipeline and roll calls tell it. Guarantee: while PCs only go on talking, nobody who chose no PCs is sent anything. */
export function createLiveView(options: LiveViewOptions) {
  const state = createState(options);
  const show = (): void => {
    showHeard(state);
    cancelHeard = options.clock.after(heardEveryMs, show);
  };
  let cancelHeard = options.clock.after(heardEveryMs, show);
  return {
    changed: (change: Changed) => changed(state, change),
    rollcall(view: RollCallView) {
      if (state.listeners.size === 0) return;
      const rows = new Map([...(state.rollcall?.rows ?? []), ...view.rows].map((row) => [row.pc, row]));
      state.rollcall = { ...view, rows: [...rows.values()] };
      soon(state);
    },
    /** Everything anew: another memory, or whether anything can be heard at all. */
    all() {
      const ingest = options.ingest();
      if (ingest === undefined) return;
      state.sites.touchAll();
      state.incidents.touchAll();
      const sites = ingest.table().sites.map(({ path }) => path);
      changed(state, { pcs: ingest.table().known.map(({ pc }) => pc), incidents: [...ingest.memory.incidents.keys()], sites });
    },
    close() {
      cancelHeard();
      state.cancelFrame?.();
    },
    view: Object.assign(viewing(state), operations(options)),
  };
}

function viewing(state: State) {
  const { options } = state;
  const { clock, ledger, rollcalls, commands, unready, ingest } = options;
  const sites = () => (ingest() === undefined ? [] : state.sites.list());
  const incidents = () => (ingest() === undefined ? [] : state.incidents.list());
  const pcs = (choice: PcChoice) => {
    const view = viewOf(options);
    return view === undefined ? [] : chosen(view.table, choice).map((pc) => pcView(view, pc));
  };
  return {
    /** Why it is not ready; undefined once the ledger is loaded and takes what it is given, the broker is subscribed and the tabs run. */
    unready,
    sites,
    pcs,
    incidents,
    rollcalls: rollcalls as RollCallsView,
    commands,
    now: () => ingest()?.time() ?? clock.now(),
    snapshot(choice: PcChoice): Snapshot {
      const view = viewOf(options);
      const rollcall = rollcalls.last();
      const { at, subscribed } = view ?? { at: clock.now(), subscribed: false };
      const away = awayOf(state, view);
      return {
        at,
        subscribed,
        ...(away && { away }),
        states: statesOf(state, view),
        sites: sites(),
        pcs: pcs(choice),
        incidents: incidents(),
        rollcall,
      };
    },
    site: (path: string) => siteOf(viewOf(options), path),
    /** What the components of a site's PCs said from `from` until now. */
    async history(site: string, from: number): Promise<HistoryView | undefined> {
      const view = viewOf(options);
      if (!view?.table.node(site)?.site) return undefined;
      const deafSince = ingest()?.deafSince() ?? null;
      const aways = [...(await ledger.aways(from)), ...(deafSince === null ? [] : [{ from: deafSince, to: Number.POSITIVE_INFINITY }])];
      const of = async (pc: string) => ({ pc, strips: historyOf(await ledger.history(pc, from), { from, aways }) });
      return { from, to: view.at, pcs: await Promise.all(view.table.pcsOf(site).map(of)) };
    },
    /** Also those that are over, within the last day. */
    incident: (id: number) => incidentOf(options, id, incidentView),
    /** Called after each commit that changed something, at most every 250 ms, with what changed of the sites, the incidents and the chosen PCs. */
    onChange(choice: PcChoice, listener: (frame: StreamFrame) => void): Cancel {
      if (state.listeners.size === 0) begin(state);
      const set = state.listeners.get(choice) ?? new Set();
      state.listeners.set(choice, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && state.listeners.get(choice) === set) state.listeners.delete(choice);
      };
    },
  };
}

function siteOf(view: View | undefined, path: string): SiteDetail | undefined {
  const facts = view?.table.node(path)?.site;
  const site = view && facts && siteView(view, path);
  if (!(view && facts && site)) return undefined;
  const { stage: _, contact, ...rest } = facts;
  const reached = { ...contact, tel: telOf(contact.phone) ?? null };
  const todo = checklist({ table: view.table, records: view.memory.pcs, wanted: view.wanted }, path);
  const { timeZone } = view.table.resolve(path);
  const pcs = view.table.pcsOf(path).map((pc) => pcView(view, pc));
  return { site, facts: { ...rest, contact: reached, timeZone }, checklist: todo, pcs, ...surroundingsOf(view, path) };
}

/** `about`: what the audit says besides the number of the incident. */
type Operation = { about?: string } & (
  | { type: 'acknowledge' | 'withdraw' | 'fixed' }
  | { type: 'note'; text: string }
  | { type: 'assign'; to: string }
  | { type: 'snooze'; until: number }
);

/** What a person does about an incident: it stands there under the name of the roster, and in the audit under the account. */
function operations({ ingest: present, roster, commands, clock }: LiveViewOptions) {
  const now = () => present()?.time() ?? clock.now();
  const names = (said: string) => namesOfOne(roster, said);
  const incidentOfId = (id: number) => present()?.memory.incidents.get(id);
  // Who has it already, under whichever of their names, goes on under that.
  const nameIn = (id: number, who: string) => {
    const holder = incidentOfId(id)?.acknowledged?.by;
    const own = names(who);
    return own.find((one) => one === holder) ?? own[0];
  };
  /** Each assignment and each snooze notifies somebody. */
  const isOften = (id: number) => {
    const found = incidentOfId(id);
    return found !== undefined && isOrderedOften(found, now());
  };

  async function operate(id: number, who: string, { about, ...order }: Operation): Promise<Done> {
    const ingest = present();
    if (ingest === undefined) throw new Error('the ledger is opened anew');
    const found = ingest.memory.incidents.get(id);
    if (found === undefined) return 'missing';
    if (found.over !== null) return 'over';
    // The audit has a withdrawal beside what it takes back: a reader who looks for acknowledgements finds both.
    const what = order.type === 'withdraw' ? 'acknowledge' : order.type;
    const audit = { who, what, about: `incident ${id}${about === undefined ? '' : `: ${about}`}` };
    if (!(await ingest.tell({ ...order, incident: id, by: nameIn(id, who) }, audit))) throw new Error('the ledger did not take it');
    return 'done';
  }

  return {
    /** By which names incidents may call whoever acts under an account or a name; the first is the one that is written. */
    names,
    acknowledge: (id: number, by: string) => operate(id, by, { type: 'acknowledge' }),
    /** Takes back what this person just acknowledged; `late`: it is somebody else's, or too long ago. */
    async withdraw(id: number, by: string) {
      const found = incidentOfId(id);
      if (found?.over === null && !mayWithdraw(found, nameIn(id, by), now())) return 'late';
      return operate(id, by, { type: 'withdraw', about: withdrawnWord });
    },
    note: (id: number, by: string, text: string) => operate(id, by, { type: 'note', text }),
    /** Somebody says that it is fixed: its PC is asked to look at once. */
    async fixed(id: number, by: string) {
      const done = await operate(id, by, { type: 'fixed' });
      const scope = incidentOfId(id)?.scope ?? '';
      // Where it cannot be asked, its probes look again in their usual time.
      if (done === 'done' && isPcPath(scope)) await commands.issue({ to: scope, verb: 'probe-now', args: {}, by });
      return done;
    },
    /** `nobody`: the roster has no such person. */
    async assign(id: number, by: string, to: string) {
      const person = personNamed(roster, to);
      if (person === undefined) return 'nobody';
      return isOften(id) ? 'often' : operate(id, by, { type: 'assign', to: person, about: person });
    },
    /** `time`: it is past, or too far ahead. */
    async snooze(id: number, by: string, until: number) {
      const forMs = until - now();
      if (forMs <= 0 || forMs > snoozeMostMs) return 'time';
      return isOften(id) ? 'often' : operate(id, by, { type: 'snooze', until, about: `until ${new Date(until).toISOString()}` });
    },
  };
}
