/** A desk whose content a test writes: what the API and the wall are tried against. */
import type { IncidentView, PcView, Snapshot, StreamFrame } from '#contracts';
import type { DeskView } from './model.ts';

export type ScriptedDesk = DeskView & {
  state: Snapshot;
  isReady: boolean;
  /** Changes the desk and tells those who listen. */
  change(frame: Partial<StreamFrame>): void;
  listeners(): number;
};

/** Makes a desk of one site with one PC that is well, and no incident. */
export function scriptedDesk(now: () => number = Date.now): ScriptedDesk {
  const listeners = new Set<(frame: StreamFrame) => void>();
  const at = now();
  const desk: ScriptedDesk = {
    isReady: true,
    state: {
      at,
      subscribed: true,
      sites: [{ site: 'ladakh/leh', state: 'ladakh', name: { en: 'Leh office', hi: 'लेह दफ़्तर' }, link: 'geo', pcs: [pcPath], worst: 'ok' }],
      pcs: [wellPc(at)],
      incidents: [],
    },
    ready: () => desk.isReady,
    snapshot: () => ({ ...desk.state, at: now() }),
    incident: (id) => desk.state.incidents.find((one) => one.id === id),
    acknowledge: async (id, by) => change(id, (one) => ({ ...one, acknowledged: { by, at: now() } })),
    note: async (id, by, text) => change(id, (one) => ({ ...one, notes: [...one.notes, { at: now(), by, text }] })),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change: (frame) => {
      const { pcs = [], incidents = [], sites = [], subscribed = desk.state.subscribed } = frame;
      desk.state = {
        at: now(),
        subscribed,
        sites: merged(desk.state.sites, sites, (one) => one.site),
        pcs: merged(desk.state.pcs, pcs, (one) => one.pc),
        incidents: merged(desk.state.incidents, incidents, (one) => one.id),
      };
      for (const listener of listeners) listener({ at: now(), subscribed, ...frame });
    },
    listeners: () => listeners.size,
  };
  function change(id: number, edit: (one: IncidentView) => IncidentView): 'done' | 'missing' | 'over' {
    const found = desk.incident(id);
    if (found === undefined) return 'missing';
    if (found.overAt !== null) return 'over';
    desk.change({ incidents: [edit(found)] });
    return 'done';
  }
  return desk;
}

const pcPath = 'ladakh/leh/vc-1';

/** The PC of the scripted desk with every check ok. */
export function wellPc(at: number, edit: Partial<PcView> = {}): PcView {
  const check = { status: 'ok', fault: null, reason: null } as const;
  return {
    pc: pcPath,
    site: 'ladakh/leh',
    state: 'ladakh',
    room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
    presence: 'online',
    heardAt: at - 20_000,
    agent: '0.1.0',
    incident: null,
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

/** An open incident of that PC: its microphone is gone. */
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
    ...edit,
  };
}

function merged<T>(old: T[], fresh: T[], key: (one: T) => string | number): T[] {
  const keys = new Set(fresh.map(key));
  return [...old.filter((one) => !keys.has(key(one))), ...fresh];
}
