/** The view as somebody has it who looks after a part of the tree. */
import {
  type IncidentRow,
  isWithin,
  pathOfScope,
  type RollCallSummary,
  type RollCallView,
  type Snapshot,
  type StreamFrame,
} from '@sabha/contracts';
import type { CentreView } from '../../view/live.ts';
import type { Within } from '../accounts/rights.ts';

/** What may be cut to a scope. Commands are of the whole tree: whoever looks after a part has none of them. */
export type ScopedView = Omit<CentreView, 'commands'>;

/** A scope, and what lies in it. A state's name is no secret: it stands above its sites, `near`. */
type Part = { scope: string; has(path: string): boolean; near(state: string): boolean };

/**
 * The view of a part of the tree, or of a group of sites, as `within` knows it: and as the tree says where that is absent.
 * Guarantee: nothing of a place outside the scope is shown, and nothing is done to it; it is as if it were not there. Each member is named
 * here, so that the types refuse one that nobody has cut.
 */
export function scopedView(view: CentreView, scope: string, within: Within = isWithin): ScopedView {
  if (scope === '') return view;
  const has = (path: string) => within(scope, path);
  const near = (state: string) => has(state) || isWithin(state, scope) || view.sites().some((one) => one.state === state && has(one.site));
  const part: Part = { scope, has, near };
  const incident = (id: number) => {
    const found = view.incident(id);
    return found && has(pathOf(found)) ? found : undefined;
  };
  return {
    unready: view.unready,
    now: view.now,
    names: view.names,
    incident,
    snapshot: (pcs) => {
      const { rollcall, ...rest } = view.snapshot(pcs);
      return { ...cut(rest, part), rollcall: rollcall && (summaryIn(part, rollcall) ?? null) };
    },
    sites: () => view.sites().filter(({ site }) => has(site)),
    site: (path) => (has(path) ? view.site(path) : undefined),
    history: async (path, from) => (has(path) ? view.history(path, from) : undefined),
    pcs: (choice) => view.pcs(choice).filter(({ pc }) => has(pc)),
    incidents: () => view.incidents().filter((one) => has(pathOf(one))),
    acknowledge: async (id, by) => (incident(id) === undefined ? 'missing' : view.acknowledge(id, by)),
    withdraw: async (id, by) => (incident(id) === undefined ? 'missing' : view.withdraw(id, by)),
    fixed: async (id, by) => (incident(id) === undefined ? 'missing' : view.fixed(id, by)),
    assign: async (id, by, to) => (incident(id) === undefined ? 'missing' : view.assign(id, by, to)),
    snooze: async (id, by, until) => (incident(id) === undefined ? 'missing' : view.snooze(id, by, until)),
    note: async (id, by, text) => (incident(id) === undefined ? 'missing' : view.note(id, by, text)),
    rollcalls: {
      start: (call) => (has(call.scope) ? view.rollcalls.start({ ...call, within: scope }) : 'unknown'),
      list: async () => (await view.rollcalls.list()).flatMap((call) => summaryIn(part, call) ?? []),
      async one(id) {
        const call = await view.rollcalls.one(id);
        return call && callIn(part, call);
      },
    },
    onChange(pcs, listener) {
      let subscribed: boolean | undefined;
      return view.onChange(pcs, (frame) => {
        const { rollcall, ...rest } = frame;
        const own = rollcall && callIn(part, rollcall);
        const seen = filled({ ...cut(rest, part), ...(own && { rollcall: own }) });
        const isNews = seen.subscribed !== subscribed || Object.keys(seen).length > 2;
        subscribed = seen.subscribed;
        if (isNews) listener(seen);
      });
    },
  };
}

/** Of the whole centre, and of no place: when it is, whether it hears, when it last heard nobody. */
const ofAll = ['at', 'subscribed', 'away'] as const;
type Cut = Exclude<keyof StreamFrame | keyof Snapshot, (typeof ofAll)[number] | 'rollcall'>;
type Lists = Pick<StreamFrame, Cut>;
type Keep = { [K in Cut]: (list: NonNullable<Lists[K]>, part: Part) => object };

const keep: Keep = {
  states: (list, { near }) => list.filter(({ state }) => near(state)),
  sites: (list, { has }) => list.filter(({ site }) => has(site)),
  sitesGone: (list, { has }) => list.filter(has),
  pcs: (list, { has }) => list.filter(({ pc }) => has(pc)),
  pcsGone: (list, { has }) => list.filter(has),
  heard: (list, { has }) => Object.fromEntries(Object.entries(list).filter(([pc]) => has(pc))),
  incidents: (list, { has }) => list.filter((one) => has(pathOf(one))),
};

/** Of each list what lies in the scope; what is no list that is known here is left out. */
function cut<T extends Lists>(frame: T, part: Part): T {
  const kept: Record<string, ((list: never, within: Part) => unknown) | undefined> = keep;
  const seen = Object.entries(frame).flatMap(([name, value]) => {
    if (ofAll.some((one) => one === name)) return [[name, value]];
    return value === undefined || kept[name] === undefined ? [] : [[name, kept[name](value as never, part)]];
  });
  return Object.fromEntries(seen) as T;
}

function filled(frame: StreamFrame): StreamFrame {
  return Object.fromEntries(
    Object.entries(frame).filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0),
  ) as StreamFrame;
}

/** A call of the scope or within it as it is; of one of the nation the part of a state, which is counted by itself. */
function summaryIn<T extends RollCallSummary>({ scope, has }: Part, call: T): T | undefined {
  if (has(call.scope)) return call;
  const own = call.scope === '' ? call.states.find(({ state }) => state === scope) : undefined;
  if (own === undefined) return undefined;
  const { state: _, ...counts } = own;
  return { ...call, scope, counts, states: [own] };
}

function callIn(part: Part, call: RollCallView): RollCallView | undefined {
  const own = summaryIn(part, call);
  return own && { ...own, rows: own.rows.filter(({ pc }) => part.has(pc)) };
}

/** The part of the tree that an incident is about. */
function pathOf({ scope, spread }: Pick<IncidentRow, 'scope' | 'spread'>): string {
  return spread?.path ?? pathOfScope(scope);
}
