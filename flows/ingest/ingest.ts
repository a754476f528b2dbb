/**
 * Ingest: reads the messages of PCs, applies them to the engine and commits the result. `flows/pipeline.ts` acts on committed batches.
 * After a failed commit `flows/runtime.ts` discards the pipeline with its ingest, and opens a new one from the ledger. The MQTT session,
 * the running tabs and the delivery of notifications continue. R20 (one transaction per batch).
 */
import {
  type BeatKey,
  budgets,
  type Cancel,
  canaryTopic,
  decode,
  encode,
  type Hello,
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
import type { OfferMessage, ServerEvent, TabPath } from '../engine/records/incidents.ts';
import { type Audit, listenedKey, type Op, retainedUntilKey } from '../engine/records/ops.ts';
import type { SiteChange } from '../engine/records/sites.ts';
import { createConfigs, type Outgoing } from '../sites/config-push.ts';
import { commissioning } from '../sites/life.ts';
import { createTree } from '../sites/table.ts';
import { type Committed, createAcks, type IngestOptions, type PcReport } from './acks.ts';
import { costOf, createQuotas, type MessageCost } from './quota.ts';
import { createLinkReports, type DecodedMessage, decodeMessage, quickDigest } from './read-message.ts';
import { createReceiveGapDetection, createServerTime, createTrustedTime } from './receive-gaps.ts';

const tickMs = 1_000;
/** Shortest time between extra ticks for clears, so that many clears do not cause many ticks. */
const clearTickMs = 50;
/** A fault whose clear is due within this time is cleared at once, ms, because system timers fire a few milliseconds early. */
const earlyMs = 10;
/** A commit that takes longer than this counts as blocked, ms. The time limit of offers to the tabs then starts after the commit. */
const blockedCommitMs = 5_000;
/** Beyond this number of sites one hello to all replaces a hello for each site. */
const helloSitesAtMost = 50;

/** The reader of messages and writer of the ledger, from one load of the ledger to the next. */
export type Ingest = ReturnType<typeof createIngest>;

/** Opens ingest on the contents of the ledger. It judges nothing before `subscribed`, and offers nothing before `started`. */
export function createIngest(options: IngestOptions) {
  const state = openIngestState(options);
  updateRolloutFault(state);
  let cancelTick: Cancel = () => {};
  const again = (afterMs: number): void => {
    state.listening.tickAt(state.time() + afterMs);
    cancelTick = options.clock.after(afterMs, tick);
  };
  const tick = (): void => {
    const judgedAt = state.time();
    state.listening.tick();
    const settled = state.settled.tick(state.time());
    if (settled !== undefined) state.gathered.ops.push({ op: 'meta', key: retainedUntilKey, value: settled });
    updateRolloutFault(state);
    void tell(state, { type: 'tick', provenAt: state.listening.provenAt(), hung: state.commits.writingMs() >= blockedCommitMs });
    advanceByTime(state);
    again(untilTickMs(state, judgedAt));
  };
  again(tickMs);
  state.commits.soon();
  return {
    ...queriesOf(state),
    /** The last receive gap of the server. */
    away: state.listening.lastReceiveGap,
    deafSince: state.listening.receiveGapSince,
    /** Returns the time up to which reception is proven. R18a (canary). */
    provenAt: state.listening.provenAt,
    ...inputsOf(state),

    /** Handles one message from the broker. Unknown topics are counted and dropped. */
    takeMessage: (topic: string, payload: Buffer) => handleMessage(state, topic, payload),

    /** Sends the messages that follow a commit: acks first, then configurations and hellos. */
    acknowledge({ acks, sends }: Pick<Committed, 'acks' | 'sends'>): void {
      state.acks.send(acks);
      for (const send of sends) send();
    },

    close(): void {
      cancelTick();
      state.commits.end();
    },
  };
}

function queriesOf({ options, engine, tree, acks, links, numbers, configs, time, settled }: IngestState) {
  return {
    time,
    /** Returns the trusted time for deletions by age; see `createTrustedTime`. */
    settledAt: settled.at,
    memory: engine.memory,
    isSubscribed: engine.isSubscribed,
    table: tree.table,
    place: tree.place,
    /** The version of the configuration that a PC should have. */
    wanted: tree.wanted,
    entry: tree.entry,
    measurer: acks.measurer,
    /** The latest link report of a site, and its latest link break. */
    link: links.of,
    numbers: (pc: string) => numbers.of(pc, engine.known.get(pc)?.link ?? 'fibre', options.clock.up()),
    rollout: configs.view,
  };
}

/** Returns the functions for inputs other than messages of PCs. */
function inputsOf(state: IngestState) {
  const { options } = state;
  return {
    /** Called at each SUBACK: silence is judged from now on, and every PC is asked for a birth. R17 (hello after every SUBACK). */
    subscribed: state.listening.subscribed,
    unsubscribed: state.listening.unsubscribed,

    /** Called when the tabs run: open transitions are offered again. R24 (repeated offers and the default route). */
    started: () => void tell(state, { type: 'started' }),

    conclude({ transition: { id, kind }, acts, severity }: OfferMessage, how: string, way?: TabPath): void {
      options.count.concluded(kind, how);
      void tell(state, { type: 'conclude', transition: id, acts, severity, how, ...(way && { way }) });
    },

    /** Applies an event of the server or an operator's action. Resolves with true after its commit, false if this memory ended before. */
    tell: (event: ServerEvent, audit?: Audit): Promise<boolean> => tell(state, event, audit),

    /** At an orderly shutdown, stores the time up to which reception is proven, so that a quick restart is not a receive gap. */
    shutDown(): Promise<boolean> {
      state.gathered.ops.push(...watermarkRows(state, 1));
      return state.commits.afterCommit();
    },

    /** Commits rows of other modules. Resolves with true after the commit, false if this memory ended before. */
    record(ops: readonly Op[]): Promise<boolean> {
      state.gathered.ops.push(...ops);
      return state.commits.afterCommit();
    },

    /** Sends a hello to a scope (`''` = all) after the commit of its audit row. */
    requestBirths(scope: string, word: Hello, audit: Audit): void {
      const topic = scopeTopic(scope === '' ? 'all' : `${scope}/all`, 'hello');
      state.quotas.registerHello(word.id);
      state.gathered.ops.push({ op: 'audit', at: state.time(), ...audit });
      state.gathered.sends.push(() => options.send(topic, encode('hello', word), 1));
      state.commits.soon();
    },

    /**
     * Changes the tree of sites and PCs, in one transaction with `ops`. Resolves with true after the broker has the change, false if this
     * memory ended before. Configurations are sent one by one over the time of a hello, because each PC answers with a birth.
     */
    changeSites: (change: SiteChange, ops: readonly Op[] = []): Promise<boolean> => changeSites(state, change, ops),

    release(by: string): Promise<boolean> {
      sendLater(state, state.configs.release(by, state.time()));
      return state.commits.afterCommit();
    },
  };
}

/** Returns the time until the next tick: one second, or less if a timer or clear is due earlier. */
function untilTickMs({ engine, time }: IngestState, judgedAt: number): number {
  const now = time();
  const dueInMs = [...engine.memory.timers.values()].map(({ dueAt }) => dueAt - now).filter((ms) => ms > 0);
  const least = dueInMs.reduce((a, b) => Math.min(a, b), tickMs);
  const clearAt = engine.nextClearAt(judgedAt);
  const clearMs = clearAt - judgedAt <= earlyMs ? clearAt - now : Math.max(clearTickMs, clearAt - now);
  return Math.max(1, Math.min(least, clearMs));
}

async function changeSites(state: IngestState, change: SiteChange, ops: readonly Op[]): Promise<boolean> {
  if (state.commits.isOver()) return false;
  const now = state.time();
  const changing = state.tree.change(change, now);
  if (changing.known !== null) state.engine.apply(changing.known, now);
  // The change may concern office hours and time zones, so timers that depend on them are judged again.
  if (change.audit !== null) state.engine.apply({ type: 'look-again' }, now);
  state.engine.apply({ type: 'revoked', pcs: change.registry.flatMap(({ pc, revoked }) => (revoked ? [pc] : [])) }, now);
  state.gathered.ops.push(...changing.ops, ...ops);
  state.gathered.sites.push(...changing.sites);
  state.gathered.pcsGone.push(...changing.pcsGone);
  for (const pc of changing.pcsGone) {
    state.numbers.forget(pc);
    state.quotas.forget(pc);
  }
  sendLater(state, state.configs.changed(changing.configured, change.staged, now));
  if (!(await state.commits.afterCommit())) return false;
  if (change.registry.length > 0) await state.options.publish(change.registry);
  const { fresh } = changing;
  sendHello(state, fresh.length > helloSitesAtMost ? [helloTopicAll] : fresh.map((site) => scopeTopic(`${site}/all`, 'hello')));
  return true;
}

/** Keeps the fault `centre.rollout_stopped` open until a person releases or changes the stopped rollout. */
function updateRolloutFault({ engine, configs, time }: IngestState): void {
  const stopped = configs.view()?.stopped ?? null;
  engine.apply({ type: 'centre', fault: 'centre.rollout_stopped', device: '', standing: stopped !== null }, time());
}

/** Applies changes that depend on time only: commissioning of sites, and rollouts. */
function advanceByTime(state: IngestState): void {
  const { options, engine, tree } = state;
  if (!engine.isSubscribed() || options.clock.up() - state.advancedUp < tickMs) return;
  state.advancedUp = options.clock.up();
  const now = state.time();
  // A clock step forward may be a paused machine. The fault-free day of a site therefore starts again; the watch time of a rollout does not
  // count the step.
  const deafMs = now - state.listenedAt;
  const watchMs = deafMs - state.steppedMs;
  Object.assign(state, { listenedAt: now, steppedMs: 0 });
  state.gathered.ops.push(...watermarkRows(state, listenedEveryMs));
  const change = commissioning({ table: tree.table(), records: engine.memory.pcs, isCurrent: engine.isCurrent, deafMs }, now);
  if (change !== null) void changeSites(state, change, []);
  sendLater(state, state.configs.tick(now, watchMs));
}

/**
 * Handles one message.
 * Guarantee: if the reading of a message throws an error, the message is quarantined under the name of its PC. The next message is read.
 * R28 (poison messages).
 */
function handleMessage(state: IngestState, topic: string, payload: Buffer): void {
  if (state.commits.isOver()) return;
  try {
    if (!isUnchangedBeat(state, topic, payload)) applyMessage(state, topic, payload);
  } catch (error) {
    const [pc = '', leaf = ''] = /^sabha\/v1\/(.*)\/([^/]*)$/.exec(topic)?.slice(1) ?? [];
    quarantineMessage(state, { pc, leaf, why: messageOf(error) });
  }
}

/** Reads a message and applies it in memory. */
function applyMessage(state: IngestState, topic: string, payload: Buffer): void {
  const { options, engine } = state;
  if (topic === canaryTopic) return state.listening.handleCanary(payload);
  const now = state.time();
  const report = decodeMessage(topic, payload, { at: now, isRollCall: options.isRollCall, askedMs: state.quotas.helloAgeMs });
  const isOurs = report !== undefined && engine.known.has(report.pc) && engine.acceptsMachine(report.event);
  if (!isOurs) return options.count.message('other', 'unknown');
  const beyond = exceededQuota(state, report, payload.length);
  if (beyond !== undefined) return dropOverQuota(state, report, beyond);
  options.count.message(report.leaf, report.result);
  engine.apply(report.event, now);
  collectRows(state, report);
  if (report.event.type === 'beat') keepBeatNumbers(state, report.pc, payload);
  state.commits.soon();
}

/** Returns the quota that a message exceeds; undefined if it is within all quotas. */
function exceededQuota({ quotas: allowance, engine }: IngestState, report: DecodedMessage, bytes: number): MessageCost['kind'] | undefined {
  const { pc, birth } = report;
  const { session = 0, spool = null } = engine.memory.pcs.get(pc) ?? {};
  const weight = allowance.answersHello(pc, birth?.hello) ? undefined : costOf(report, { bytes, session, spool });
  if (weight !== undefined && !allowance.spend(pc, weight)) return weight.kind;
  if (birth === undefined) return undefined;
  if (!allowance.allowsSpool(pc, birth)) return 'spools';
  allowance.startWithBacklog(pc, birth.waiting, spool === null);
  return undefined;
}

/**
 * Drops a message beyond the quota, except that its PC counts as online. Events stay in the spool, and the next beat shows that a state is
 * missing. R27 (budgets).
 */
function dropOverQuota(state: IngestState, { pc, leaf, event }: DecodedMessage, what: MessageCost['kind']): void {
  const now = state.time();
  const boot = event.type === 'birth' ? { boot: event.boot } : {};
  state.options.count.message(leaf, 'budget');
  state.engine.apply({ type: 'heard', pc, ...boot }, now);
  state.engine.apply({ type: 'noisy', of: pc, what: what === 'signs' ? 'words' : what }, now);
  state.commits.soon();
}

/** Collects the rows of a report for the next commit, and the messages that follow it. */
function collectRows(state: IngestState, report: DecodedMessage): void {
  const { gathered, links, acks, configs } = state;
  const { pc, leaf, event, ops, answer, news = [], result, detail } = report;
  for (const one of news) links.recordLinkEvent(one);
  gathered.ops.push(...ops);
  if (detail !== undefined) noteFault(state, { pc, what: `unreadable ${leaf}`, reason: result, about: detail });
  if (answer !== undefined) acks.add(pc, answer);
  if (event.type === 'birth') sendLater({ gathered, configs }, configs.handleBirth(pc, event.config));
  if (event.type === 'birth' || ops.length > 1) gathered.heard.push({ pc, event, ops });
}

function keepBeatNumbers({ engine, numbers, options }: IngestState, pc: string, payload: Buffer): void {
  const link = engine.known.get(pc)?.link;
  if (link !== undefined) numbers.recordBeat(pc, { link, payload, up: options.clock.up() });
}

/** Fast path for most beats: if the digest is unchanged, nothing is parsed or written. */
function isUnchangedBeat(state: IngestState, topic: string, payload: Buffer): boolean {
  const digest = quickDigest(topic, payload);
  if (digest === undefined) return false;
  const pc = topic.slice('sabha/v1/'.length, -'/beat'.length);
  if (state.engine.memory.pcs.get(pc)?.digest !== digest || !state.engine.applyUnchangedBeat(pc, state.time())) return false;
  state.options.count.message('beat', 'same');
  keepBeatNumbers(state, pc, payload);
  return true;
}

/** Sends configurations after the commit of their versions. */
function sendLater({ gathered, configs }: Pick<IngestState, 'gathered' | 'configs'>, { ops, pcs }: Outgoing): void {
  gathered.ops.push(...ops);
  if (pcs.length > 0) gathered.sends.push(() => configs.send(pcs));
}

// Below: the state of ingest between two loads of the ledger, and how it becomes a committed batch.

/** Changes since the last commit that the engine does not collect. */
type PendingBatch = { ops: Op[]; sends: (() => void)[]; heard: PcReport[]; sites: string[]; pcsGone: string[] };

export type IngestState = ReturnType<typeof openIngestState>;

/** Interval, in ms, at which the time of proven reception (the watermark) causes a commit by itself. */
const listenedEveryMs = 60_000;
/** Least interval, in ms, at which the watermark is added to a commit that happens anyway. */
const listenedWithMs = 5_000;
const startsKept = 10;
/** Responses to a hello are spread over this time per PC, up to the limit (R17). */
const helloSpreadMs = 20;
const helloSpreadLimitMs = 30_000;
const notedEveryMs = 60_000 / budgets.logLinesAMinute.most;

/** Creates the state from the contents of the ledger. The first rows to commit record this start. */
export function openIngestState(options: IngestOptions) {
  const { clock, contents, send, seal } = options;
  const centreTime = createServerTime(clock);
  const startedAt = centreTime.now();
  const earlier = (JSON.parse(contents.meta['starts'] ?? '[]') as number[]).filter((at) => at <= startedAt);
  const starts = [...earlier, startedAt].slice(-startsKept);
  const held = new Map(contents.pcs.map((record) => [record.pc, record]));
  const recordOf = (pc: string) => (engine?.memory.pcs ?? held).get(pc);
  const listenedNotedAt = Number(contents.meta['listened'] ?? 0);
  const listenedAt = Math.min(listenedNotedAt, startedAt);
  const tree = createTree(contents, recordOf);
  const configs = createConfigs({ tree, meta: contents.meta, clock, recordOf, seal, send, isOver: (): boolean => state.commits.isOver() });
  const listening = createReceiveGapDetection({
    ...options,
    time: centreTime,
    listenedUntil: listenedAt,
    // The row is added among the engine's rows. So a clock step corrects only the rows written before it.
    noteGap: (away): void => state.engine.memory.add(`away/${away.from}`, { op: 'away', ...away }),
    isSubscribed: (): boolean => state.engine.isSubscribed(),
    reportEvent: (event, audit): void => void tell(state, event, audit),
    helloToAll: (): void => sendHello(state, [helloTopicAll]),
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
    numbers: createBeatNumbers(),
    acks: createAcks({ reflector: options.reflector, pcsOf, recordOf, send, seal, now: clock.now }),
    quotas: createQuotas(clock.up),
    notedAt: new Map<string, number>(),
    time: centreTime.now,
    settled: createTrustedTime(contents.meta[retainedUntilKey], clock.up, startedAt),
    listening,
    gathered: {
      ...emptyBatch(),
      ops: [{ op: 'meta' as const, key: 'starts', value: JSON.stringify(starts) }, ...tree.versionOps()],
    } as PendingBatch,
    commits: createCommits(options, (): Promise<void> => commit(state)),
    advancedUp: clock.up(),
    /** `listenedAt`: time of the last check while subscribed. `listenedNotedAt`: the time of proven reception (watermark) in the ledger. */
    listenedAt,
    listenedNotedAt,
    /** Sum of the clock steps since `listenedAt`. */
    steppedMs: 0,
  };
  return state;
}

function emptyBatch(): PendingBatch {
  return { ops: [], sends: [], heard: [], sites: [], pcsGone: [] };
}

/** Applies an event to the engine. Resolves with true after its commit, false if this memory ended before. */
function tell(state: IngestState, event: ServerEvent, audit?: Audit): Promise<boolean> {
  if (audit !== undefined) state.gathered.ops.push({ op: 'audit', at: state.time(), ...audit });
  if (!state.commits.isOver()) state.engine.apply(event, state.time());
  return state.commits.afterCommit();
}

/** Asks PCs for a birth: all of them, or those whose earlier birth may have been ignored because they were unknown. */
function sendHello({ options, engine, quotas: allowance }: IngestState, topics: readonly string[]): void {
  // Without a subscription no response would be received. A hello to all follows the next SUBACK.
  if (!engine.isSubscribed()) return;
  const withinMs = Math.min(helloSpreadLimitMs, engine.known.size * helloSpreadMs);
  const word: Hello = { id: options.randomId(), withinMs, fresh: false };
  allowance.registerHello(word.id);
  for (const topic of topics) options.send(topic, encode('hello', word), 1);
}

/** Collects the next batch: the rows to commit, and the actions that follow. */
function collectBatch(state: IngestState): { ops: Op[]; committed: Committed } {
  const { engine, acks, links, gathered } = state;
  const { ops: rows, effects } = engine.take();
  const { heard, sends, sites, pcsGone } = gathered;
  const ops = [...gathered.ops, ...rows, ...links.changed()];
  if (ops.length > 0) ops.push(...watermarkRows(state, listenedWithMs));
  state.gathered = emptyBatch();
  const asks = effects.filter((effect) => effect.do === 'ask');
  const offers = effects.filter((effect) => effect.do === 'offer');
  const pcs = ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : []));
  const owed = acks.takeDrafts([...pcs, ...pcsGone], asks);
  const notices = ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : []));
  const handled = ops.flatMap((op) => (op.op === 'incident' && (op.incident.deeds ?? op.incident.answers) ? [op.incident] : []));
  const incidents = ops.flatMap((op) => (op.op === 'incident' ? [op.incident.id] : op.op === 'transition' ? [op.transition.incident] : []));
  const isChanged = pcs.length + incidents.length + sites.length + pcsGone.length > 0;
  const changed = isChanged ? { pcs, incidents: [...new Set(incidents)], sites, pcsGone } : undefined;
  return { ops, committed: { acks: owed, sends, heard, offers, notices, handled, changed } };
}

/**
 * Returns rows with the watermark and the PCs not yet seen since the start, unless they were stored recently. From these rows the next
 * start computes its receive gap.
 */
function watermarkRows(state: IngestState, everyMs: number): Op[] {
  const at = state.listening.provenAt();
  if (at === null || Math.abs(at - state.listenedNotedAt) < everyMs) return [];
  state.listenedNotedAt = at;
  return [
    { op: 'meta', key: 'listened', value: `${at}` },
    { op: 'meta', key: listenedKey, value: state.engine.listenedJson() },
  ];
}

async function commit(state: IngestState): Promise<void> {
  const { ops, committed } = collectBatch(state);
  if (ops.length > 0) await write(state, ops);
  if (!state.commits.isOver()) state.options.committed(committed);
}

async function write(state: IngestState, ops: Op[]): Promise<void> {
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
    noteFault(state, { pc, what: 'gap in the events', reason: 'gap', about: `${gaps} numbers are neither here nor declared dropped` });
  for (const { op, pc, why } of receipt.poison ?? []) quarantineMessage(state, { pc, leaf: op, why });
}

/**
 * After a slow commit, reports the PC with the most events in it as noisy, if it sent more than an agent may. An agent waits for the ack of
 * each batch. A slow commit delays the acks of all PCs (R27).
 */
function nameLargestWriter(state: IngestState, ops: readonly Op[]): void {
  // Duplicates count once: the server may have requested a range several times.
  const events = new Map<string, Set<string>>();
  for (const { pc, event } of ops.filter((one) => one.op === 'event'))
    events.set(pc, (events.get(pc) ?? new Set()).add(`${event.spool} ${event.seq}`));
  const [of, { size }] = [...events].toSorted(([, one], [, other]) => other.size - one.size)[0] ?? ['', new Set()];
  if (size <= budgets.eventsUnacknowledged.most) return;
  state.engine.apply({ type: 'noisy', of, what: 'events' }, state.time());
  state.commits.soon();
}

/** Counts a message whose handling threw an error, and records it under the name of its PC (R28). */
function quarantineMessage(state: IngestState, { pc, leaf, why }: { pc: string; leaf: string; why: string }): void {
  state.options.count.message(leaf, 'poison');
  noteFault(state, { pc, what: `unreadable ${leaf}`, reason: 'poison', about: oneLine(why, 120) });
}

/**
 * Writes an audit row and a log line about a PC whose messages cannot be read, applied or written, or are incomplete (R28).
 * Rate limit: one a minute for each PC. `reason` is a short constant, such as `poison`.
 */
function noteFault(state: IngestState, { pc, what, reason, about }: { pc: string; what: string; reason: string; about: string }): void {
  const now = state.time();
  if (Math.abs(now - (state.notedAt.get(pc) ?? Number.NEGATIVE_INFINITY)) < notedEveryMs) return;
  state.notedAt.set(pc, now);
  state.options.log.warn({ who: pc, reason }, `${what}: ${about}`);
  state.gathered.ops.push({ op: 'step', at: now, who: pc, what, about: `${reason}: ${about}` });
  state.commits.soon();
}

/**
 * Runs commits one after another. `commit` gathers the next batch and resolves after its commit and all actions that follow. `failed` is
 * called once if a commit fails; then this memory is invalid. Guarantee: one batch at a time, in order; actions follow their commit, and
 * nothing happens after the end.
 */
function createCommits({ clock, count, failed }: IngestOptions, commit: () => Promise<void>) {
  /** Results of the batch that is being written, and of the next batch: true after the commit. */
  let written = Promise.withResolvers<boolean>();
  let gathered = Promise.withResolvers<boolean>();
  /** True while a commit runs, or will start at the end of this turn of the event loop. */
  let busy = false;
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

  function queueCommit(): void {
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
    /** Commits the gathered changes at the end of this turn, or after the current commit. */
    soon: queueCommit,
    /** Resolves with true after the next commit; false if this memory ended before. */
    afterCommit(): Promise<boolean> {
      if (!over) queueCommit();
      return gathered.promise;
    },
    isOver: () => over,
    /** How long the current commit has been running. */
    writingMs: () => (writingUp === undefined ? 0 : clock.up() - writingUp),
    /** Ends without a commit. Uncommitted changes have had no effect outside. */
    end,
  };
}

const shownKeys = ['ac', 'bat', 'uc', 'ur', 'room', 'rh', 'rise', 'temp'] as const satisfies readonly BeatKey[];

/** Limit of a stored beat per PC. A beat with all numbers has less than a quarter of it. */
const beatLimitBytes = 2_048;
const missedBeats = 3;
/** The text in a partial beat, as agents write it, so that it is found without parsing. R11 (digest). */
const partMark = '"part":1';

type KeptBeat = { up: number; text: string };

/**
 * The latest numbers of each PC. Beats are kept as text and parsed only on request, which is rare. `up` is a monotonic clock.
 * Guarantee: a number expires three beats after the period in which an agent sends each number once.
 */
export function createBeatNumbers() {
  const byPc = new Map<string, KeptBeat[]>();
  return {
    recordBeat(pc: string, { link, payload, up }: { link: LinkClass; payload: Buffer; up: number }): void {
      if (payload.length > beatLimitBytes) return;
      const beats = byPc.get(pc) ?? [];
      // The beat is copied as text, one character per byte: a buffer would keep its whole 64 KiB pool slab in memory.
      beats.push({ up, text: payload.toString('latin1') });
      while (beats.length > beatsNeeded(link, beats)) beats.shift();
      byPc.set(pc, beats);
    },
    of(pc: string, link: LinkClass, up: number): Partial<Record<(typeof shownKeys)[number], number>> {
      const beats = byPc.get(pc) ?? [];
      const sinceMs = (beatsNeeded(link, beats) + missedBeats - 1) * links[link].beatMs;
      const fresh = beats.filter((beat) => up - beat.up <= sinceMs);
      const read = fresh.map(({ text }) => decode('beat', Buffer.from(text, 'latin1')));
      const said: Record<string, number> = Object.assign({}, ...read.map((beat) => (beat.ok ? beat.value.n : {})));
      return Object.fromEntries(shownKeys.flatMap((key) => (said[key] === undefined ? [] : [[key, said[key]]])));
    },
    forget: (pc: string): void => void byPc.delete(pc),
  };
}

/** Returns how many beats together hold all numbers: several if beats are partial, as always on a thin link, else one. */
function beatsNeeded(link: LinkClass, beats: readonly KeptBeat[]): number {
  return isThin(links[link]) || beats.at(-1)?.text.includes(partMark) === true ? partBeats : 1;
}
