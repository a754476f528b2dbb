/**
 * Ingest: takes what PCs say, gives it to the engine and commits it; what follows a commit is the pipeline's (flows/pipeline.ts).
 * It is thrown away and made anew from the ledger whenever a commit fails (R20); session, tabs and people outlive it.
 */
import {
  type BeatKey,
  budgets,
  type Cancel,
  decode,
  encode,
  type Hello,
  hearingTopic,
  helloTopicAll,
  isThin,
  type LinkClass,
  links,
  messageOf,
  oneLine,
  partBeats,
  scopeTopic,
} from '@sabha/contracts';
import { createEngine, type Engine } from '../engine/incidents/engine.ts';
import type { CentreEvent, PassedWay, WireMessage } from '../engine/records/incidents.ts';
import { type Audit, inVainKey, type Op, settledKey } from '../engine/records/ops.ts';
import type { SiteChange } from '../engine/records/sites.ts';
import { createConfigs, type Outgoing } from '../sites/config-push.ts';
import { commissioning } from '../sites/life.ts';
import { createTree } from '../sites/table.ts';
import { type Committed, createAcks, type Heard, type IngestOptions } from './acks.ts';
import { createAllowance, type Weight, weightOf } from './allowance.ts';
import { createCentreTime, createListening, createSettled } from './listening.ts';
import { createLinkReports, quickDigest, type Report, readReport } from './read-message.ts';

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

// The state of ingest between two loads of the ledger, and how it becomes a committed batch.

/** What was read and applied since the last commit, beside what the engine holds. */
type Gathered = { ops: Op[]; sends: (() => void)[]; heard: Heard[]; sites: string[]; pcsGone: string[] };

/** All of it, from one load of the ledger to the next. */
export type State = ReturnType<typeof openState>;

/** How often it is written down that we listen, */
const listenedEveryMs = 60_000;
/** and how often where something is written anyway. */
const listenedWithMs = 5_000;
const startsKept = 10;
/** Answers to a hello are spread over this time a PC, up to the limit (R17). */
const helloSpreadMs = 20;
const helloSpreadLimitMs = 30_000;
const notedEveryMs = 60_000 / budgets.logLinesAMinute.most;

/** What the ledger holds, with nothing gathered but that this is a start. */
export function openState(options: IngestOptions) {
  const { clock, contents, send, seal } = options;
  const centreTime = createCentreTime(clock);
  const startedAt = centreTime.now();
  const earlier = (JSON.parse(contents.meta['starts'] ?? '[]') as number[]).filter((at) => at <= startedAt);
  const starts = [...earlier, startedAt].slice(-startsKept);
  const held = new Map(contents.pcs.map((record) => [record.pc, record]));
  const recordOf = (pc: string) => (engine?.memory.pcs ?? held).get(pc);
  const listenedNotedAt = Number(contents.meta['listened'] ?? 0);
  const listenedAt = Math.min(listenedNotedAt, startedAt);
  const tree = createTree(contents, recordOf);
  const configs = createConfigs({ tree, meta: contents.meta, clock, recordOf, seal, send, isOver: (): boolean => state.commits.isOver() });
  const listening = createListening({
    ...options,
    time: centreTime,
    listenedUntil: listenedAt,
    // Among the rows of the engine, where a step of the clock takes back what stands before it.
    note: (away): void => state.engine.memory.add(`away/${away.from}`, { op: 'away', ...away }),
    isSubscribed: (): boolean => state.engine.isSubscribed(),
    tell: (event, audit): void => void tell(state, event, audit),
    hello: (): void => hello(state, [helloTopicAll]),
  });
  const followClock = {
    setClock(byMs: number): void {
      state.gathered.ops.push(...configs.setClock(byMs));
      state.steppedMs += byMs;
      options.clockSet();
    },
  };
  const followers = [...listening.followers, followClock];
  const pcsOf = (site: string) => tree.table().pcsOf(site);
  let engine: Engine | undefined;
  const known = tree.table().known;
  engine = createEngine({ ...options, contents, known, place: tree.place, starts, listenedUntil: listenedAt, followers }, startedAt);
  const state = {
    options,
    engine,
    tree,
    configs,
    links: createLinkReports(contents.meta),
    numbers: createNumbers(),
    acks: createAcks({ reflector: options.reflector, pcsOf, recordOf, send, seal, now: clock.now }),
    allowance: createAllowance(clock.up),
    /** When the last note about each PC was written. */
    notedAt: new Map<string, number>(),
    /** The centre's time. */
    time: centreTime.now,
    settled: createSettled(contents.meta[settledKey], clock.up, startedAt),
    listening,
    gathered: {
      ...nothing(),
      ops: [{ op: 'meta' as const, key: 'starts', value: JSON.stringify(starts) }, ...tree.versionOps()],
    } as Gathered,
    commits: createCommits(options, (): Promise<void> => commit(state)),
    goneOnUp: clock.up(),
    /** When somebody last listened to the PCs, and what the ledger knows of it. */
    listenedAt,
    listenedNotedAt,
    /** By how much the clock was set since somebody last listened. */
    steppedMs: 0,
  };
  return state;
}

function nothing(): Gathered {
  return { ops: [], sends: [], heard: [], sites: [], pcsGone: [] };
}

/** Gives the engine an event; true once what came of it is committed, false where this memory ended before. */
function tell(state: State, event: CentreEvent, audit?: Audit): Promise<boolean> {
  if (audit !== undefined) state.gathered.ops.push({ op: 'audit', at: state.time(), ...audit });
  if (!state.commits.isOver()) state.engine.apply(event, state.time());
  return state.commits.next();
}

/** Asks for births: of everybody, or of PCs that may have spoken in vain before they were ours. */
function hello({ options, engine, allowance }: State, topics: readonly string[]): void {
  // Whoever is not subscribed could not hear the answers; the next SUBACK asks everybody.
  if (!engine.isSubscribed()) return;
  const withinMs = Math.min(helloSpreadLimitMs, engine.known.size * helloSpreadMs);
  const word: Hello = { id: options.randomId(), withinMs, fresh: false };
  allowance.asks(word.id);
  for (const topic of topics) options.send(topic, encode('hello', word), 1);
}

/** The next batch: what was read, what the engine made of it, and what follows once both are on disk. */
function gather(state: State): { ops: Op[]; committed: Committed } {
  const { engine, acks, links, gathered } = state;
  const { ops: rows, effects } = engine.take();
  const { heard, sends, sites, pcsGone } = gathered;
  const ops = [...gathered.ops, ...rows, ...links.changed()];
  if (ops.length > 0) ops.push(...listened(state, listenedWithMs));
  state.gathered = nothing();
  const asks = effects.filter((effect) => effect.do === 'ask');
  const offers = effects.filter((effect) => effect.do === 'offer');
  const pcs = ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : []));
  const owed = acks.take([...pcs, ...pcsGone], asks);
  const notices = ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : []));
  const handled = ops.flatMap((op) => (op.op === 'incident' && (op.incident.deeds ?? op.incident.answers) ? [op.incident] : []));
  const incidents = ops.flatMap((op) => (op.op === 'incident' ? [op.incident.id] : op.op === 'transition' ? [op.transition.incident] : []));
  const isChanged = pcs.length + incidents.length + sites.length + pcsGone.length > 0;
  const changed = isChanged ? { pcs, incidents: [...new Set(incidents)], sites, pcsGone } : undefined;
  return { ops, committed: { acks: owed, sends, heard, offers, notices, handled, changed } };
}

/** Writes down until when PCs are heard for certain, and who was not, unless that was done a short time ago: a start knows from it for how long nobody was. */
function listened(state: State, everyMs: number): Op[] {
  const at = state.listening.provenAt();
  if (at === null || Math.abs(at - state.listenedNotedAt) < everyMs) return [];
  state.listenedNotedAt = at;
  return [
    { op: 'meta', key: 'listened', value: `${at}` },
    { op: 'meta', key: inVainKey, value: state.engine.inVain() },
  ];
}

async function commit(state: State): Promise<void> {
  const { ops, committed } = gather(state);
  if (ops.length > 0) await write(state, ops);
  if (!state.commits.isOver()) state.options.committed(committed);
}

async function write(state: State, ops: Op[]): Promise<void> {
  const { options, acks, commits } = state;
  const startedUp = options.clock.up();
  const receipt = await options.ledger.commit(ops);
  if (commits.isOver()) return;
  const tookMs = options.clock.up() - startedUp;
  if (tookMs > budgets.commitMs.most * (options.clock.speed ?? 1)) nameLargestWriter(state, ops);
  options.count.commit('ok', tookMs / 1_000);
  options.count.receipt(receipt);
  acks.settle(receipt.cursors);
  for (const [pc, gaps] of Object.entries(receipt.gapsOf ?? {}))
    note(state, { pc, what: 'gap in the events', reason: 'gap', about: `${gaps} numbers are neither here nor declared dropped` });
  for (const { op, pc, why } of receipt.poison ?? []) setAside(state, { pc, leaf: op, why });
}

/** A slow commit delays the acks of all PCs. An agent waits for the ack of each batch of events, so the commit holds few of its events (R27). */
function nameLargestWriter(state: State, ops: readonly Op[]): void {
  // Duplicates count once: the server may have requested a range several times.
  const events = new Map<string, Set<string>>();
  for (const { pc, event } of ops.filter((one) => one.op === 'event'))
    events.set(pc, (events.get(pc) ?? new Set()).add(`${event.spool} ${event.seq}`));
  const [of, { size }] = [...events].toSorted(([, one], [, other]) => other.size - one.size)[0] ?? ['', new Set()];
  if (size <= budgets.eventsUnacknowledged.most) return;
  state.engine.apply({ type: 'noisy', of, what: 'events' }, state.time());
  state.commits.soon();
}

/** Counts a message that broke its handler, and notes it under the name of its PC (R28). */
function setAside(state: State, { pc, leaf, why }: { pc: string; leaf: string; why: string }): void {
  state.options.count.message(leaf, 'poison');
  note(state, { pc, what: `unreadable ${leaf}`, reason: 'poison', about: oneLine(why, 120) });
}

/**
 * Writes an audit row and a log line about a PC whose messages cannot be read, applied or written, or are incomplete (R28, poison messages).
 * Rate limit: one a minute for each PC. `reason` is a short constant, such as `poison`.
 */
function note(state: State, { pc, what, reason, about }: { pc: string; what: string; reason: string; about: string }): void {
  const now = state.time();
  if (Math.abs(now - (state.notedAt.get(pc) ?? Number.NEGATIVE_INFINITY)) < notedEveryMs) return;
  state.notedAt.set(pc, now);
  state.options.log.warn({ who: pc, reason }, `${what}: ${about}`);
  state.gathered.ops.push({ op: 'step', at: now, who: pc, what, about: `${reason}: ${about}` });
  state.commits.soon();
}

/**
 * `commit` gathers everything since the last batch, resolves when that is on disk and what may follow has followed.
 * `failed`, called once: the disk did not take a batch, and nothing of this memory is true any more.
 * Guarantee: one batch at a time, in order; nothing follows a batch that is not on disk, and nothing at all after the end.
 */
function createCommits({ clock, count, failed }: IngestOptions, commit: () => Promise<void>) {
  /** Each says whether its batch came to the disk: the one that is being written, and the next one. */
  let written = Promise.withResolvers<boolean>();
  let gathered = Promise.withResolvers<boolean>();
  /** A commit is under way, or will be at the end of this turn. */
  let busy = false;
  /** Something came while one was under way. */
  let again = false;
  let over = false;
  let writingUp: number | undefined;

  function end(): void {
    over = true;
    written.resolve(false);
    gathered.resolve(false);
  }

  async function commitAll(): Promise<void> {
    while (again && !over) {
      again = false;
      written = gathered;
      gathered = Promise.withResolvers();
      writingUp = clock.up();
      await commit();
      writingUp = undefined;
      if (over) return;
      written.resolve(true);
    }
    busy = false;
  }

  function soon(): void {
    again = true;
    if (busy || over) return;
    busy = true;
    queueMicrotask(() => {
      commitAll().catch((error: Error) => {
        if (over) return;
        end();
        count.commit('failed', 0);
        failed(error);
      });
    });
  }

  return {
    /** What was gathered is committed at the end of this turn, or after the commit that is under way. */
    soon,
    /** True after the next commit; false where there is none, because this memory is over. */
    next(): Promise<boolean> {
      if (!over) soon();
      return gathered.promise;
    },
    isOver: () => over,
    /** For how long the batch is being written. */
    writingMs: () => (writingUp === undefined ? 0 : clock.up() - writingUp),
    /** What is not committed was never said. */
    end,
  };
}

const shownKeys = ['ac', 'bat', 'uc', 'ur', 'room', 'rh', 'rise', 'temp'] as const satisfies readonly BeatKey[];

/** A beat of all numbers takes less than a quarter of it. */
const beatLimitBytes = 2_048;
const missedBeats = 3;
/** Where a beat is a part, as each writes it (R11: without parsing). */
const partMark = '"part":1';

type KeptBeat = { up: number; text: string };

/**
 * Beats are kept as they came and read when somebody asks: nearly none is ever asked for. `up` = a clock that never jumps.
 * Guarantee: a number that its PC has not said again for three beats after the time in which each is said once is not answered.
 */
export function createNumbers() {
  const byPc = new Map<string, KeptBeat[]>();
  return {
    heard(pc: string, { link, payload, up }: { link: LinkClass; payload: Buffer; up: number }): void {
      if (payload.length > beatLimitBytes) return;
      const beats = byPc.get(pc) ?? [];
      // As text, a character a byte: a buffer is a piece of 64 KiB that others were cut from too, all of which it would keep alive.
      beats.push({ up, text: payload.toString('latin1') });
      while (beats.length > keptOf(link, beats)) beats.shift();
      byPc.set(pc, beats);
    },
    of(pc: string, link: LinkClass, up: number): Partial<Record<(typeof shownKeys)[number], number>> {
      const beats = byPc.get(pc) ?? [];
      const sinceMs = (keptOf(link, beats) + missedBeats - 1) * links[link].beatMs;
      const fresh = beats.filter((beat) => up - beat.up <= sinceMs);
      const read = fresh.map(({ text }) => decode('beat', Buffer.from(text, 'latin1')));
      const said: Record<string, number> = Object.assign({}, ...read.map((beat) => (beat.ok ? beat.value.n : {})));
      return Object.fromEntries(shownKeys.flatMap((key) => (said[key] === undefined ? [] : [[key, said[key]]])));
    },
    forget: (pc: string): void => void byPc.delete(pc),
  };
}

/** On a thin link they always come in parts, elsewhere where the last beat says so; else it brings all of them. */
function keptOf(link: LinkClass, beats: readonly KeptBeat[]): number {
  return isThin(links[link]) || beats.at(-1)?.text.includes(partMark) === true ? partBeats : 1;
}
