/**
 * Ingest: takes what PCs say, gives it to the engine and commits it; what follows a commit is the pipeline's (flows/pipeline.ts).
 * It is thrown away and made anew from the ledger whenever a commit fails (R20); session, tabs and people outlive it.
 */
import { type Cancel, encode, type Hello, hearingTopic, helloTopicAll, messageOf, scopeTopic } from '@sabha/contracts';
import type { CentreEvent, PassedWay, WireMessage } from '../engine/records/incidents.ts';
import { type Audit, type Op, settledKey } from '../engine/records/ops.ts';
import type { SiteChange } from '../engine/records/sites.ts';
import type { Outgoing } from '../sites/config-push.ts';
import { commissioning } from '../sites/life.ts';
import type { Committed, IngestOptions } from './acks.ts';
import { type Weight, weightOf } from './allowance.ts';
import { quickDigest, type Report, readReport } from './read-message.ts';
import { hello, listened, listenedEveryMs, note, openState, type State, setAside, tell } from './state.ts';

const tickMs = 1_000;
/** Clears that are due one after the other cost no more ticks than these. */
const clearTickMs = 50;
/** The system's timers go off some milliseconds early, when what this tick was for is not due yet. */
const earlyMs = 10;
/** What waits for a commit that lasts longer was not done yet. */
const hungMs = 5_000;
/** More sites than this are asked with one word to all. */
const helloSitesAtMost = 50;

/** What goes on between a message and the ledger, from one load of the ledger to the next. */
export type Ingest = ReturnType<typeof createIngest>;

/** Opens ingest on what the ledger holds. It judges nothing until `subscribed`, and offers nothing until `started`. */
export function createIngest(options: IngestOptions) {
  const state = openState(options);
  followRollout(state);
  let cancelTick: Cancel = () => {};
  const again = (afterMs: number): void => {
    state.listening.tickAt(state.time() + afterMs);
    cancelTick = options.clock.after(afterMs, tick);
  };
  const tick = (): void => {
    const judgedAt = state.time();
    state.listening.tick();
    const settled = state.settled.tick(state.time());
    if (settled !== undefined) state.gathered.ops.push({ op: 'meta', key: settledKey, value: settled });
    followRollout(state);
    void tell(state, { type: 'tick', provenAt: state.listening.provenAt(), hung: state.commits.writingMs() >= hungMs });
    goOn(state);
    again(untilTickMs(state, judgedAt));
  };
  again(tickMs);
  state.commits.soon();
  return {
    ...reading(state),
    /** The last time in which the centre heard nobody. */
    away: state.listening.away,
    deafSince: state.listening.deafSince,
    /** Until when our hearing is proven (R18a). */
    provenAt: state.listening.provenAt,
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
function reading({ options, engine, tree, acks, links, numbers, configs, time, settled }: State) {
  return {
    time,
    /** By this goes what is deleted for its age. */
    settledAt: settled.at,
    memory: engine.memory,
    isSubscribed: engine.isSubscribed,
    table: tree.table,
    place: tree.place,
    /** The version of the configuration that a PC should hold. */
    wanted: tree.wanted,
    entry: tree.entry,
    measurer: acks.measurer,
    /** What a site last said of its link, and where that broke. */
    link: links.of,
    numbers: (pc: string) => numbers.of(pc, engine.known.get(pc)?.link ?? 'fibre', options.clock.up()),
    rollout: configs.view,
  };
}

/** What others have to say, or to write down. */
function telling(state: State) {
  const { options } = state;
  return {
    /** Our SUBACK has come: silence is counted from now on, and every PC is asked for a birth (R17). */
    subscribed: state.listening.subscribed,
    unsubscribed: state.listening.unsubscribed,

    /** The tabs run: what was open is offered again (R24). */
    started: () => void tell(state, { type: 'started' }),

    /** What a path of the wires came to (R23). */
    conclude({ transition: { id, kind }, acts, severity }: WireMessage, how: string, way?: PassedWay): void {
      options.count.concluded(kind, how);
      void tell(state, { type: 'conclude', transition: id, acts, severity, how, ...(way && { way }) });
    },

    /** Says something of the centre's own, or what an operator did; true once it is committed, false where this memory ended before. */
    tell: (event: CentreEvent, audit?: Audit): Promise<boolean> => tell(state, event, audit),

    /** The end is in order: until when PCs were heard is written down, so that a quick start is no gap. */
    leave(): Promise<boolean> {
      state.gathered.ops.push(...listened(state, 1));
      return state.commits.next();
    },

    /** Writes rows of others, with the same answer. */
    record(ops: readonly Op[]): Promise<boolean> {
      state.gathered.ops.push(...ops);
      return state.commits.next();
    },

    /** Asks the PCs of a scope (`''` = all) to answer, once it is written down who asked. */
    ring(scope: string, word: Hello, audit: Audit): void {
      const topic = scopeTopic(scope === '' ? 'all' : `${scope}/all`, 'hello');
      state.allowance.asks(word.id);
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

/** A second, or the time until the next wait or clear is due: what was held long enough is not held longer. */
function untilTickMs({ engine, time }: State, judgedAt: number): number {
  const now = time();
  const dueInMs = [...engine.memory.timers.values()].map(({ dueAt }) => dueAt - now).filter((ms) => ms > 0);
  const least = dueInMs.reduce((a, b) => Math.min(a, b), tickMs);
  const clearAt = engine.nextClearAt(judgedAt);
  const clearMs = clearAt - judgedAt <= earlyMs ? clearAt - now : Math.max(clearTickMs, clearAt - now);
  return Math.max(1, Math.min(least, clearMs));
}

async function changeSites(state: State, change: SiteChange, ops: readonly Op[]): Promise<boolean> {
  if (state.commits.isOver()) return false;
  const now = state.time();
  const changing = state.tree.change(change, now);
  if (changing.known !== null) state.engine.apply(changing.known, now);
  // Hours and zones may be others.
  if (change.audit !== null) state.engine.apply({ type: 'look-again' }, now);
  state.engine.apply({ type: 'revoked', pcs: change.registry.flatMap(({ pc, revoked }) => (revoked ? [pc] : [])) }, now);
  state.gathered.ops.push(...changing.ops, ...ops);
  state.gathered.sites.push(...changing.sites);
  state.gathered.pcsGone.push(...changing.pcsGone);
  for (const pc of changing.pcsGone) {
    state.numbers.forget(pc);
    state.allowance.forget(pc);
  }
  sendLater(state, state.configs.changed(changing.configured, change.staged, now));
  if (!(await state.commits.next())) return false;
  if (change.registry.length > 0) await state.options.publish(change.registry);
  const { fresh } = changing;
  hello(state, fresh.length > helloSitesAtMost ? [helloTopicAll] : fresh.map((site) => scopeTopic(`${site}/all`, 'hello')));
  return true;
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
  // A clock that is set forward may be a machine that was paused: a quiet day begins anew, a watch only does not go on by it.
  const deafMs = now - state.listenedAt;
  const watchMs = deafMs - state.steppedMs;
  Object.assign(state, { listenedAt: now, steppedMs: 0 });
  state.gathered.ops.push(...listened(state, listenedEveryMs));
  const change = commissioning({ table: tree.table(), records: engine.memory.pcs, isCurrent: engine.isCurrent, deafMs }, now);
  if (change !== null) void changeSites(state, change, []);
  sendLater(state, state.configs.tick(now, watchMs));
}

/** Guarantee: a message that breaks whoever reads it is set aside with its PC's name, and the next one is read (R28). */
function take(state: State, topic: string, payload: Buffer): void {
  if (state.commits.isOver()) return;
  try {
    if (!isUnchangedBeat(state, topic, payload)) apply(state, topic, payload);
  } catch (error) {
    const [pc = '', leaf = ''] = /^sabha\/v1\/(.*)\/([^/]*)$/.exec(topic)?.slice(1) ?? [];
    setAside(state, { pc, leaf, why: messageOf(error) });
  }
}

/** Receive, read, apply: all of a message's way that needs no disk. */
function apply(state: State, topic: string, payload: Buffer): void {
  const { options, engine } = state;
  if (topic === hearingTopic) return state.listening.take(payload);
  const now = state.time();
  const report = readReport(topic, payload, { at: now, isRollCall: options.isRollCall, askedMs: state.allowance.askedMs });
  const isOurs = report !== undefined && engine.known.has(report.pc) && engine.believes(report.event);
  if (!isOurs) return options.count.message('other', 'unknown');
  const beyond = beyondIn(state, report, payload.length);
  if (beyond !== undefined) return holdBack(state, report, beyond);
  options.count.message(report.leaf, report.result);
  engine.apply(report.event, now);
  keep(state, report);
  if (report.event.type === 'beat') keepNumbers(state, report.pc, payload);
  state.commits.soon();
}

/** In what a message is more than its PC may say now. */
function beyondIn({ allowance, engine }: State, report: Report, bytes: number): Weight['kind'] | undefined {
  const { pc, birth } = report;
  const { session = 0, spool = null } = engine.memory.pcs.get(pc) ?? {};
  const weight = allowance.isAsked(pc, birth?.hello) ? undefined : weightOf(report, { bytes, session, spool });
  if (weight !== undefined && !allowance.take(pc, weight)) return weight.kind;
  if (birth === undefined) return undefined;
  if (!allowance.follows(pc, birth)) return 'spools';
  allowance.waits(pc, birth.waiting, spool === null);
  return undefined;
}

/** Nothing of it is taken or answered but that its PC is there: its spool keeps the rest, and its next beat says which state we lack (R27). */
function holdBack(state: State, { pc, leaf, event }: Report, what: Weight['kind']): void {
  const now = state.time();
  const boot = event.type === 'birth' ? { boot: event.boot } : {};
  state.options.count.message(leaf, 'budget');
  state.engine.apply({ type: 'heard', pc, ...boot }, now);
  state.engine.apply({ type: 'noisy', of: pc, what: what === 'signs' ? 'words' : what }, now);
  state.commits.soon();
}

/** What of a report is the ledger's, and what is owed for it once it is there. */
function keep(state: State, report: Report): void {
  const { gathered, links, acks, configs } = state;
  const { pc, leaf, event, ops, answer, news = [], result, detail } = report;
  for (const one of news) links.take(one);
  gathered.ops.push(...ops);
  if (detail !== undefined) note(state, { pc, what: `unreadable ${leaf}`, reason: result, about: detail });
  if (answer !== undefined) acks.add(pc, answer);
  if (event.type === 'birth') sendLater({ gathered, configs }, configs.born(pc, event.config));
  if (event.type === 'birth' || ops.length > 1) gathered.heard.push({ pc, event, ops });
}

function keepNumbers({ engine, numbers, options }: State, pc: string, payload: Buffer): void {
  const link = engine.known.get(pc)?.link;
  if (link !== undefined) numbers.heard(pc, { link, payload, up: options.clock.up() });
}

/** The way of nearly every beat: the digest is the one held, so nothing is parsed and nothing written. */
function isUnchangedBeat(state: State, topic: string, payload: Buffer): boolean {
  const digest = quickDigest(topic, payload);
  if (digest === undefined) return false;
  const pc = topic.slice('sabha/v1/'.length, -'/beat'.length);
  if (state.engine.memory.pcs.get(pc)?.digest !== digest || !state.engine.touch(pc, state.time())) return false;
  state.options.count.message('beat', 'same');
  keepNumbers(state, pc, payload);
  return true;
}

/** Configurations go out when what they are is in the ledger. */
function sendLater({ gathered, configs }: Pick<State, 'gathered' | 'configs'>, { ops, pcs }: Outgoing): void {
  gathered.ops.push(...ops);
  if (pcs.length > 0) gathered.sends.push(() => configs.send(pcs));
}
