/**
 * The desk: takes what PCs say, gives it to the engine, commits, and only then answers and acts (R20).
 * It is thrown away and made anew from the ledger whenever a commit fails; session, tabs and people outlive it.
 */
import { type Cancel, encode, type Hello, helloTopicAll, scopeTopic } from '#contracts';
import { createEngine, type Engine } from '../incidents/engine.ts';
import type { Act, CentreEvent, Effect, WireMessage } from '../records/incidents.ts';
import type { Op } from '../records/ops.ts';
import type { SiteChange } from '../records/sites.ts';
import { type Configs, createConfigs, type Outgoing } from '../sites/config-push.ts';
import { commissioning } from '../sites/life.ts';
import { createTree, type Tree } from '../sites/tree.ts';
import { type Answers, createAnswers, type Drafts } from './acks.ts';
import { changedBy } from './changed.ts';
import { createMeasuring, type Measuring } from './measurer-election.ts';
import type { Audit, DeskOptions } from './options.ts';
import { quickDigest, type Report, readReport } from './read-message.ts';
import { createSurroundings, type Surroundings } from './site-readings.ts';
import { createUnreadable } from './unreadable.ts';

const tickMs = 1_000;
const startsKept = 10;
/** Answers to a hello are spread over this time a PC, up to the limit (R17). */
const helloSpreadMs = 20;
const helloSpreadLimitMs = 30_000;
/** How often it is written down that we listen: a start knows from it how long nobody did. */
const listenedEveryMs = 60_000;
/** More sites than this are asked with one word to all. */
const helloSitesAtMost = 50;

export type Desk = ReturnType<typeof createDesk>;

type State = {
  options: DeskOptions;
  engine: Engine;
  tree: Tree;
  configs: Configs;
  surroundings: Surroundings;
  /** The centre's time: it starts at the wall clock and never jumps. */
  time(): number;
  ops: Op[];
  answers: Answers;
  measuring: Measuring;
  after: (() => void)[];
  /** Who waits for a commit, and is told when none comes any more. */
  waiting: Set<(committed: boolean) => void>;
  changed: { sites: string[]; pcsGone: string[] };
  /** A commit is under way, or will be at the end of this turn. */
  busy: boolean;
  /** Something came while one was under way. */
  again: boolean;
  dead: boolean;
  goneOnUp: number;
  /** When somebody last listened to the PCs, and what the ledger knows of it. */
  listenedAt: number;
  listenedNotedAt: number;
  unreadable: ReturnType<typeof createUnreadable>;
};

/** Opens a desk on what the ledger holds. It judges nothing until `subscribed`, and offers nothing until `started`. */
export function createDesk(options: DeskOptions) {
  const state = openState(options);
  let cancelTick: Cancel = () => {};
  const tick = (): void => {
    followRollout(state);
    void tell(state, { type: 'tick' });
    goOn(state);
    cancelTick = options.clock.after(untilTickMs(state), tick);
  };
  cancelTick = options.clock.after(tickMs, tick);
  schedule(state);

  return {
    time: state.time,
    book: state.engine.book,
    table: state.tree.table,
    place: state.tree.place,
    /** The version of the configuration that a PC should hold. */
    wanted: state.tree.wanted,
    entry: state.tree.entry,
    measurer: state.measuring.of,
    isSubscribed: state.engine.isSubscribed,
    /** What a site last said of its link, and where that broke. */
    link: state.surroundings.link,
    numbers: (pc: string) => state.surroundings.numbers(pc, state.time()),

    /** One message from the broker. Anything that is not one of ours is counted and dropped. */
    take: (topic: string, payload: Buffer) => take(state, topic, payload),

    /** Our SUBACK has come: silence is counted from now on, and every PC is asked for a birth (R17). */
    subscribed(): void {
      void tell(state, { type: 'subscribed' });
      hello(state, [helloTopicAll]);
    },
    unsubscribed: () => void tell(state, { type: 'unsubscribed' }),

    /** The tabs run: what was open is offered again (R24). */
    started: () => void tell(state, { type: 'started' }),

    /** What a path of the wires came to (R23). */
    conclude(message: WireMessage, how: string): void {
      const { id: transition, kind } = message.transition;
      options.count.concluded(kind, how);
      void tell(state, { type: 'conclude', transition, acts: message.acts satisfies Act[], severity: message.severity, how });
    },

    /** Says something of the centre's own, or what an operator did; true once it is committed, false where this desk ended before. */
    tell: (event: CentreEvent, audit?: Audit): Promise<boolean> => tell(state, event, audit),

    /** Writes rows of others, with the same answer. */
    record(ops: readonly Op[]): Promise<boolean> {
      state.ops.push(...ops);
      return committed(state);
    },

    /** Asks the PCs of a scope (`''` = all) to answer, once it is written down who asked. */
    ring(scope: string, hello: Hello, audit: Audit): void {
      state.ops.push({ op: 'audit', at: state.time(), ...audit });
      state.after.push(() => options.send(scopeTopic(scope === '' ? 'all' : `${scope}/all`, 'hello'), encode('hello', hello), 1));
      schedule(state);
    },

    /**
     * Changes the tree of places, in one transaction with `ops`; true once the broker is told, false where this desk ended before.
     * Configurations go out one by one over the time of a hello, since each PC answers its own with a birth.
     */
    changeSites: (change: SiteChange, ops: readonly Op[] = []): Promise<boolean> => changeSites(state, change, ops),

    rollout: state.configs.view,
    /** Ends a rollout by sending it to everybody. */
    release(by: string): Promise<boolean> {
      sendLater(state, state.configs.release(by, state.time()));
      return committed(state);
    },

    /** Throws this desk away. What is not committed was never said. */
    close(): void {
      cancelTick();
      end(state);
    },
  };
}

function openState(options: DeskOptions): State {
  const { clock, contents } = options;
  const startedAt = clock.now();
  const startedUp = clock.up();
  const starts = [...(JSON.parse(contents.meta['starts'] ?? '[]') as number[]), startedAt].slice(-startsKept);
  const held = new Map(contents.pcs.map((record) => [record.pc, record]));
  const recordOf = (pc: string) => (engine?.book.pcs ?? held).get(pc);
  const tree = createTree(contents, recordOf);
  const configs = createConfigs({ ...options, ...contents, tree, recordOf, isOver: () => state.dead });
  const { reflector } = options;
  const measuring = createMeasuring({ reflector, pcsOf: (site) => tree.table().pcsOf(site), recordOf, now: clock.now });
  let engine: Engine | undefined;
  engine = createEngine({ ...options, known: tree.table().known, place: tree.place, starts }, startedAt);
  const state: State = {
    options,
    engine,
    tree,
    configs,
    surroundings: createSurroundings({ meta: contents.meta, linkOf: (pc) => engine?.known.get(pc)?.link }),
    time: () => startedAt + (clock.up() - startedUp),
    ops: [{ op: 'meta', key: 'starts', value: JSON.stringify(starts) }, ...tree.versionOps()],
    answers: createAnswers({ ...options, recordOf, duty: measuring.words, now: clock.now }),
    measuring,
    after: [],
    waiting: new Set(),
    changed: { sites: [], pcsGone: [] },
    busy: false,
    again: false,
    dead: false,
    goneOnUp: clock.up(),
    listenedAt: Number(contents.meta['listened'] ?? 0),
    listenedNotedAt: Number(contents.meta['listened'] ?? 0),
    unreadable: createUnreadable(options.log),
  };
  followRollout(state);
  return state;
}

/** A second, or the time until the next wait is due: what was held long enough is not held longer. */
function untilTickMs({ engine, time }: State): number {
  const now = time();
  const dueInMs = [...engine.book.timers.values()].map(({ dueAt }) => dueAt - now).filter((ms) => ms > 0);
  const least = dueInMs.reduce((a, b) => Math.min(a, b), tickMs);
  return Math.max(1, least);
}

function tell(state: State, event: CentreEvent, audit?: Audit): Promise<boolean> {
  if (audit !== undefined) state.ops.push({ op: 'audit', at: state.time(), ...audit });
  if (!state.dead) state.engine.apply(event, state.time());
  return committed(state);
}

/** True after the next commit; false where there is none, because this desk is over. */
function committed(state: State): Promise<boolean> {
  if (state.dead) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  state.waiting.add(resolve);
  state.after.push(() => {
    state.waiting.delete(resolve);
    resolve(true);
  });
  schedule(state);
  return promise;
}

async function changeSites(state: State, change: SiteChange, ops: readonly Op[]): Promise<boolean> {
  if (state.dead) return false;
  const now = state.time();
  const changing = state.tree.change(change, now);
  if (changing.known !== null) state.engine.apply(changing.known, now);
  state.engine.apply({ type: 'revoked', pcs: change.registry.flatMap(({ pc, revoked }) => (revoked ? [pc] : [])) }, now);
  state.ops.push(...changing.ops, ...ops);
  state.changed.sites.push(...changing.sites);
  state.changed.pcsGone.push(...changing.pcsGone);
  for (const pc of changing.pcsGone) state.surroundings.forget(pc);
  sendLater(state, state.configs.changed(changing.configured, change.staged, now));
  if (!(await committed(state))) return false;
  if (change.registry.length > 0) await state.options.registered(change.registry);
  const { fresh } = changing;
  hello(state, fresh.length > helloSitesAtMost ? [helloTopicAll] : fresh.map((site) => scopeTopic(`${site}/all`, 'hello')));
  return true;
}

/** Asks for births: of everybody, or of PCs that may have spoken in vain before they were ours. */
function hello({ options, engine }: State, topics: readonly string[]): void {
  // Whoever is not subscribed could not hear the answers; the next SUBACK asks everybody.
  if (!engine.isSubscribed()) return;
  const withinMs = Math.min(helloSpreadLimitMs, engine.known.size * helloSpreadMs);
  const word: Hello = { id: options.randomId(), withinMs, fresh: false };
  for (const topic of topics) options.send(topic, encode('hello', word), 1);
}

/** A rollout that stopped stands until somebody lets it out or changes it. */
function followRollout({ engine, configs, time }: State): void {
  const stopped = configs.view()?.stopped ?? null;
  engine.apply({ type: 'centre', fault: 'centre.rollout_stopped', device: '', standing: stopped !== null }, time());
}

/** What only time changes of sites that are being set up. */
function goOn(state: State): void {
  const { options, engine, tree } = state;
  if (!engine.isSubscribed() || options.clock.up() - state.goneOnUp < tickMs) return;
  state.goneOnUp = options.clock.up();
  const now = state.time();
  const deafMs = now - state.listenedAt;
  state.listenedAt = now;
  if (Math.abs(now - state.listenedNotedAt) >= listenedEveryMs) {
    state.listenedNotedAt = now;
    state.ops.push({ op: 'meta', key: 'listened', value: `${now}` });
  }
  const change = commissioning({ table: tree.table(), records: engine.book.pcs, isCurrent: engine.isCurrent, deafMs }, now);
  if (change !== null) void changeSites(state, change, []);
  sendLater(state, state.configs.tick(now, deafMs));
}

function take(state: State, topic: string, payload: Buffer): void {
  if (state.dead || isUnchangedBeat(state, topic, payload)) return;
  const now = state.time();
  const report = readReport(topic, payload, now, state.options.isRollCall);
  const isOurs = report !== undefined && state.engine.known.has(report.pc) && state.engine.believes(report.event, now);
  if (!isOurs) return state.options.count.message('other', 'unknown');
  const { pc, leaf, result, event } = report;
  state.options.count.message(leaf, result);
  state.engine.apply(event, now);
  if (event.type === 'beat') state.surroundings.beat(pc, payload, now);
  state.ops.push(...report.ops, ...state.surroundings.take(report.news), ...state.unreadable(report, now));
  if (report.answer !== undefined) answer(state, report);
  if (event.type === 'birth' || report.ops.length > 1) state.after.push(() => state.options.commands.heard(report));
  if (event.type === 'birth' && event.fresh) state.after.push(() => state.options.born(pc, event));
  schedule(state);
}

/** The way of nearly every beat: the digest is the one held, so nothing is parsed and nothing written. */
function isUnchangedBeat(state: State, topic: string, payload: Buffer): boolean {
  const digest = quickDigest(topic, payload);
  if (digest === undefined) return false;
  const pc = topic.slice('sabha/v1/'.length, -'/beat'.length);
  if (state.engine.book.pcs.get(pc)?.digest !== digest || !state.engine.touch(pc, state.time())) return false;
  state.options.count.message('beat', 'same');
  state.surroundings.beat(pc, payload, state.time());
  return true;
}

function answer(state: State, { pc, answer: said, event }: Report): void {
  state.answers.add(pc, said ?? {});
  if (event.type !== 'birth') return;
  sendLater(state, state.configs.born(pc, event.config));
}

/** Configurations go out when what they are is in the ledger. */
function sendLater(state: State, { ops, pcs }: Outgoing): void {
  state.ops.push(...ops);
  if (pcs.length > 0) state.after.push(() => state.configs.send(pcs));
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
  const { after, changed, options } = state;
  const answers = state.answers.take(state.measuring.moved([...pcsIn(ops), ...changed.pcsGone]));
  Object.assign(state, { ops: [], after: [], changed: { sites: [], pcsGone: [] } });
  if (ops.length > 0) {
    const startedUp = options.clock.up();
    const receipt = await options.ledger.commit(ops);
    if (state.dead) return;
    options.count.commit('ok', (options.clock.up() - startedUp) / 1_000);
    options.count.receipt(receipt);
    state.answers.settle(receipt.cursors);
  }
  for (const effect of effects) act(state, effect, answers);
  state.answers.send(answers);
  for (const task of after) task();
  announce(state, ops, changed);
}

function failed(state: State, error: Error): void {
  if (state.dead) return;
  end(state);
  state.options.count.commit('failed', 0);
  state.options.onFatal(error);
}

function end(state: State): void {
  state.dead = true;
  for (const resolve of state.waiting) resolve(false);
  state.waiting.clear();
}

function act(state: State, effect: Effect, answers: Drafts): void {
  if (effect.do === 'offer') return state.options.offer(effect.message, effect.node);
  const draft = answers.get(effect.pc) ?? { want: [] };
  answers.set(effect.pc, { ...draft, want: [...draft.want, ...effect.want] });
}

function announce({ options }: State, ops: readonly Op[], places: State['changed']): void {
  const rows = ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : []));
  if (rows.length > 0) options.notify(rows);
  const change = changedBy(ops, places);
  if (change !== undefined) options.changed(change);
}

function pcsIn(ops: readonly Op[]): string[] {
  return ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : []));
}
