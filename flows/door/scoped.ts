/** The view as somebody has it who looks after a part of the tree. */
import { type IncidentRow, pathOfScope, type RollCallSummary, type RollCallView, type Snapshot, type StreamFrame } from '#contracts';
import { isWithin } from '../accounts/rights.ts';
import type { CentreView } from '../view/view.ts';

/** What may be cut to a scope. Commands are of the whole tree: whoever looks after a part has none of them. */
export type ScopedView = Omit<CentreView, 'commands'>;

/**
 * Guarantee: nothing of a place outside the scope is shown, and nothing is done to it; it is as if it were not there. Each member is named
 * here, so that the types refuse one that nobody has cut.
 */
export function scopedView(view: CentreView, scope: string): ScopedView {
  if (scope === '') return view;
  const has = (path: string) => isWithin(scope, path);
  const incident = (id: number) => {
    const found = view.incident(id);
    return found && has(pathOf(found)) ? found : undefined;
  };
  return {
    unready: view.unready,
    now: view.now,
    incident,
    snapshot: (pcs) => {
      const { rollcall, ...rest } = view.snapshot(pcs);
      return { ...cut(rest, scope), rollcall: rollcall && (summaryIn(scope, rollcall) ?? null) };
    },
    sites: () => view.sites().filter(({ site }) => has(site)),
    site: (path) => (has(path) ? view.site(path) : undefined),
    history: async (path, from) => (has(path) ? view.history(path, from) : undefined),
    pcs: (choice) => view.pcs(choice).filter(({ pc }) => has(pc)),
    incidents: () => view.incidents().filter((one) => has(pathOf(one))),
    acknowledge: async (id, by) => (incident(id) === undefined ? 'missing' : view.acknowledge(id, by)),
    fixed: async (id, by) => (incident(id) === undefined ? 'missing' : view.fixed(id, by)),
    assign: async (id, by, to) => (incident(id) === undefined ? 'missing' : view.assign(id, by, to)),
    snooze: async (id, by, until) => (incident(id) === undefined ? 'missing' : view.snooze(id, by, until)),
    note: async (id, by, text) => (incident(id) === undefined ? 'missing' : view.note(id, by, text)),
    rollcalls: {
      start: (call) => (has(call.scope) ? view.rollcalls.start({ ...call, within: scope }) : 'unknown'),
      list: async () => (await view.rollcalls.list()).flatMap((call) => summaryIn(scope, call) ?? []),
      async one(id) {
        const call = await view.rollcalls.one(id);
        return call && callIn(scope, call);
      },
    },
    onChange(pcs, listener) {
      let subscribed: boolean | undefined;
      return view.onChange(pcs, (frame) => {
        const { rollcall, ...rest } = frame;
        const own = rollcall && callIn(scope, rollcall);
        const seen = filled({ ...cut(rest, scope), ...(own && { rollcall: own }) });
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
type Keep = { [K in Cut]: (list: NonNullable<Lists[K]>, has: (path: string) => boolean) => object };

/** A state's name is no secret, and stands above the site. */
const keep = (scope: string): Keep => ({
  states: (list) => list.filter(({ state }) => isWithin(state, scope) || isWithin(scope, state)),
  sites: (list, has) => list.filter(({ site }) => has(site)),
  sitesGone: (list, has) => list.filter(has),
  pcs: (list, has) => list.filter(({ pc }) => has(pc)),
  pcsGone: (list, has) => list.filter(has),
  heard: (list, has) => Object.fromEntries(Object.entries(list).filter(([pc]) => has(pc))),
  incidents: (list, has) => list.filter((one) => has(pathOf(one))),
});

/** Of each list what lies in the scope; what is no list that is known here is left out. */
function cut<T extends Lists>(frame: T, scope: string): T {
  const has = (path: string) => isWithin(scope, path);
  const kept: Record<string, ((list: never, inside: typeof has) => unknown) | undefined> = keep(scope);
  const seen = Object.entries(frame).flatMap(([name, value]) => {
    if (ofAll.some((one) => one === name)) return [[name, value]];
    return value === undefined || kept[name] === undefined ? [] : [[name, kept[name](value as never, has)]];
  });
  return Object.fromEntries(seen) as T;
}

function filled(frame: StreamFrame): StreamFrame {
  return Object.fromEntries(
    Object.entries(frame).filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0),
  ) as StreamFrame;
}

/** A call of the scope or within it as it is; of one of the nation the part of a state, which is counted by itself. */
function summaryIn<T extends RollCallSummary>(scope: string, call: T): T | undefined {
  if (isWithin(scope, call.scope)) return call;
  const own = call.scope === '' ? call.states.find(({ state }) => state === scope) : undefined;
  if (own === undefined) return undefined;
  const { state: _, ...counts } = own;
  return { ...call, scope, counts, states: [own] };
}

function callIn(scope: string, call: RollCallView): RollCallView | undefined {
  const own = summaryIn(scope, call);
  return own && { ...own, rows: own.rows.filter(({ pc }) => isWithin(scope, pc)) };
}

/** The part of the tree that an incident is about. */
function pathOf({ scope, spread }: Pick<IncidentRow, 'scope' | 'spread'>): string {
  return spread?.path ?? pathOfScope(scope);
}
