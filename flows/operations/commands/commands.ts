/**
 * Commands to PCs: signed, committed, sent, and sent again at each birth until each PC responds or the command expires.
 *
 * Steps from an order to its result:
 *
 * - order, api/incident-routes.ts: the author, the verb and the scope
 * - queue, `createMeasureQueue`: `measure-link` becomes commands to single PCs; any other goes straight on
 * - issue, this file: sign, count, commit, then send
 * - carry out, the agent: its response is an event
 * - read, ingest/read-message.ts: the event `command` becomes the row `command-answer`
 * - commit, flows/pipeline.ts: then calls `onReport`, and `noteReport` of the queue
 * - show, `one` and `list`: from the ledger the responses, and the PCs without one
 */
import { hash, type KeyObject } from 'node:crypto';
import {
  type Clock,
  type Command,
  type CommandSummary,
  type CommandView,
  commandLifeMs,
  encode,
  isPcPath,
  isWithin,
  links,
  measureRefusals,
  oneLine,
  parseOrder,
  pcTopic,
  repeat,
  sealSigned,
  siteOf,
  stateOf,
} from '@sabha/contracts';
import type { CommandRow, Ledger, LedgerContents } from '../../engine/records/ops.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { DecodedMessage } from '../../ingest/read-message.ts';

const counterKey = 'commands.counter';
/** Author of measurements that the schedule of a link class requests. */
export const scheduleName = 'the schedule';
const tickMs = 5_000;
const lookEveryMs = 60_000;
const againMs = 15 * 60_000;
const triesAtMost = 4;
const roundLifeMs = 12 * 3_600_000;
const roundsKept = 50;
/** Limit of open rounds of measurements. More would be useless, since one measurement of a site serves all rounds. */
const roundsOpen = 10;
const verb = 'measure-link';
const later: readonly (string | null)[] = Object.values(measureRefusals);

/** An order of a person. `to`: '' for the nation, a state, state/site or the path of a PC. */
export type CommandOrder = { to: string; verb: string; args: Record<string, unknown>; by: string };
/** Result of an order; `missing`: its scope does not exist. */
export type IssueResult = { ok: true; id: string } | { ok: false; missing: boolean; line: string };

export type CommandsOptions = {
  clock: Clock;
  /** Private key of the server that signs commands. */
  key: KeyObject;
  ledger: Pick<Ledger, 'commands' | 'command' | 'openCommands'>;
  ingest(): Ingest | undefined;
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  randomId(): string;
};

export type Commands = ReturnType<typeof createCommands>;
/** The functions for the API. */
export type CommandsView = Pick<Commands, 'issue' | 'list' | 'one'>;

type CommandsState = { options: CommandsOptions; open: Map<string, { row: CommandRow; answered: Set<string> }>; counter: number };

/** Guarantee: a command is sent only after its commit, and a counter is never used twice, even after a restore of the ledger. */
export function createCommands(options: CommandsOptions) {
  const state: CommandsState = { options, open: new Map(), counter: 0 };
  return {
    /** Signs and sends a command; resolves after the commit. */
    issue: (ordering: CommandOrder) => issue(state, ordering),
    list: async (): Promise<CommandSummary[]> => (await options.ledger.commands()).map(({ signed: _, ...summary }) => summary),
    async one(id: string): Promise<CommandView | undefined> {
      const found = await options.ledger.command(id);
      const table = options.ingest()?.table();
      if (found === undefined || table === undefined) return undefined;
      const { signed: _, ...summary } = found.row;
      const answered = new Set(found.answers.map(({ pc }) => pc));
      const missing = table.known.map(({ pc }) => pc).filter((pc) => isWithin(summary.to, pc) && !answered.has(pc));
      const unanswered = summary.expires <= options.clock.now() ? 'expired' : 'open';
      return { ...summary, state: answered.size > 0 && missing.length === 0 ? 'answered' : unanswered, answers: found.answers, missing };
    },
    remember({ meta }: Pick<LedgerContents, 'meta'>): void {
      state.counter = Math.max(state.counter, Number(meta[counterKey] ?? 0));
    },
    /** Loads the open commands from the ledger, signed with a time that is valid now. */
    async reread(): Promise<void> {
      const open = await options.ledger.openCommands(options.clock.now());
      state.open = new Map(
        open.map(({ row, answered }) => [row.id, { row: resignForTime(row, options.key), answered: new Set(answered) }]),
      );
    },
    /** Sends open commands again, because no birth triggers that after a correction of the clock. */
    sendAgain(): void {
      for (const { row, answered } of state.open.values())
        if (!answered.has(row.to)) options.send(pcTopic(addressOf(row.to), 'cmd'), encode('cmd', row.signed), 1);
    },
    /** Handles a committed report: responses, or a birth, before which the PC may have missed a command. */
    onReport({ pc, event, ops }: Pick<DecodedMessage, 'pc' | 'event' | 'ops'>): void {
      for (const { answer } of ops.filter((op) => op.op === 'command-answer')) state.open.get(answer.id)?.answered.add(pc);
      if (event.type !== 'birth') return;
      const now = options.clock.now();
      for (const [id, { row, answered }] of state.open) {
        if (row.expires <= now) state.open.delete(id);
        else if (row.at <= now && !answered.has(pc) && isWithin(row.to, pc)) options.send(pcTopic(pc, 'cmd'), encode('cmd', row.signed), 1);
      }
    },
  };
}

async function issue(state: CommandsState, { to, verb, args, by }: CommandOrder): Promise<IssueResult> {
  const { clock, ingest: present, key, randomId, send } = state.options;
  const scope = openScope(present(), to);
  if (!scope.ok) return scope;
  const address = addressOf(to);
  const order = parseOrder({ verb, args, to: address });
  if (!order.ok) return { ok: false, missing: false, line: order.reason };
  // PCs compare with the system clock of the server. This also keeps the counter rising if an old ledger was restored.
  const at = clock.now();
  state.counter = Math.max(state.counter + 1, Math.floor(at));
  const times = { notBefore: at, expires: at + commandLifeMs };
  const text: Command = { id: randomId(), to: address, ...order.value, ...times, counter: state.counter };
  const signed = sealSigned(text, key);
  const row: CommandRow = { id: text.id, by, to, verb, args: text.args, at, expires: text.expires, signed };
  const about = `${to || 'everywhere'}: ${row.id}`;
  const committed = await scope.ingest.record([
    { op: 'meta', key: counterKey, value: `${text.counter}` },
    { op: 'command', row },
    // A round of measurements has its own audit row, so its commands are only steps.
    { op: verb === 'measure-link' ? 'step' : 'audit', at: scope.ingest.time(), who: by, what: `command ${verb}`, about },
  ]);
  if (!committed) throw new Error('the ledger did not store the command');
  state.open.set(row.id, { row, answered: new Set() });
  send(pcTopic(address, 'cmd'), encode('cmd', signed), 1);
  return { ok: true, id: row.id };
}

/** Returns the PCs of a scope. Refuses an unknown scope, and a scope whose PCs have never connected. Throws while the ledger is reopened. */
function openScope<T extends Pick<Ingest, 'table' | 'memory'>>(ingest: T | undefined, to: string) {
  if (ingest === undefined) throw new Error('the ledger is being reopened');
  if (to !== '' && ingest.table().node(to) === undefined) return { ok: false, missing: true, line: `there is no ${to}` } as const;
  const pcs = ingest.table().known.flatMap(({ pc }) => (isWithin(to, pc) ? [pc] : []));
  if (pcs.some((pc) => ingest.memory.pcs.get(pc)?.presence !== 'never')) return { ok: true, ingest, pcs } as const;
  const line = pcs.length > 0 ? `never connected: ${oneLine(pcs.join(', '), 200)}` : `${to || 'the nation'} has no PC in an open site`;
  return { ok: false, missing: false, line } as const;
}

/** Signs a command again if it was signed while the clock was ahead: PCs would refuse it as not yet valid. */
function resignForTime(row: CommandRow, key: KeyObject): CommandRow {
  const text: Command = JSON.parse(row.signed.signed);
  if (text.notBefore === row.at) return row;
  return { ...row, signed: sealSigned({ ...text, notBefore: row.at, expires: Math.min(row.expires, row.at + commandLifeMs) }, key) };
}

/** Address of a scope in topics. */
function addressOf(to: string): string {
  if (isPcPath(to)) return to;
  return to === '' ? 'all' : `${to}/all`;
}

/** `limits`: how many links are measured at the same time, per state (`atOncePerState`) and in total. */
export type MeasureQueueOptions = {
  clock: Clock;
  commands: CommandsView;
  ingest(): Pick<Ingest, 'table' | 'memory' | 'measurer' | 'record' | 'time' | 'isSubscribed'> | undefined;
  limits: { atOncePerState: number; atOnce: number };
  randomId(): string;
  log: { warn(fields: object, line: string): void };
};

type PcAnswer = CommandView['answers'][number];
/** A site that waits to be measured, for all rounds that requested it. `pc`: set if the order named a PC. */
type QueuedMeasurement = {
  site: string;
  pc: string | undefined;
  rounds: Set<Round>;
  isScheduled: boolean;
  notBeforeUp: number;
  tries: number;
};
/** A round of measurements. `open`: sites, or the named PC, that are not measured yet. */
type Round = { summary: CommandSummary; endsUp: number; open: Set<string>; answers: Map<string, PcAnswer> };
type RunningMeasurement = { item: QueuedMeasurement; pc: string; id: string | undefined; endsUp: number };

type MeasureState = ReturnType<typeof openState>;

/**
 * The queue of link measurements. It turns `measure-link` for a scope, and the schedule of each link class, into commands to single PCs. It
 * is only in memory: a restart drops the rounds, and the schedule continues. Waits use the monotonic clock (`…Up`), R29 (clock of the
 * server). The system clock is only for display and schedule slots. Guarantee: the number of parallel measurements never exceeds the
 * limits, in a state and in total.
 */
export function createMeasureQueue(options: MeasureQueueOptions) {
  const state = openState(options);
  const close = repeat(options.clock, tickMs, () => {
    enqueueScheduled(state);
    endTimedOut(state);
    pump(state);
  });
  return {
    /** Handles orders like `commands`, but puts measurements into the queue. */
    view: {
      issue: (ordering: CommandOrder) => (ordering.verb === verb ? startRound(state, ordering) : options.commands.issue(ordering)),
      async list() {
        const rounds = [...state.rounds.values()].map(({ summary }) => summary);
        return [...rounds, ...(await options.commands.list())].sort((a, b) => b.at - a.at);
      },
      async one(id: string): Promise<CommandView | undefined> {
        const round = state.rounds.get(id);
        if (round === undefined) return options.commands.one(id);
        const { summary, endsUp, open, answers } = round;
        const now = endsUp <= options.clock.up() ? 'expired' : 'open';
        const missing = [...open].filter((who) => !answers.has(isPcPath(who) ? siteOf(who) : who));
        return { ...summary, state: open.size === 0 ? 'answered' : now, answers: [...answers.values()], missing };
      },
    },
    /** Handles a committed report of a PC. */
    noteReport({ pc, ops }: Pick<DecodedMessage, 'pc' | 'ops'>): void {
      for (const op of ops) {
        if (op.op !== 'command-answer') continue;
        const { id, verb: _, ...said } = op.answer;
        const run = [...state.running].find((one) => one.id === id && one.pc === pc);
        if (run !== undefined) end(state, run, { pc, at: op.at, ...said });
      }
    },
    close,
  };
}

function openState(options: MeasureQueueOptions) {
  return {
    ...options,
    rounds: new Map<string, Round>(),
    queue: [] as QueuedMeasurement[],
    running: new Set<RunningMeasurement>(),
    /** The last interval in which the schedule queued each site. */
    slots: new Map<string, number>(),
    lookedUp: Number.NEGATIVE_INFINITY,
  };
}

async function startRound(state: MeasureState, { to, args, by }: CommandOrder): Promise<IssueResult> {
  const { clock, ingest: present, randomId, rounds } = state;
  if (Object.keys(args).length > 0) return { ok: false, missing: false, line: `bad arguments: ${verb} takes none` };
  const scope = openScope(present(), to);
  if (!scope.ok) return scope;
  const { ingest, pcs } = scope;
  const [at, up] = [clock.now(), clock.up()];
  if ([...rounds.values()].filter(({ open, endsUp }) => open.size > 0 && endsUp > up).length >= roundsOpen)
    return { ok: false, missing: false, line: `${roundsOpen} rounds of measurements are not over yet: wait for one of them` };
  const pc = isPcPath(to) ? to : undefined;
  const wanted = [...new Set(pcs.map(siteOf))];
  const round: Round = {
    summary: { id: randomId(), by, to, verb, args: {}, at, expires: at + roundLifeMs },
    endsUp: up + roundLifeMs,
    open: new Set(wanted.map((site) => pc ?? site)),
    answers: new Map<string, PcAnswer>(),
  };
  // The round is counted before the commit, so that parallel orders cannot exceed the limit.
  rounds.set(round.summary.id, round);
  const about = `${to || 'everywhere'}: ${round.summary.id}, ${round.open.size} sites`;
  if (!(await ingest.record([{ op: 'audit', at: ingest.time(), who: by, what: `command ${verb}`, about }]))) {
    rounds.delete(round.summary.id);
    throw new Error('the ledger did not store the command');
  }
  for (const [id] of [...rounds].filter(([, { open }]) => open.size === 0).slice(0, -roundsKept)) rounds.delete(id);
  for (const site of wanted) enqueue(state, { site, pc, rounds: new Set([round]), isScheduled: false, notBeforeUp: up, tries: 0 });
  pump(state);
  return { ok: true, id: round.summary.id };
}

/** Adds an item, or merges it with a waiting item of the same site at the earlier of both times. */
function enqueue({ queue }: MeasureState, item: QueuedMeasurement): void {
  const same = queue.find(({ site, pc }) => site === item.site && pc === item.pc);
  if (same === undefined) return void queue.push(item);
  for (const round of item.rounds) same.rounds.add(round);
  same.isScheduled ||= item.isScheduled;
  same.notBeforeUp = Math.min(same.notBeforeUp, item.notBeforeUp);
}

/**
 * Queues sites by the schedule of their class. A hash of the name spreads them over the interval. A site that becomes live is measured at
 * once.
 */
function enqueueScheduled(state: MeasureState): void {
  const { clock, ingest: present, slots, queue, running } = state;
  const ingest = present();
  const up = clock.up();
  if (ingest === undefined || !ingest.isSubscribed() || up - state.lookedUp < lookEveryMs) return;
  // After a start, every site looks new, so none is queued.
  const isStart = state.lookedUp === Number.NEGATIVE_INFINITY;
  state.lookedUp = up;
  const busy = new Set([...queue, ...[...running].map(({ item }) => item)].map(({ site }) => site));
  const table = ingest.table();
  for (const { path, site } of table.sites) {
    const pace = site?.stage === 'live' ? links[table.resolve(path).profile.link].capacity : null;
    if (pace === null) {
      slots.delete(path);
      continue;
    }
    const slot = Math.floor((clock.now() + shareOf(path) * pace.everyMs) / pace.everyMs);
    if ((slots.get(path) ?? (isStart ? slot : undefined)) !== slot && !busy.has(path))
      queue.push({ site: path, pc: undefined, rounds: new Set(), isScheduled: true, notBeforeUp: up, tries: 0 });
    slots.set(path, slot);
  }
}

/** Starts all measurements that the limits permit, in order of arrival. */
function pump(state: MeasureState): void {
  const { clock, ingest: present, limits, running } = state;
  const ingest = present();
  if (ingest === undefined || !ingest.isSubscribed()) return;
  const up = clock.up();
  for (const item of [...state.queue]) {
    if (running.size >= limits.atOnce) return;
    const others = [...running].map((one) => one.item.site);
    const ofState = others.filter((other) => stateOf(other) === stateOf(item.site));
    if (item.notBeforeUp > up || others.includes(item.site) || ofState.length >= limits.atOncePerState) continue;
    state.queue.splice(state.queue.indexOf(item), 1);
    const pc = item.pc ?? ingest.measurer(item.site);
    if (pc !== undefined) void start(state, { item, pc, id: undefined, endsUp: up + commandLifeMs });
    else finish(item, { pc: item.site, at: clock.now(), outcome: 'failed', reason: 'no PC of this site is online to measure' });
  }
}

async function start(state: MeasureState, run: RunningMeasurement): Promise<void> {
  const { item, pc } = run;
  state.running.add(run);
  const by = [...item.rounds][0]?.summary.by ?? scheduleName;
  const issued = await state.commands
    .issue({ to: pc, verb, args: {}, by })
    .catch((error: Error) => ({ ok: false as const, line: error.message }));
  if (issued.ok) {
    run.id = issued.id;
    return;
  }
  state.log.warn({ who: pc }, `it did not receive the order to measure its link: ${issued.line}`);
  end(state, run, { pc, at: state.clock.now(), outcome: 'failed', reason: issued.line });
}

/** Ends a measurement if its PC no longer measures for the site, or did not respond before the command expired. */
function endTimedOut(state: MeasureState): void {
  const ingest = state.ingest();
  const [at, up] = [state.clock.now(), state.clock.up()];
  for (const run of [...state.running]) {
    const isGone = ingest?.isSubscribed() === true && run.item.pc === undefined && ingest.measurer(run.item.site) !== run.pc;
    if (isGone || run.endsUp <= up) end(state, run, { pc: run.pc, at, outcome: 'failed', reason: 'it did not answer' });
  }
  for (const { rounds } of state.queue) for (const round of rounds) if (round.endsUp <= up) rounds.delete(round);
  state.queue = state.queue.filter(({ rounds, isScheduled }) => rounds.size > 0 || isScheduled);
}

function end(state: MeasureState, run: RunningMeasurement, answer: PcAnswer): void {
  const { item } = run;
  state.running.delete(run);
  if (later.includes(answer.reason) && item.tries + 1 < triesAtMost) {
    for (const { answers } of item.rounds) answers.set(item.site, answer);
    enqueue(state, { ...item, notBeforeUp: state.clock.up() + againMs, tries: item.tries + 1 });
  } else finish(item, answer);
  pump(state);
}

function finish(item: QueuedMeasurement, answer: PcAnswer): void {
  for (const { answers, open } of item.rounds) {
    answers.set(item.site, answer);
    open.delete(item.pc ?? item.site);
  }
}

/** Returns a constant value from 0 to 1 for a site, by a hash of its name. */
export function shareOf(site: string): number {
  return hash('sha256', site, 'buffer').readUInt32BE(0) / 2 ** 32;
}
