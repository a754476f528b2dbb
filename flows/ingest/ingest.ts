/**
 * Ingest: takes what PCs say, gives it to the engine and commits it; what follows a commit is the pipeline's (flows/pipeline.ts).
 * It is thrown away and made anew from the ledger whenever a commit fails (R20); session, tabs and people outlive it.
 */
import { type Cancel, encode, type Hello, helloTopicAll, oneLine, scopeTopic } from '#contracts';
import { createEngine, type Engine } from '../incidents/engine.ts';
import type { Act, CentreEvent, WireMessage } from '../records/incidents.ts';
import type { Op } from '../records/ops.ts';
import type { SiteChange } from '../records/sites.ts';
import { type Configs, createConfigs, type Outgoing } from '../sites/config-push.ts';
import { commissioning } from '../sites/life.ts';
import { createTree, type Tree } from '../sites/tree.ts';
import { type Acks, createAcks } from './acks.ts';
import { createAllowance, type Weight, weightOf } from './allowance.ts';
import { type Commits, createCommits } from './commits.ts';
import { type Committed, changedBy, type Heard, noticesIn, pcsIn } from './committed.ts';
import { createElection, type Election } from './measurer-election.ts';
import type { Audit, IngestOptions } from './options.ts';
import { quickDigest, type Report, readReport } from './read-message.ts';
import { createSiteReadings, type SiteReadings } from './site-readings.ts';
import { createNotes, type Note, unreadable } from './unreadable.ts';

const tickMs = 1_000;
const startsKept = 10;
/** Answers to a hello are spread over this time a PC, up to the limit (R17). */
const helloSpreadMs = 20;
const helloSpreadLimitMs = 30_000;
/** How often it is written down that we listen: a start knows from it how long nobody did. */
const listenedEveryMs = 60_000;
/** More sites than this are asked with one word to all. */
const helloSitesAtMost = 50;

/** What goes on between a message and the ledger, from one load of the ledger to the next. */
export type Ingest = ReturnType<typeof createIngest>;

/** What was read and applied since the last commit, beside what the engine holds. */
type Gathered = { ops: Op[]; sends: (() => void)[]; heard: Heard[]; sites: string[]; pcsGone: string[] };

type Batch = { ops: Op[]; committed: Committed };

type State = {
  options: IngestOptions;
  engine: Engine;
  tree: Tree;
  configs: Configs;
  readings: SiteReadings;
  acks: Acks;
  election: Election;
  allowance: ReturnType<typeof createAllowance>;
  note: ReturnType<typeof createNotes>;
  /** The centre's time: it starts at the wall clock and never jumps. */
  time(): number;
  gathered: Gathered;
  commits: Commits;
  goneOnUp: number;
  /** When somebody last listened to the PCs, and what the ledger knows of it. */
  listenedAt: number;
  listenedNotedAt: number;
};

/** Opens ingest on what the ledger holds. It judges nothing until `subscribed`, and offers nothing until `started`. */
export function createIngest(options: IngestOptions) {
  const state = openState(options);
  let cancelTick: Cancel = () => {};
  const tick = (): void => {
    followRollout(state);
    void tell(state, { type: 'tick' });
    goOn(state);
    cancelTick = options.clock.after(untilTickMs(state), tick);
  };
  cancelTick = options.clock.after(tickMs, tick);
  state.commits.soon();
  return {
    ...reading(state),
    ...telling(state),

    /** One message from the broker. Anything that is not one of ours is counted and dropped. */
    take: (topic: string, payload: Buffer) => take(state, topic, payload),

    /** Sends what PCs are owed of a commit: acks first, then configurations and bells. */
    acknowledge({ acks, sends }: Pick<Committed, 'acks' | 'sends'>): void {
      state.acks.send(acks);
      for (const send of sends) send();
    },

    /** Throws all of this away. What is not committed was never said. */
    close(): void {
      cancelTick();
      state.commits.end();
    },
  };
}

/** What is known now. */
function reading({ engine, tree, election, readings, configs, time }: State) {
  return {
    time,
    memory: engine.memory,
    isSubscribed: engine.isSubscribed,
    table: tree.table,
    place: tree.place,
    /** The version of the configuration that a PC should hold. */
    wanted: tree.wanted,
    entry: tree.entry,
    measurer: election.of,
    /** What a site last said of its link, and where that broke. */
    link: readings.link,
    numbers: (pc: string) => readings.numbers(pc, time()),
    rollout: configs.view,
  };
}

/** What others have to say, or to write down. */
function telling(state: State) {
  const { options } = state;
  return {
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

    /** Says something of the centre's own, or what an operator did; true once it is committed, false where this memory ended before. */
    tell: (event: CentreEvent, audit?: Audit): Promise<boolean> => tell(state, event, audit),

    /** Writes rows of others, with the same answer. */
    record(ops: readonly Op[]): Promise<boolean> {
      state.gathered.ops.push(...ops);
      return state.commits.next();
    },

    /** Asks the PCs of a scope (`''` = all) to answer, once it is written down who asked. */
    ring(scope: string, word: Hello, audit: Audit): void {
      const topic = scopeTopic(scope === '' ? 'all' : `${scope}/all`, 'hello');
      state.gathered.ops.push({ op: 'audit', at: state.time(), ...audit });
      state.gathered.sends.push(() => options.send(topic, encode('hello', word), 1));
      state.commits.soon();
    },

    /**
     * Changes the tree of places, in one transaction with `ops`; true once the broker is told, false where this memory ended before.
     * Configurations go out one by one over the time of a hello, since each PC answers its own with a birth.
     */
    changeSites: (change: SiteChange, ops: readonly Op[] = []): Promise<boolean> => changeSites(state, change, ops),

    /** Ends a rollout by sending it to everybody. */
    release(by: string): Promise<boolean> {
      sendLater(state, state.configs.release(by, state.time()));
      return state.commits.next();
    },
  };
}

function openState(options: IngestOptions): State {
  const { clock, contents, send, seal } = options;
  const startedAt = clock.now();
  const startedUp = clock.up();
  const starts = [...(JSON.parse(contents.meta['starts'] ?? '[]') as number[]), startedAt].slice(-startsKept);
  const held = new Map(contents.pcs.map((record) => [record.pc, record]));
  const recordOf = (pc: string) => (engine?.memory.pcs ?? held).get(pc);
  const tree = createTree(contents, recordOf);
  const configs = createConfigs({ tree, meta: contents.meta, clock, recordOf, seal, send, isOver: () => state.commits.isOver() });
  const { reflector, recipients, central } = options;
  const election = createElection({ reflector, pcsOf: (site) => tree.table().pcsOf(site), recordOf, now: clock.now });
  let engine: Engine | undefined;
  engine = createEngine({ contents, recipients, central, known: tree.table().known, place: tree.place, starts }, startedAt);
  const listenedAt = Number(contents.meta['listened'] ?? 0);
  const state: State = {
    options,
    engine,
    tree,
    configs,
    readings: createSiteReadings({ meta: contents.meta, linkOf: (pc) => engine?.known.get(pc)?.link }),
    acks: createAcks({ recordOf, send, seal, duty: election.words, now: clock.now }),
    election,
    allowance: createAllowance(clock.up),
    note: createNotes(options.log),
    time: () => startedAt + (clock.up() - startedUp),
    gathered: { ...nothing(), ops: [{ op: 'meta', key: 'starts', value: JSON.stringify(starts) }, ...tree.versionOps()] },
    commits: createCommits<Batch>({
      gather: () => gather(state),
      write: (batch) => write(state, batch),
      follow: ({ committed }) => options.committed(committed),
      failed: (error) => failed(state, error),
    }),
    goneOnUp: clock.up(),
    listenedAt,
    listenedNotedAt: listenedAt,
  };
  followRollout(state);
  return state;
}

function nothing(): Gathered {
  return { ops: [], sends: [], heard: [], sites: [], pcsGone: [] };
}

/** A second, or the time until the next wait is due: what was held long enough is not held longer. */
function untilTickMs({ engine, time }: State): number {
  const now = time();
  const dueInMs = [...engine.memory.timers.values()].map(({ dueAt }) => dueAt - now).filter((ms) => ms > 0);
  const least = dueInMs.reduce((a, b) => Math.min(a, b), tickMs);
  return Math.max(1, least);
}

function tell(state: State, event: CentreEvent, audit?: Audit): Promise<boolean> {
  if (audit !== undefined) state.gathered.ops.push({ op: 'audit', at: state.time(), ...audit });
  if (!state.commits.isOver()) state.engine.apply(event, state.time());
  return state.commits.next();
}

async function changeSites(state: State, change: SiteChange, ops: readonly Op[]): Promise<boolean> {
  if (state.commits.isOver()) return false;
  const now = state.time();
  const changing = state.tree.change(change, now);
  if (changing.known !== null) state.engine.apply(changing.known, now);
  state.engine.apply({ type: 'revoked', pcs: change.registry.flatMap(({ pc, revoked }) => (revoked ? [pc] : [])) }, now);
  state.gathered.ops.push(...changing.ops, ...ops);
  state.gathered.sites.push(...changing.sites);
  state.gathered.pcsGone.push(...changing.pcsGone);
  for (const pc of changing.pcsGone) {
    state.readings.forget(pc);
    state.allowance.forget(pc);
  }
  sendLater(state, state.configs.changed(changing.configured, change.staged, now));
  if (!(await state.commits.next())) return false;
  if (change.registry.length > 0) await state.options.publish(change.registry);
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
    state.gathered.ops.push({ op: 'meta', key: 'listened', value: `${now}` });
  }
  const change = commissioning({ table: tree.table(), records: engine.memory.pcs, isCurrent: engine.isCurrent, deafMs }, now);
  if (change !== null) void changeSites(state, change, []);
  sendLater(state, state.configs.tick(now, deafMs));
}

/** Guarantee: a message that breaks whoever reads it is set aside with its PC's name, and the next one is read (R28). */
function take(state: State, topic: string, payload: Buffer): void {
  if (state.commits.isOver()) return;
  try {
    if (!isUnchangedBeat(state, topic, payload)) apply(state, topic, payload);
  } catch (error) {
    const [pc = '', leaf = ''] = /^sabha\/v1\/(.*)\/([^/]*)$/.exec(topic)?.slice(1) ?? [];
    setAside(state, { pc, leaf, why: error instanceof Error ? error.message : String(error) });
  }
}

function setAside(state: State, { pc, leaf, why }: { pc: string; leaf: string; why: string }): void {
  state.options.count.message(leaf, 'poison');
  for (const one of unreadable({ pc, leaf, result: 'poison', detail: oneLine(why, 120) })) note(state, one);
}

function note(state: State, said: Note): void {
  state.gathered.ops.push(...state.note(said, state.time()));
  state.commits.soon();
}

/** Receive, read, apply: all of a message's way that needs no disk. */
function apply(state: State, topic: string, payload: Buffer): void {
  const { options, engine } = state;
  const now = state.time();
  const report = readReport(topic, payload, { at: now, isRollCall: options.isRollCall });
  const isOurs = report !== undefined && engine.known.has(report.pc) && engine.believes(report.event, now);
  if (!isOurs) return options.count.message('other', 'unknown');
  const weight = weightOf(report, payload.length);
  const heardAt = engine.memory.pcs.get(report.pc)?.heardAt ?? now;
  if (weight !== undefined && !state.allowance.take(report.pc, weight, Math.max(0, now - heardAt)))
    return holdBack(state, report, weight.kind);
  options.count.message(report.leaf, report.result);
  engine.apply(report.event, now);
  keep(state, report, now);
  if (report.event.type === 'beat') state.readings.beat(report.pc, payload, now);
  state.commits.soon();
}

/** Nothing of it is taken or answered but that its PC is there: its spool keeps the rest, and its next beat says which state we lack (R27). */
function holdBack(state: State, { pc, leaf }: Report, what: Weight['kind']): void {
  const now = state.time();
  state.options.count.message(leaf, 'budget');
  state.engine.apply({ type: 'heard', pc }, now);
  state.engine.apply({ type: 'noisy', of: pc, what }, now);
  state.commits.soon();
}

/** What of a report is the ledger's, and what is owed for it once it is there. */
function keep(state: State, report: Report, now: number): void {
  const { gathered, readings, acks, configs } = state;
  const { pc, event, ops, answer } = report;
  const notes = unreadable(report).flatMap((one) => state.note(one, now));
  gathered.ops.push(...ops, ...readings.take(report.news), ...notes);
  if (answer !== undefined) acks.add(pc, answer);
  if (event.type === 'birth') sendLater({ gathered, configs }, configs.born(pc, event.config));
  if (event.type === 'birth' || ops.length > 1) gathered.heard.push({ pc, event, ops });
}

/** The way of nearly every beat: the digest is the one held, so nothing is parsed and nothing written. */
function isUnchangedBeat(state: State, topic: string, payload: Buffer): boolean {
  const digest = quickDigest(topic, payload);
  if (digest === undefined) return false;
  const pc = topic.slice('sabha/v1/'.length, -'/beat'.length);
  if (state.engine.memory.pcs.get(pc)?.digest !== digest || !state.engine.touch(pc, state.time())) return false;
  state.options.count.message('beat', 'same');
  state.readings.beat(pc, payload, state.time());
  return true;
}

/** Configurations go out when what they are is in the ledger. */
function sendLater({ gathered, configs }: Pick<State, 'gathered' | 'configs'>, { ops, pcs }: Outgoing): void {
  gathered.ops.push(...ops);
  if (pcs.length > 0) gathered.sends.push(() => configs.send(pcs));
}

/** The next batch: what was read, what the engine made of it, and what follows once both are on disk. */
function gather(state: State): Batch {
  const { engine, acks, election, gathered } = state;
  const { ops: rows, effects } = engine.take();
  const { heard, sends, sites, pcsGone } = gathered;
  const ops = [...gathered.ops, ...rows];
  state.gathered = nothing();
  const asks = effects.filter((effect) => effect.do === 'ask');
  const offers = effects.filter((effect) => effect.do === 'offer');
  const owed = acks.take(election.moved([...pcsIn(ops), ...pcsGone]), asks);
  return { ops, committed: { acks: owed, sends, heard, offers, notices: noticesIn(ops), changed: changedBy(ops, { sites, pcsGone }) } };
}

async function write(state: State, { ops }: Batch): Promise<void> {
  const { options, acks, commits } = state;
  if (ops.length === 0) return;
  const startedUp = options.clock.up();
  const receipt = await options.ledger.commit(ops);
  if (commits.isOver()) return;
  options.count.commit('ok', (options.clock.up() - startedUp) / 1_000);
  options.count.receipt(receipt);
  acks.settle(receipt.cursors);
  for (const [pc, gaps] of Object.entries(receipt.gapsOf ?? {}))
    note(state, { pc, what: 'gap in the events', reason: 'gap', about: `${gaps} numbers are neither here nor declared dropped` });
  for (const { op, pc, why } of receipt.poison ?? []) setAside(state, { pc, leaf: op, why });
}

function failed({ options }: State, error: Error): void {
  options.count.commit('failed', 0);
  options.failed(error);
}
