/**
 * Keeps one pipeline open on the ledger, and connects it to the parts that outlive it: tabs, API and people. After a failed commit it
 * discards the pipeline, notifies central operations without the outbox, and opens a new one: R20 (one transaction per batch).
 */
import { doubledMs, type SettingsSite } from '@sabha/contracts';
import { createDates } from './dates.ts';
import { defaultNumbers } from './engine/correlation/numbers.ts';
import type { OfferMessage, ServerEvent } from './engine/records/incidents.ts';
import type { Op } from './engine/records/ops.ts';
import type { Ingest } from './ingest/ingest.ts';
import type { Wires } from './node-red/wires.ts';
import { createHandlers, type Offers } from './notify/people/channels/offered.ts';
import type { TellCentralDirectly } from './notify/people/direct/direct.ts';
import type { Outbox } from './notify/people/outbox.ts';
import { createCommands, createMeasureQueue, type MeasureQueueOptions } from './operations/commands/commands.ts';
import { createRollCalls } from './operations/rollcall/rollcall.ts';
import { openPipeline, type Pipeline, type PipelineOptions } from './pipeline.ts';
import { createOfficeStates } from './sites/calendar/when.ts';
import { settingsSiteChange } from './sites/settings-site.ts';
import type { SiteOperationsOptions } from './sites/site-orders.ts';
import { slowCommitMs, watchCommits } from './storage/ledger/ledger.ts';
import { LedgerError } from './storage/ledger/poison.ts';
import { createLiveView } from './view/live.ts';

const reopening = { firstMs: 1_000, maxMs: 60_000 };
/** The same commit error is logged once in this time, because a full disk fails again at each retry. */
const sameLineMs = 60_000;

type RuntimeOptions = PipelineOptions & {
  site: SettingsSite | null;
  offers: Pick<Offers, 'take' | 'outcome'>;
  tellDirectly: TellCentralDirectly;
  /** How many link measurements may run at once, in one state and in all. */
  capacity: MeasureQueueOptions['limits'];
};

/** All of `flows` except its sockets, Node-RED and the API. */
export type Runtime = ReturnType<typeof createRuntime>;

type PipelineState = ReturnType<typeof createPipelineState>;
type RuntimeState = ReturnType<typeof createRuntimeState>;

/** Creates the runtime without a pipeline; `openFirstPipeline` opens one. */
export function createRuntime(options: RuntimeOptions) {
  const state = createRuntimeState(options);
  const { life, rollcalls, live, measureQueue, now, dates, ingest, opened } = state;
  return {
    wires: wiresOf(state),
    view: live.view,
    /** Returns undefined while the ledger is reopened. */
    ingest,
    /** Returns undefined while the ledger is reopened. */
    outbox: (): Outbox | undefined => life.pipeline?.outbox,
    /** Functions that read and change the site table. They throw while the ledger is reopened. */
    sites: sitesOf(opened, now),
    meetings: dates.meetings,
    maintenance: dates.maintenance,
    /** Stores rows of other parts in the ledger, such as audit rows. Resolves to false if they were not stored. */
    record: (ops: readonly Op[]): Promise<boolean> => life.pipeline?.ingest.record(ops) ?? Promise.resolve(false),
    /** Loads the ledger and opens the first pipeline; rejects if it cannot be read. */
    openFirstPipeline: (): Promise<void> => openFromLedger(state),
    take: (topic: string, payload: Buffer): void => life.pipeline?.ingest.takeMessage(topic, payload),
    subscribed(): void {
      life.subscribed = true;
      ingest()?.subscribed();
      rollcalls.subscribed();
      live.all();
    },
    unsubscribed(): void {
      life.subscribed = false;
      ingest()?.unsubscribed();
      live.all();
    },
    /** Called when the tabs run; the pipeline then offers them transitions. */
    started(): void {
      life.started = true;
      ingest()?.started();
    },
    /** Sets the reason why the disk accepts no more data; null if it has space. */
    full: (reason: string | null): void => void Object.assign(life, { full: reason }),
    waiting: (): number => life.pipeline?.outbox.waiting() ?? 0,
    /** The age in ms of the oldest commit in progress; 0 if there is none. */
    commitMs: state.commitMs,
    /** Time of the server in ms since 1970. */
    now,
    settledAt: (): number => life.pipeline?.ingest.settledAt() ?? 0,
    /**
     * Reports a fault of the server with its reason; null as reason ends the fault. An open fault is reported again each time the ledger is
     * reopened.
     */
    say(fault: string, reason: string | null, device = ''): void {
      const word = { type: 'centre', fault, device, standing: reason !== null, ...(reason !== null && { reason }) } as const;
      if (reason === null) state.openFaults.delete(fault);
      else state.openFaults.set(fault, word);
      void life.pipeline?.ingest.tell(word);
    },
    /**
     * Closes the pipeline, runs `work` while no other part writes the ledger, and opens a new pipeline. PCs repeat the messages lost
     * meanwhile.
     */
    apart: <T>(work: () => Promise<T>): Promise<T> => withLedgerClosed(state, work),
    async close(): Promise<void> {
      life.closed = true;
      live.close();
      measureQueue.close();
      rollcalls.drop();
      const { pipeline } = life;
      await pipeline?.ingest.shutDown();
      life.pipeline = undefined;
      await pipeline?.close();
    },
  };
}

/** Creates the state that changes when pipelines open and close. */
function createPipelineState() {
  return {
    pipeline: undefined as Pipeline | undefined,
    subscribed: false,
    started: false,
    closed: false,
    failures: 0,
    /** Reason why commits fail; undefined after a successful commit. */
    commitFault: undefined as string | undefined,
    full: null as string | null,
    logged: undefined as { line: string; up: number } | undefined,
  };
}

function createRuntimeState(given: RuntimeOptions) {
  const { clock, key, roster, send, randomId, log, capacity: limits } = given;
  const life = createPipelineState();
  // A disk that hangs returns no error. A slow commit therefore notifies central operations without the outbox, like a disk error.
  const { ledger, commitMs } = watchCommits(given.ledger, {
    clock,
    slow() {
      life.commitFault = `the ledger has stored nothing for more than ${slowCommitMs / 1_000} s: the disk is slow or does not respond`;
      log.error({ code: 'slow' }, life.commitFault);
      void given.tellDirectly('commit_slow', life.commitFault);
    },
    took() {
      if (life.commitFault !== undefined) log.warn({}, 'the ledger stores data again');
      life.commitFault = undefined;
    },
  });
  const ingest = () => life.pipeline?.ingest;
  const opened = () => {
    const found = ingest();
    if (found === undefined) throw new Error('the ledger is being reopened');
    return found;
  };
  const now = () => ingest()?.time() ?? clock.now();
  const dates = createDates({ ingest, opened, now, randomId });
  const maintenance = (at: number) => dates.planned().around(at);
  const options = { ...given, ledger, numbers: { ...defaultNumbers }, maintenance, isMeetingNear: dates.isMeetingNear };
  const unready = () => unreadyReason(life);
  const commands = createCommands({ clock, key, ledger, ingest, send, randomId });
  const measureQueue = createMeasureQueue({ clock, commands, ingest, limits, randomId, log });
  const rollcalls = createRollCalls({ clock, roster, ledger, ingest, randomId, progress: (view) => live.rollcall(view) });
  // The queue takes every command. It splits link measurements into commands to single PCs, and forwards all others at once.
  const live = createLiveView({ clock, roster, ledger, rollcalls, commands: measureQueue.view, ingest, unready });
  return {
    /** Options of each pipeline. Their ledger reports slow commits. */
    options,
    commitMs,
    life,
    /** Callbacks that pass a message to the tabs, by id of the wait node. The *incident* node, where paths begin, has the id ''. */
    nodeHandlers: createHandlers<OfferMessage>(),
    rollcalls,
    commands,
    measureQueue,
    live,
    /** Open faults of the server, by fault name. */
    openFaults: new Map<string, ServerEvent>(),
    dates,
    now,
    /** `ingest` returns undefined while the ledger is reopened, and `opened` throws. */
    ingest,
    opened,
  };
}

/** Returns the functions that read and change the site table through the open pipeline. */
function sitesOf(opened: () => Ingest, now: () => number): Omit<SiteOperationsOptions, 'newToken'> {
  return {
    table: () => opened().table(),
    records: () => opened().memory.pcs,
    wanted: (pc) => opened().wanted(pc),
    entry: (pc) => opened().entry(pc),
    async apply(change, ops) {
      if (!(await opened().changeSites(change, ops))) throw new Error('the ledger did not store the change');
    },
    rollout: () => opened().rollout(),
    async release(by) {
      if (!(await opened().release(by))) throw new Error('the ledger did not store it');
    },
    now,
  };
}

/** Returns the functions that the nodes of the tabs call. They remain valid when the pipeline is reopened. */
function wiresOf({ options, nodeHandlers: takers, dates, ingest, now }: RuntimeState): Wires {
  const moment = createOfficeStates({
    calendar: dates.calendar,
    table: () => ingest()?.table(),
    members: (scope) => ingest()?.memory.openIncident(scope)?.spread?.members ?? [],
    now,
  });
  return {
    head: (take) => takers.register('', take),
    waiting: takers.register,
    waits(node) {
      const due = [...(ingest()?.memory.timers.values() ?? [])].flatMap((timer) => (timer.node === node ? [timer.dueAt] : []));
      return { count: due.length, nextAt: due.length === 0 ? null : Math.min(...due) };
    },
    conclude: (message, how, way) => ingest()?.conclude(message, how, way),
    people: options.roster.people,
    channels: () => [...options.channels.keys()],
    offered: options.offers.take,
    outcome: options.offers.outcome,
    moment(scope, rules) {
      dates.before.ms = rules.beforeMs;
      return moment(scope, rules);
    },
    correlate: (changed) => void Object.assign(options.numbers, changed),
    now,
  };
}

function unreadyReason({ commitFault: trouble, full, pipeline, started }: PipelineState): string | undefined {
  // On a full disk a small commit may still fit into the write-ahead log. A successful commit is therefore no proof of free space.
  if (trouble !== undefined || full !== null) return trouble ?? full ?? undefined;
  if (pipeline === undefined) return 'the ledger is being opened';
  if (!pipeline.ingest.isSubscribed()) return 'the broker cannot be reached, or this process was paused';
  return started ? undefined : 'the tabs do not run yet';
}

async function openFromLedger(state: RuntimeState): Promise<void> {
  const { options, life, nodeHandlers: takers, rollcalls, commands, measureQueue, live } = state;
  const contents = await options.ledger.load();
  await state.dates.load(options.ledger);
  if (life.closed) return;
  const pipeline = openPipeline(options, contents, {
    onStageError(stage, { message }) {
      options.log.error({ stage }, `${stage} failed after the commit: ${message}`);
      void options.tellDirectly('stage_broke', `${stage}: ${message}`);
    },
    isRollCall: rollcalls.isRunning,
    heard(heard) {
      commands.onReport(heard);
      measureQueue.noteReport(heard);
      const { pc, event } = heard;
      if (event.type === 'birth' && event.fresh) rollcalls.born(pc, event);
    },
    /**
     * If the wait node was deleted, the *incident* node gets the message: R25 (timers and outcomes). Without an *incident* node the offer
     * is repeated later: R24 (repeated offers and the default route).
     */
    onOffer({ message, node }) {
      life.failures = 0;
      const taker = takers.of(node ?? '') ?? takers.of('');
      taker?.(message);
    },
    onChange(changed) {
      live.changed(changed);
      rollcalls.changed(changed.pcs);
    },
    listening() {
      rollcalls.subscribed();
      live.all();
    },
    clockSet() {
      if (life.pipeline === undefined) return;
      reloadBeside(state, life.pipeline.ingest).then(
        () => {
          commands.sendAgain();
          live.all();
        },
        (error: Error) => options.log.error({}, `after the clock was set the ledger could not be read: ${error.message}`),
      );
    },
    failed: (error) => discardPipeline(state, pipeline, error),
  });
  life.pipeline = pipeline;
  if (life.subscribed) pipeline.ingest.subscribed();
  for (const word of state.openFaults.values()) void pipeline.ingest.tell(word);
  if (life.started) pipeline.ingest.started();
  commands.remember(contents);
  await reloadBeside(state, pipeline.ingest);
  live.all();
  const { table, entry, time, changeSites } = pipeline.ingest;
  const own = settingsSiteChange({ site: options.site, table: table(), entry, meta: contents.meta, now: time() });
  if (own !== null) await changeSites(own.change, own.ops);
}

/**
 * Loads commands and roll calls again. The empty commit before it corrects stored times that are in the future: R29 (clock of the server).
 */
async function reloadBeside({ commands, rollcalls }: RuntimeState, ingest: Ingest): Promise<void> {
  await ingest.record([]);
  await Promise.all([commands.reread(), rollcalls.reread()]);
}

/** Discards a pipeline that failed, notifies central operations without the outbox, and reopens the ledger (R20). */
function discardPipeline(state: RuntimeState, pipeline: Pipeline, error: Error & { code?: string }): void {
  const { options, life, rollcalls } = state;
  if (life.closed || life.pipeline !== pipeline) return;
  life.pipeline = undefined;
  pipeline.close().catch(() => {});
  rollcalls.drop();
  life.failures += 1;
  if (error instanceof LedgerError) {
    life.commitFault = `${error.code === 'full' ? 'the disk is full: ' : ''}the ledger stored nothing: ${error.message}`;
    const [line, up] = [error.message, options.clock.up()];
    if (life.logged?.line !== line || up - life.logged.up >= sameLineMs) {
      life.logged = { line, up };
      options.log.error({ code: error.code }, `the ledger stored nothing: ${line}`);
    }
    void options.tellDirectly(error.code === 'full' ? 'disk_full' : 'commit_failed', error.message);
  } else {
    options.log.error({}, `the memory is read again from the ledger: ${error.message}`);
    void options.tellDirectly('stage_broke', error.message);
  }
  reopen(state);
}

async function withLedgerClosed<T>(state: RuntimeState, work: () => Promise<T>): Promise<T> {
  const { life, rollcalls } = state;
  const { pipeline } = life;
  if (pipeline === undefined) throw new Error('the ledger is being reopened');
  // Unset before the first await, so that a second caller is refused.
  life.pipeline = undefined;
  rollcalls.drop();
  try {
    await pipeline.ingest.shutDown();
    await pipeline.close();
    return await work();
  } finally {
    await openFromLedger(state).catch(retryOpen(state));
  }
}

function reopen(state: RuntimeState): void {
  const { options, life } = state;
  options.clock.after(doubledMs(life.failures - 1, reopening), () => {
    if (life.closed) return;
    openFromLedger(state).then(
      () => life.commitFault ?? options.log.warn({}, 'the pipeline runs again with the state of the ledger'),
      retryOpen(state),
    );
  });
}

function retryOpen(state: RuntimeState) {
  const { options, life } = state;
  return (error: Error): void => {
    life.failures += 1;
    life.commitFault = `the ledger cannot be read: ${error.message}`;
    options.log.error({}, life.commitFault);
    reopen(state);
  };
}
