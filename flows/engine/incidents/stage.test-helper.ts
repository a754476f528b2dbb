/** A test bench for the engine: simulated PCs, a clock that the test sets, and tabs that conclude as configured. */
import { type Check, digestOf, type LastBoot } from '@sabha/contracts';
import { type CorrelationNumbers, defaultNumbers } from '../correlation/numbers.ts';
import { emptyContents } from '../memory/memory.ts';
import type { Effect, Incident, KnownPc, OfferMessage, PcEvent, TabAct } from '../records/incidents.ts';
import type { OutboxRow } from '../records/notices.ts';
import type { ClockFollower, LedgerContents, Op } from '../records/ops.ts';
import type { MaintenanceDate } from '../records/sites.ts';
import { createEngine } from './engine.ts';

export const pc = 'la/leh/room-1';
export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;

type StageOptions = {
  contents?: LedgerContents;
  known?: KnownPc[];
  at?: number;
  starts?: number[];
  room?: string;
  followers?: ClockFollower[];
  numbers?: CorrelationNumbers;
  maintenance?: (now: number) => readonly MaintenanceDate[];
  isMeetingNear?: (scope: string, now: number) => boolean;
};
type Offer = { message: OfferMessage; node: string | null };

/** A simulation of the tabs: returns how an offer is concluded, or `nothing` if it is not. The default notifies the technician at once. */
export type Path = (offer: Offer) => { acts: TabAct[]; how?: string; severity?: OfferMessage['severity'] } | 'nothing';

export const tellTechnician: Path = ({ message }) => ({
  acts: [{ do: 'deliver', channel: 'email', to: ['technician'], severity: message.severity }],
});

/** Waits for the hold at node `hold`, then notifies the technician, as the tabs do. */
export const holdFirst: Path = (offer) => {
  const { message, node } = offer;
  const dueAt = message.transition.at + message.holdMs;
  const kind = message.transition.kind;
  if (node !== null || message.holdMs === 0 || (kind !== 'raised' && kind !== 'worsened')) return tellTechnician(offer);
  const { severity, holdMs, to } = message;
  return { acts: [{ do: 'wait', node: 'hold', dueAt, unlessAcknowledged: false, message: { severity, holdMs, to } }] };
};

export type EngineStage = ReturnType<typeof createStage>;

export function createStage({
  contents = emptyContents,
  known = [{ pc, link: 'fibre', elevationM: 3_524, alerts: true }],
  at = 1_000_000,
  starts = [],
  room = 'Room',
  followers = [],
  numbers = defaultNumbers,
  maintenance = () => [],
  isMeetingNear = () => false,
}: StageOptions = {}) {
  let now = at;
  const engine = createEngine(
    {
      contents,
      known,
      starts,
      followers,
      numbers,
      maintenance,
      isMeetingNear,
      recipients: (to, channel) => to.map((person) => ({ person, channel })),
      personNamed: (name) => (name === 'stranger' ? undefined : name.toLowerCase()),
      central: () => [{ person: 'central', channel: 'console' }],
      place: (scope) => ({ site: { en: scope, hi: scope }, room: { en: room, hi: 'कमरा' }, timeZone: 'Asia/Kolkata' }),
    },
    now,
  );
  // At a first start the tabs run at once. A test of a restart starts the tabs itself.
  if (contents === emptyContents) engine.apply({ type: 'started' }, now);
  const held = { checks: new Map<string, Check[]>(), rev: new Map<string, number>(), session: new Map<string, number>() };
  const ops: Op[] = [];
  const offers: Offer[] = [];
  const asks: Extract<Effect, { do: 'ask' }>[] = [];
  let path: Path = tellTechnician;

  /** Commits in the order of the server: rows first, then effects. The simulated tabs conclude each offer at once. */
  function settle(): void {
    for (let turn = 0; turn < 50; turn += 1) {
      const taken = engine.take();
      ops.push(...taken.ops);
      if (taken.effects.length === 0) return;
      for (const effect of taken.effects) settleEffect(effect);
    }
    throw new Error('the engine does not come to rest');
  }
  function settleEffect(effect: Effect): void {
    if (effect.do === 'ask') return void asks.push(effect);
    offers.push(effect);
    const end = path(effect);
    if (end === 'nothing') return;
    const { severity } = effect.message;
    engine.apply(
      { type: 'conclude', transition: effect.message.transition.id, how: 'told', severity, way: { tabs: '', path: '' }, ...end },
      now,
    );
  }
  function apply(event: Parameters<typeof engine.apply>[0]): void {
    engine.apply(event, now);
    settle();
  }
  const sessionOf = (who: string) => held.session.get(who) ?? 1;

  return {
    engine,
    offers,
    asks,
    ops,
    now: () => now,
    apply,
    setPath: (next: Path) => {
      path = next;
    },
    /** Lets time pass in steps of `stepMs`, with a tick after each step. */
    pass(ms: number, stepMs = 1_000, provenAt: number | null = null): void {
      for (let left = ms; left > 0; left -= stepMs) {
        now += Math.min(stepMs, left);
        apply({ type: 'tick', provenAt });
      }
    },
    between(ms: number): void {
      now += ms;
    },
    /** Stops `flows` for a while: its tick is late, and messages wait in the socket. */
    standStill(ms: number): void {
      now += ms;
      apply({ type: 'unsubscribed', slow: true });
      apply({ type: 'subscribed' });
      apply({ type: 'tick', provenAt: now });
    },
    /** Sets the system clock, and server time with it. */
    setClock(byMs: number): void {
      now += byMs;
      apply({ type: 'clock', byMs });
    },
    setKnown: (pcs: KnownPc[], { because = {}, replaced = [] }: { because?: Record<string, string>; replaced?: string[] } = {}) =>
      apply({ type: 'known', pcs, because, replaced }),
    subscribe: () => apply({ type: 'subscribed' }),
    birth(
      who = pc,
      {
        session = sessionOf(who),
        spool = 's1',
        boot = 'b1',
        digest = digestOf(held.checks.get(who) ?? []),
        inventory = '',
        fresh = false,
        ...said
      }: Partial<Extract<PcEvent, { type: 'birth' }>> = {},
    ): void {
      held.session.set(who, session);
      held.rev.set(who, 0);
      apply({ type: 'birth', pc: who, boot, session, digest, rev: 0, spool, config: 1, inventory, agent: '1', fresh, ...said });
    },
    /** Lets the next machine at this path send a birth, and a second birth with a session above the number in the ack. */
    successor(said: Partial<Extract<PcEvent, { type: 'birth' }>>): void {
      this.birth(pc, { session: 1, ...said });
      this.birth(pc, { session: (engine.memory.pcs.get(pc)?.session ?? 0) + 1, ...said });
    },
    /** Sends the full state of a PC. */
    state(checks: Check[], who = pc): void {
      held.checks.set(who, checks);
      const rev = (held.rev.get(who) ?? 0) + 1;
      held.rev.set(who, rev);
      apply({ type: 'state', pc: who, digest: digestOf(checks), session: sessionOf(who), rev, base: undefined, checks, gone: [] });
    },
    beat: (who = pc) => apply({ type: 'beat', pc: who, digest: digestOf(held.checks.get(who) ?? []), session: sessionOf(who) }),
    lost: (who = pc, session = sessionOf(who)) => apply({ type: 'lost', pc: who, boot: 'b1', session }),
    bye: (who = pc, reason = 'stopped') => apply({ type: 'bye', pc: who, boot: 'b1', session: sessionOf(who), reason }),
    /** Sends beats for `ms`, so that the PC is not silent. */
    live(ms: number, who = pc): void {
      for (let left = ms; left > 0; left -= 30_000) {
        this.pass(Math.min(30_000, left), 1_000);
        this.beat(who);
      }
    },
    incident: (scope = pc): Incident | undefined => [...engine.memory.incidents.values()].filter((one) => one.scope === scope).at(-1),
    kinds: () => offers.map((one) => one.message.transition.kind),
    /** Outbox rows, in the order of writing. */
    outbox: (): OutboxRow[] => ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : [])),
    told: (): string[] => ops.flatMap((op) => (op.op === 'outbox' ? [`${op.row.notice.kind} to ${op.row.person}`] : [])),
    /** Returns the status changes written for a PC, as `component: status faults`. */
    changes: (who = pc): string[] =>
      ops.flatMap((op) => (op.op === 'change' && op.pc === who ? [`${op.component}: ${[op.status, ...op.faults].join(' ')}`] : [])),
    minute,
  };
}

export function ok(component: string, device = 'expected-1'): Check {
  return { component, device, status: 'ok', fault: null, reason: null };
}
export function fault(id: string, device = 'expected-1'): Check {
  return { component: id.slice(0, id.indexOf('.')), device, status: 'fault', fault: id, reason: null };
}
export function unknown(component: string, reason: string, device = 'expected-1'): Check {
  return { component, device, status: 'unknown', fault: null, reason };
}

/** Returns the ledger for the next start: the last version of each row. */
export function contentsAfter(ops: readonly Op[]): LedgerContents {
  const last = <T>(rows: readonly T[], key: (row: T) => unknown): T[] => [...new Map(rows.map((row) => [key(row), row])).values()];
  const gone = new Set(ops.flatMap((op) => (op.op === 'timer-gone' ? [op.id] : [])));
  const incidents = last(
    ops.flatMap((op) => (op.op === 'incident' ? [op.incident] : [])),
    ({ id }) => id,
  );
  const transitions = last(
    ops.flatMap((op) => (op.op === 'transition' ? [op.transition] : [])),
    ({ id }) => id,
  );
  const timers = last(
    ops.flatMap((op) => (op.op === 'timer' ? [op.timer] : [])),
    ({ id }) => id,
  );
  return {
    ...emptyContents,
    pcs: last(
      ops.flatMap((op) => (op.op === 'pc' ? [op.record] : [])),
      (record) => record.pc,
    ),
    incidents,
    transitions,
    timers: timers.filter((timer) => !gone.has(timer.id)),
    meta: Object.fromEntries(ops.flatMap((op) => (op.op === 'meta' && op.value !== null ? [[op.key, op.value]] : []))),
    nextIncident: incidents.length + 1,
    nextTransition: transitions.length + 1,
    nextTimer: timers.length + 1,
  };
}

/** Creates a bench with one online PC whose microphone and camera have no fault. */
export function online(options: StageOptions = {}): EngineStage {
  const stage = createStage(options);
  stage.subscribe();
  stage.birth();
  stage.state([ok('microphone'), ok('camera')]);
  return stage;
}

/** Returns the last outage of a PC. */
export const absenceOf = (stage: EngineStage, who = pc) => stage.engine.memory.pcs.get(who)?.absence;
/** Returns the verdict about the last outage of a PC, as `cause confidence`. */
export const verdict = (stage: EngineStage, who = pc) => `${absenceOf(stage, who)?.cause} ${absenceOf(stage, who)?.confidence}`;
/** Returns the report of a boot about the previous boot, with no crash and no power loss by default. */
export const previous = (stage: EngineStage, edit: Partial<LastBoot> = {}): LastBoot => ({
  boot: 'b1',
  aliveAt: stage.now(),
  mains: null,
  bye: null,
  crashed: false,
  ...edit,
});
