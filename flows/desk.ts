/**
 * The desk: takes what PCs say, gives it to the engine, commits, and only then answers and acts (R20).
 * It is thrown away and made anew from the ledger whenever a commit fails; session, tabs and people outlive it.
 */
import { type Ack, type Cancel, type Clock, encode, type Hello, helloTopicAll, pcTopic, type Want } from '#contracts';
import { createEngine, type Engine } from './incidents/engine.ts';
import type { Act, CentreEvent, Effect, WireMessage } from './incidents/model.ts';
import type { Recipient } from './incidents/passages.ts';
import type { Contents, Cursor, Ledger, Op, Receipt } from './ledger/model.ts';
import type { OutboxRow } from './people/model.ts';
import { quickDigest, type Report, readReport } from './reports.ts';
import { type SiteTable, versioned } from './site-table.ts';

const tickMs = 1_000;
const startsKept = 10;
/** Answers to a hello are spread over this time a PC, up to the limit (R17). */
const helloSpreadMs = 20;
const helloSpreadLimitMs = 30_000;
const unreadableNotedEveryMs = 60_000;

export type DeskOptions = {
  ledger: Ledger;
  contents: Contents;
  clock: Clock;
  table: SiteTable;
  recipients(to: readonly string[], channel: string, scope: string): Recipient[];
  central(): Recipient[];
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** Puts a message on the wires: to the wait node of that id, or to the head. */
  offer(message: WireMessage, node: string | null): void;
  /** Rows for the outbox, after their commit. */
  notify(rows: OutboxRow[]): void;
  /** What the API's listeners are told, after the commit. */
  changed(change: { pcs: string[]; incidents: number[] }): void;
  count: DeskCounts;
  /** The commit failed: nothing of this desk is to be trusted any more. Called once. */
  onFatal(error: Error): void;
  log: { warn(fields: object, line: string): void };
  randomId(): string;
};

export type DeskCounts = {
  message(leaf: string, result: string): void;
  receipt(receipt: Receipt): void;
  commit(result: 'ok' | 'failed'): void;
  concluded(kind: string, how: string): void;
};

export type Desk = ReturnType<typeof createDesk>;

type State = {
  options: DeskOptions;
  engine: Engine;
  /** The centre's time: it starts at the wall clock and never jumps. */
  time(): number;
  ops: Op[];
  answers: Map<string, Answer>;
  cursors: Map<string, Cursor>;
  after: (() => void)[];
  /** A commit is under way, or will be at the end of this turn. */
  busy: boolean;
  /** Something came while one was under way. */
  again: boolean;
  dead: boolean;
  config: { version: number; payload: Buffer };
  noted: Map<string, number>;
};

type Answer = { session?: number; echo?: number; want: Want[] };

/** Opens a desk on what the ledger holds. It judges nothing until `subscribed`, and offers nothing until `started`. */
export function createDesk(options: DeskOptions) {
  const state = openState(options);
  let cancelTick: Cancel = () => {};
  const tick = (): void => {
    tell(state, { type: 'tick' });
    cancelTick = options.clock.after(untilTickMs(state), tick);
  };
  cancelTick = options.clock.after(tickMs, tick);
  schedule(state);

  return {
    time: state.time,
    book: state.engine.book,
    isSubscribed: state.engine.isSubscribed,

    /** One message from the broker. Anything that is not one of ours is counted and dropped. */
    take: (topic: string, payload: Buffer) => take(state, topic, payload),

    /** Our SUBACK has come: silence is counted from now on, and every PC is asked for a birth (R17). */
    subscribed(): void {
      const withinMs = Math.min(helloSpreadLimitMs, state.engine.known.size * helloSpreadMs);
      const hello: Hello = { id: options.randomId(), withinMs, fresh: false };
      tell(state, { type: 'subscribed' });
      options.send(helloTopicAll, encode('hello', hello), 1);
    },
    unsubscribed: () => tell(state, { type: 'unsubscribed' }),

    /** The tabs run: what was open is offered again (R24). */
    started: () => tell(state, { type: 'started' }),

    /** What a path of the wires came to (R23). */
    conclude(message: WireMessage, how: string): void {
      const { id: transition, kind } = message.transition;
      options.count.concluded(kind, how);
      tell(state, { type: 'conclude', transition, acts: message.acts satisfies Act[], severity: message.severity, how });
    },

    /** Says something of the centre's own, or what an operator did; resolves when it is committed. */
    tell(event: CentreEvent, audit?: { who: string; what: string; about: string }): Promise<void> {
      if (audit !== undefined) state.ops.push({ op: 'audit', at: state.time(), ...audit });
      const done = new Promise<void>((resolve) => state.after.push(resolve));
      tell(state, event);
      return done;
    },

    /** Throws this desk away. What is not committed was never said. */
    close(): void {
      state.dead = true;
      cancelTick();
    },
  };
}

function openState(options: DeskOptions): State {
  const { clock, contents, table } = options;
  const startedAt = clock.now();
  const startedUp = clock.up();
  const starts = [...startsOf(contents.meta['starts']), startedAt].slice(-startsKept);
  const { config, meta, changed } = versioned(table.profile, contents.meta['config']);
  const engine = createEngine({ ...options, known: table.known, place: table.place, starts }, startedAt);
  const ops: Op[] = [{ op: 'meta', key: 'starts', value: JSON.stringify(starts) }];
  if (changed) ops.push({ op: 'meta', key: 'config', value: meta });
  return {
    options,
    engine,
    time: () => startedAt + (clock.up() - startedUp),
    ops,
    answers: new Map(),
    cursors: new Map(),
    after: [],
    busy: false,
    again: false,
    dead: false,
    config: { version: config.version, payload: encode('config', config) },
    noted: new Map(),
  };
}

/** A second, or the time until the next wait is due: what was held long enough is not held longer. */
function untilTickMs({ engine, time }: State): number {
  const now = time();
  const dueInMs = [...engine.book.timers.values()].map(({ dueAt }) => dueAt - now).filter((ms) => ms > 0);
  return Math.max(
    1,
    dueInMs.reduce((least, ms) => Math.min(least, ms), tickMs),
  );
}

function startsOf(text: string | undefined): number[] {
  return text === undefined ? [] : (JSON.parse(text) as number[]);
}

function tell(state: State, event: CentreEvent): void {
  if (state.dead) return;
  state.engine.apply(event, state.time());
  schedule(state);
}

function take(state: State, topic: string, payload: Buffer): void {
  if (state.dead || isUnchangedBeat(state, topic, payload)) return;
  const now = state.time();
  const report = readReport(topic, payload, now);
  if (report === undefined || !state.engine.known.has(report.pc)) return state.options.count.message('other', 'unknown');
  state.options.count.message(report.leaf, report.result);
  if (report.detail !== undefined) note(state, report, now);
  state.engine.apply(report.event, now);
  state.ops.push(...report.ops);
  if (report.answer !== undefined) answer(state, report);
  schedule(state);
}

/** The way of nearly every beat: the digest is the one held, so nothing is parsed and nothing written. */
function isUnchangedBeat(state: State, topic: string, payload: Buffer): boolean {
  const digest = quickDigest(topic, payload);
  if (digest === undefined) return false;
  const pc = topic.slice('sabha/v1/'.length, -'/beat'.length);
  if (state.engine.book.pcs.get(pc)?.digest !== digest || !state.engine.touch(pc, state.time())) return false;
  state.options.count.message('beat', 'same');
  return true;
}

/** What could not be read is said and kept, at most once a minute and PC; the sender stays connected. */
function note(state: State, report: Report, now: number): void {
  if (now - (state.noted.get(report.pc) ?? Number.NEGATIVE_INFINITY) < unreadableNotedEveryMs) return;
  state.noted.set(report.pc, now);
  state.options.log.warn({ who: report.pc, reason: report.result }, `unreadable ${report.leaf}: ${report.detail}`);
  state.ops.push({ op: 'audit', at: now, who: report.pc, what: `unreadable ${report.leaf}`, about: `${report.result}: ${report.detail}` });
}

function answer(state: State, { pc, answer: said, event }: Report): void {
  state.answers.set(pc, { ...(state.answers.get(pc) ?? { want: [] }), ...said, ...sessionHeld(state, pc, said?.session) });
  if (event.type !== 'birth' || event.config === state.config.version) return;
  state.after.push(() => state.options.send(pcTopic(pc, 'config'), state.config.payload, 1));
}

/** A birth of an older session is answered with the one that is held, so that a PC whose disk was put back opens one above it (R16). */
function sessionHeld({ engine }: State, pc: string, session: number | undefined): { session?: number } {
  return session === undefined ? {} : { session: Math.max(session, engine.book.pcs.get(pc)?.session ?? 0) };
}

/** Gathers what comes in one turn of the event loop, and all that comes while a commit is under way. */
function schedule(state: State): void {
  state.again = true;
  if (state.busy || state.dead) return;
  state.busy = true;
  queueMicrotask(() => {
    commitAll(state).catch((error: Error) => failed(state, error));
  });
}

async function commitAll(state: State): Promise<void> {
  while (state.again && !state.dead) {
    state.again = false;
    await commit(state);
  }
  state.busy = false;
}

async function commit(state: State): Promise<void> {
  const { ops: rows, effects } = state.engine.take();
  const ops = [...state.ops, ...rows];
  const { answers, after } = state;
  Object.assign(state, { ops: [], answers: new Map(), after: [] });
  if (ops.length > 0) {
    const receipt = await state.options.ledger.commit(ops);
    if (state.dead) return;
    state.options.count.commit('ok');
    state.options.count.receipt(receipt);
    for (const cursor of receipt.cursors) if (isCurrent(state, cursor)) state.cursors.set(cursor.pc, cursor);
  }
  for (const effect of effects) act(state, effect, answers);
  for (const [pc, draft] of answers) sendAck(state, pc, draft);
  for (const task of after) task();
  announce(state, ops);
}

/** A late event of a spool that is over is committed too, but the PC listens for its present one. */
function isCurrent(state: State, { pc, spool }: Cursor): boolean {
  return (state.engine.book.pcs.get(pc)?.spool ?? spool) === spool;
}

function failed(state: State, error: Error): void {
  if (state.dead) return;
  state.dead = true;
  state.options.count.commit('failed');
  state.options.onFatal(error);
}

function act(state: State, effect: Effect, answers: Map<string, Answer>): void {
  if (effect.do === 'offer') return state.options.offer(effect.message, effect.node);
  const draft = answers.get(effect.pc) ?? { want: [] };
  answers.set(effect.pc, { ...draft, want: [...draft.want, ...effect.want] });
}

function sendAck(state: State, pc: string, { want, session, echo }: Answer): void {
  const spool = state.engine.book.pcs.get(pc)?.spool ?? null;
  if (spool === null) return;
  const held = state.cursors.get(pc);
  const cursor = held?.spool === spool ? held : undefined;
  const ack: Ack = {
    spool,
    upTo: cursor?.upTo ?? 0,
    at: state.options.clock.now(),
    want,
    ...(cursor?.mark === undefined ? {} : { mark: cursor.mark }),
    ...(session === undefined ? {} : { session }),
    ...(echo === undefined ? {} : { echo }),
  };
  state.options.send(pcTopic(pc, 'ack'), encode('ack', ack), 0);
}

function announce(state: State, ops: readonly Op[]): void {
  const pcs = ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : []));
  const incidents = ops.flatMap((op) => (op.op === 'incident' ? [op.incident.id] : op.op === 'transition' ? [op.transition.incident] : []));
  const rows = ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : []));
  if (rows.length > 0) state.options.notify(rows);
  if (pcs.length + incidents.length > 0) state.options.changed({ pcs, incidents: [...new Set(incidents)] });
}
