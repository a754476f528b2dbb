/** A view whose content a test sets, for tests of the API and the wall. */
import { randomBytes } from 'node:crypto';
import type { IncidentRow, IncidentView, LedgerAudit, PcView, RollCallView, SiteView, Snapshot, StreamFrame } from '@sabha/contracts';
import type { Op } from '../engine/records/ops.ts';
import { type AccountsOptions, createAccounts } from '../pki/accounts/accounts.ts';
import { createPasswords } from '../pki/accounts/password.ts';
import { createSiteOperations } from '../sites/site-orders.ts';
import { createSiteTable } from '../sites/table.ts';
import type { CentreView, PcChoice } from '../view/live.ts';

export type ScriptedView = CentreView & {
  state: Omit<Snapshot, 'incidents'> & { incidents: IncidentView[] };
  because: string | undefined;
  /** Finished roll calls, newest first. */
  called: RollCallView[];
  change(frame: Omit<Partial<StreamFrame>, 'incidents'> & { incidents?: IncidentRow[] }): void;
  listeners(): number;
};

/** Returns a view of one site with one healthy PC and no incident. */
export function scriptedView(now: () => number = Date.now): ScriptedView {
  const listeners = new Map<(frame: StreamFrame) => void, PcChoice>();
  const at = now();
  const chosen = (pcs: PcView[], choice: PcChoice) => pcs.filter(({ site }) => choice === 'all' || site === choice);
  const state = { at, subscribed: true, states: [{ state: 'ladakh', name: { en: 'Ladakh', hi: 'लद्दाख' } }], rollcall: null };
  const view: ScriptedView = {
    because: undefined,
    called: [],
    state: { ...state, sites: [wellSite()], pcs: [wellPc(at)], incidents: [] },
    unready: () => view.because,
    now,
    snapshot: (pcs) => ({ ...view.state, at: now(), pcs: chosen(view.state.pcs, pcs), incidents: view.state.incidents.map(row) }),
    sites: () => view.state.sites,
    site(path) {
      const site = view.state.sites.find((one) => one.site === path);
      return (
        site && { site, facts, checklist: [], pcs: view.pcs(path as PcChoice), link: null, broke: null, numbers: {}, limits: lehLimits }
      );
    },
    history: async (path, from) => {
      const spans = [{ from, status: 'ok' as const, faults: [] }];
      const strips = [{ component: 'microphone', spans }];
      return view.site(path) && { from, to: now(), pcs: view.pcs(path as PcChoice).map(({ pc }) => ({ pc, strips })) };
    },
    pcs: (choice) => chosen(view.state.pcs, choice),
    incidents: () => view.state.incidents.map(row),
    incident: (id) => view.state.incidents.find((one) => one.id === id),
    names: (said) => (said === 'asha' ? ['Asha Devi', 'asha'] : [said]),
    async act(id, by, act) {
      const at = now();
      if (act.type === 'withdraw' && view.incident(id)?.acknowledged?.by !== by) return 'late';
      if (act.type === 'assign' && act.to === 'nobody') return 'nobody';
      if (act.type === 'snooze' && act.until <= at) return 'time';
      return change(id, (one) => ({
        ...one,
        ...(act.type === 'acknowledge' && { acknowledged: { by, at } }),
        ...(act.type === 'withdraw' && { acknowledged: null }),
        ...(act.type === 'note' && { notes: [...one.notes, { at, by, text: act.text }] }),
        ...(act.type === 'fixed' && { fixed: { by, at, until: at + 300_000 } }),
        ...(act.type === 'assign' && { assigned: { to: act.to, by, at } }),
        ...(act.type === 'snooze' && { snoozed: { by, at, until: act.until } }),
      }));
    },
    rollcalls: {
      start: ({ scope }) => (scope === '' || scope === 'ladakh' ? { id: 'call-1' } : 'unknown'),
      list: async () => view.called.map(({ rows: _, ...summary }) => summary),
      one: async (id) => view.called.find((one) => one.id === id),
    },
    commands: {
      issue: async ({ to }) => (to === 'goa' ? { ok: false, missing: true, line: 'there is no goa' } : { ok: true, id: 'command-1' }),
      list: async () => [],
      one: async () => undefined,
    },
    onChange: (choice, listener) => {
      listeners.set(listener, choice);
      return () => listeners.delete(listener);
    },
    change: (frame) => {
      const { pcs = [], incidents = [], sites = [], subscribed = view.state.subscribed } = frame;
      const whole = incidents.map((one) => ({ notes: [], history: [], deeds: [], ...view.incident(one.id), ...one }));
      view.state = {
        ...view.state,
        at: now(),
        subscribed,
        sites: merged(view.state.sites, sites, (one) => one.site),
        pcs: merged(view.state.pcs, pcs, (one) => one.pc),
        incidents: merged(view.state.incidents, whole, (one) => one.id),
      };
      for (const [listener, choice] of listeners) {
        const own = chosen(pcs, choice);
        const { pcs: _, ...rest } = frame;
        listener({
          at: now(),
          subscribed,
          ...rest,
          ...(incidents.length > 0 ? { incidents: incidents.map(row) } : {}),
          ...(own.length > 0 ? { pcs: own } : {}),
        });
      }
    },
    listeners: () => listeners.size,
  };
  function change(id: number, edit: (one: IncidentView) => IncidentView): 'done' | 'missing' | 'over' {
    const found = view.incident(id);
    if (found === undefined) return 'missing';
    if (found.overAt !== null) return 'over';
    view.change({ incidents: [edit(found)] });
    return 'done';
  }
  return view;
}

/** Returns site operations over the given tree. The tests of the site table cover their behaviour. */
export function emptySiteOrders(nodes: Parameters<typeof createSiteTable>[0] = []) {
  const table = createSiteTable(nodes);
  const siteOrders = createSiteOperations({
    table: () => table,
    records: () => new Map(),
    wanted: () => 0,
    apply: async () => {},
    now: () => 0,
    rollout: () => null,
    release: async () => {},
    newToken: () => 't',
    entry: () => undefined,
  });
  const makeCode = async () => ({ ok: false, missing: true, line: 'there is no site' }) as const;
  return { ...siteOrders, makeCode, codes: () => [], cancelCodes: async () => 0 };
}

type AccountsGiven = Partial<Pick<AccountsOptions, 'now' | 'up' | 'programs'>>;

/** Returns accounts in memory. The monotonic clock `up` is 0 unless the test gives another. */
export function emptyAccounts({ now = Date.now, up = () => 0, programs = [] }: AccountsGiven = {}) {
  const committed: Op[] = [];
  const commit = async (ops: Op[]) => void committed.push(...ops);
  const newToken = () => randomBytes(32).toString('base64url');
  const contents = { accounts: [], logins: [] };
  const passwords = createPasswords(2);
  const accounts = createAccounts({
    now,
    up,
    programs,
    contents,
    passwords,
    commit,
    newToken,
    log: { warn: () => {} },
  });
  return Object.assign(accounts, { committed });
}

/** Limits at 3,524 m, the elevation of Leh. */
export const lehLimits = { elevationM: 3_524, densityRatio: 0.703, roomLimitC: 26.253, riseFactor: 1.422 };

const facts = {
  latitude: 34.16,
  longitude: 77.58,
  isp: 'BSNL',
  linkId: 'LEH-1',
  contact: { name: 'Tashi', phone: '', tel: null, email: '' },
  timeZone: 'Asia/Kolkata',
  stageAt: 0,
  cleanSince: null,
};

export const emptyProof = {
  make: async () => ({ file: '/data/flows/backups/sabha-20260601T003000Z.backup', bytes: 9, at: 5 }),
  audit: async (now: boolean): Promise<LedgerAudit> => ({ ...audit, at: now ? 2 : 1 }),
};

const audit = {
  events: 0,
  spools: 0,
  gaps: 0,
  dropped: 0,
  twice: 0,
  forks: 0,
  incidents: { raised: 0, cleared: 0, closed: 0, open: 0 },
  notifications: { delivered: 0, refused: 0, waiting: 0 },
  integrity: 'ok',
};

function row({ notes: _, history: __, deeds: ___, ...rest }: IncidentView | (IncidentRow & Partial<IncidentView>)): IncidentRow {
  return rest;
}

export function wellSite(edit: Partial<SiteView> = {}): SiteView {
  return {
    site: 'ladakh/leh',
    state: 'ladakh',
    name: { en: 'Leh office', hi: 'लेह दफ़्तर' },
    stage: 'live',
    link: 'geo',
    elevationM: 3_524,
    pcs: 1,
    readiness: 'ready',
    why: null,
    worst: null,
    open: 0,
    quietSince: null,
    ...edit,
  };
}

const pcPath = 'ladakh/leh/vc-1';

export function wellPc(at: number, edit: Partial<PcView> = {}): PcView {
  const check = { status: 'ok', fault: null, reason: null } as const;
  return {
    pc: pcPath,
    site: 'ladakh/leh',
    state: 'ladakh',
    room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
    presence: 'online',
    heardAt: at - 20_000,
    calledAt: null,
    agent: '0.1.0',
    config: { wanted: 1, held: 1 },
    readiness: 'ready',
    why: null,
    incident: null,
    outage: null,
    checks: [
      { ...check, component: 'microphone', device: 'usb-1', name: 'Jabra Speak 710', since: at - 7_500_000 },
      { ...check, component: 'camera', device: 'usb-2', name: 'Logitech Rally', since: at - 7_500_000 },
      { ...check, component: 'pc', device: '', since: at - 90_000 },
      { ...check, component: 'clock', device: '', since: at - 3_000_000 },
      { ...check, component: 'agent', device: '', since: at - 90_000_000 },
    ],
    ...edit,
  };
}

export function microphoneGone(at: number, edit: Partial<IncidentView> = {}): IncidentView {
  return {
    id: 7,
    scope: pcPath,
    room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
    site: { en: 'Leh office', hi: 'लेह दफ़्तर' },
    severity: 'critical',
    openedAt: at - 65_000,
    overAt: null,
    over: null,
    closedBecause: null,
    flapping: false,
    acknowledged: null,
    outage: null,
    faults: [
      {
        fault: 'microphone.missing',
        device: 'usb-1',
        name: 'Jabra Speak 710',
        severity: 'critical',
        since: at - 65_000,
        hidden: false,
        unknownSince: null,
      },
    ],
    told: [{ person: 'Tashi', channel: 'email', at: at - 42_000 }],
    notes: [],
    history: [{ kind: 'raised', at: at - 65_000, conclusion: 'told Tashi by email' }],
    deeds: [],
    ...edit,
  };
}

function merged<T>(old: T[], fresh: T[], key: (one: T) => string | number): T[] {
  const keys = new Set(fresh.map(key));
  return [...old.filter((one) => !keys.has(key(one))), ...fresh];
}
