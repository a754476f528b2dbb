/** Executes each signed command of the server at most once. A command is validated, written to the journal, and then executed (S6). */

import type { KeyObject } from 'node:crypto';
import {
  type Clock,
  type Command,
  type CommandAnswer,
  type CommandResult,
  command,
  commandLifeMs,
  isAddressedTo,
  messageOf,
  type Opened,
  type Order,
  oneLine,
  openSigned,
  type PcPath,
  parseJsonAs,
  parseOrder,
  type Signed,
  type Verb,
  verbs,
  withTimeout,
} from '@sabha/contracts';
import * as v from 'valibot';
import type { Runner } from '../../checks/runner.ts';
import type { Platform, OrderResult as PlatformOrder } from '../../platform/platform.ts';
import type { Spool } from '../../uplink/spool/spool.ts';
import type { LogMemory } from '../../uplink/store/log.ts';

/** The function that executes each verb. `signal` aborts at the time limit of the verb. */
export type CommandActions = { [V in Verb]: (args: Extract<Order, { verb: V }>['args'], signal: AbortSignal) => Promise<CommandResult> };

export type CommandsOptions = {
  pc: PcPath;
  /** Public key of the server; null if this PC has none, and then it refuses every command. */
  key: KeyObject | null;
  boot: string;
  spool: Spool;
  clock: Clock;
  /** Clock of the PC minus clock of the server, milliseconds; null while unknown. */
  offsetMs(): number | null;
  acts: CommandActions;
  /** Sends the result to the server; returns false if it could not be written to the disk. */
  answer(body: CommandAnswer): boolean;
  /** Called for a message without a valid signature, or for another PC. Such a message is counted and gets no response. */
  onRefused(reason: string): void;
};

export type Commands = ReturnType<typeof createCommands>;

const actLimitMs = 30_000;
/** Time limit of `measure`, which needs more time than other verbs to send its packets over a slow link. */
const measureLimitMs = 180_000;
/** Tolerance for a command that is not valid yet, because the clock offset may be wrong by half a round trip of some seconds. */
const earlyMs = 30_000;
const waitingAtMost = 16;
const reasonLength = 200;

type CommandsState = {
  options: CommandsOptions;
  journal: Journal;
  /** Signed commands received before the server's time is known. */
  waiting: Map<string, Command>;
};

/**
 * Guarantee: only a command that the server signed for this PC is executed, within its validity. The journal on disk records a command
 * before the command begins. Neither a replay nor a kill therefore executes a command twice, except idempotent verbs.
 */
export function createCommands(options: CommandsOptions) {
  const journal = openJournal({ spool: options.spool, up: options.clock.up });
  const state: CommandsState = { options, journal, waiting: new Map() };
  return {
    take(message: Signed): void {
      const said = read(options, message);
      if (said.ok) judge(state, said.value);
      else options.onRefused(said.reason);
    },
    /** Sends the missing answers to commands that an earlier run of the agent began. */
    resume(): void {
      for (const entry of journal.cutShort()) resume(state, entry);
    },
    /** Checks and executes the waiting commands once the server's time is known. */
    tick(): void {
      journal.tick();
      if (options.offsetMs() === null) return;
      const due = [...state.waiting.values()];
      state.waiting.clear();
      for (const one of due) judge(state, one);
    },
  };
}

function read({ key, pc }: CommandsOptions, message: Signed): Opened<Command> {
  if (key === null) return { ok: false, reason: 'this PC has no public key of the server' };
  const opened = openSigned(command, message, key);
  if (opened.ok && !isAddressedTo(opened.value.to, pc)) return { ok: false, reason: 'addressed to another PC' };
  return opened;
}

function judge(state: CommandsState, value: Command): void {
  const refusalReason = state.journal.refusalReason(value);
  if (refusalReason === 'known') return;
  const offsetMs = state.options.offsetMs();
  if (offsetMs === null) {
    if (state.waiting.size < waitingAtMost) state.waiting.set(value.id, value);
    return;
  }
  const { id, verb, counter, notBefore } = value;
  const entry: Entry = { id, verb, counter, at: notBefore, boot: state.options.boot, state: 'begun' };
  const order = parseOrder(value);
  const reason = refusalReason ?? validityProblem(value, state.options.clock.now() - offsetMs);
  if (reason !== null) answerCommand(state, entry, { outcome: 'refused', reason });
  else if (!order.ok) answerCommand(state, entry, { outcome: 'refused', reason: order.reason });
  else if (!state.journal.put(entry)) answerCommand(state, entry, { outcome: 'failed', reason: 'this PC cannot store the command' });
  else void begin(state, entry, order.value);
}

/** Returns why a command is not valid at the server's time `now`; null if it is valid. */
function validityProblem({ notBefore, expires }: Command, now: number): string | null {
  if (expires - notBefore > commandLifeMs) return 'it is valid for longer than allowed';
  if (now < notBefore - earlyMs) return 'not yet';
  return now >= expires ? 'expired' : null;
}

async function begin(state: CommandsState, entry: Entry, order: Order): Promise<void> {
  const done = await execute(state.options, order);
  if (done.outcome === 'failed') answerCommand(state, entry, done);
  else if (done.outcome === 'done') answerCommand(state, entry, { ...done, reason: null });
}

async function execute({ acts, clock }: CommandsOptions, { verb, args }: Order): Promise<CommandResult> {
  const limitMs = verb === 'measure-link' ? measureLimitMs : actLimitMs;
  const timeoutValue: CommandResult = { outcome: 'failed', reason: `not finished in ${limitMs / 1_000} s` };
  try {
    return await withTimeout({ clock, limitMs, timeoutValue }, (signal) => acts[verb](args as never, signal));
  } catch (error) {
    return { outcome: 'failed', reason: oneLine(messageOf(error), reasonLength) };
  }
}

function resume(state: CommandsState, entry: Entry): void {
  const how = Object.hasOwn(verbs, entry.verb) ? verbs[entry.verb as Verb].cutShort : 'interrupted';
  const isDone = how === 'done' || (how === 'rebooted' && entry.boot !== state.options.boot);
  if (how === 'again') state.journal.forget(entry.id);
  else if (isDone) answerCommand(state, entry, { outcome: 'done', reason: null });
  else answerCommand(state, entry, { outcome: 'interrupted', reason: 'the agent ended during the command' });
}

/** Sends the answer and then changes the journal entry. A kill between both may duplicate the answer, but never loses it. */
function answerCommand({ options: { answer }, journal }: CommandsState, entry: Entry, said: Omit<CommandAnswer, 'id' | 'verb'>): void {
  if (answer({ id: entry.id, verb: entry.verb, ...said })) journal.put({ ...entry, state: 'answered' });
}

/** Journal entry of a command. `begun`: it is about to be executed, or was interrupted. `boot`: boot in which it began. `at`: issue time. */
const entry = v.object({
  id: v.string(),
  verb: v.string(),
  counter: v.number(),
  at: v.number(),
  boot: v.string(),
  state: v.picklist(['begun', 'answered']),
});
/**
 * Commands with a counter up to `floor` are refused. `isLost`: an earlier journal was lost, and its commands may still be valid, because
 * no process has run for their lifetime since.
 */
const content = v.object({ floor: v.number(), entries: v.array(entry), isLost: v.optional(v.boolean(), false) });

export type Entry = v.InferOutput<typeof entry>;
type SignedContent = v.InferOutput<typeof content>;

export type Journal = ReturnType<typeof openJournal>;

const keptMs = 7 * 86_400_000;
const keptAtMost = 500;
const journalKey = 'commands';

/**
 * Opens the journal. The server's counter rises with each command and shows the order of issue without a clock. The order of arrival may
 * differ: one command to the PC and one to its state, or a repetition at a birth. A command below the highest counter is therefore
 * accepted, unless it had expired when the highest was issued. A hostile broker can delay a command at most until the next one.
 */
export function openJournal({ spool, up }: { spool: Spool; up(): number }) {
  let held = load(spool);
  const openedUp = up();
  const save = (next: SignedContent): boolean => {
    if (!spool.remember(journalKey, JSON.stringify(next))) return false;
    held = next;
    return true;
  };
  /** True while commands of a lost journal may still be valid. If the process ends sooner, the next process waits from the beginning. */
  const isLost = () => held.isLost && up() - openedUp < commandLifeMs;
  if (held.isLost || spool.recall(journalKey) === undefined) save(held);
  return {
    /** Returns why the journal forbids a command; null if it does not. `known`: the command has an entry, so it needs no further answer. */
    refusalReason({
      id,
      counter,
      expires,
    }: Command): 'known' | 'counter' | 'older than a later command' | 'this PC lost its record of commands' | null {
      if (held.entries.some((one) => one.id === id)) return 'known';
      if (isLost()) return 'this PC lost its record of commands';
      if (counter <= held.floor || held.entries.some((one) => one.counter === counter)) return 'counter';
      const top = held.entries.at(-1);
      return top !== undefined && counter < top.counter && expires <= top.at ? 'older than a later command' : null;
    },
    /** Writes an entry. Guarantee: returns true only if the entry is on disk. */
    put: (fresh: Entry): boolean => save(bounded({ ...held, entries: [...held.entries.filter(({ id }) => id !== fresh.id), fresh] })),
    /** Removes an entry. The entry stays if the disk refuses. */
    forget: (id: string): void => void save({ ...held, entries: held.entries.filter((one) => one.id !== id) }),
    /** Ends the refusal of all commands once every command of a lost journal has expired. */
    tick(): void {
      if (held.isLost && !isLost()) save({ ...held, isLost: false });
    },
    /** Returns commands that an earlier run began and did not answer. */
    cutShort: (): Entry[] => held.entries.filter(({ state }) => state === 'begun'),
  };
}

/** Loads the journal. The first start writes one, so a spool with events or a rebuilt spool without a journal has lost it. */
function load(spool: Spool): SignedContent {
  const kept = spool.recall(journalKey);
  return parseJsonAs(content, kept) ?? { floor: 0, entries: [], isLost: kept !== undefined || spool.range().last > 1 || spool.isRebuilt() };
}

/**
 * Sorts the entries by counter. Drops entries that are older than a week by the server's times, or beyond the limit. Counters up to the
 * highest dropped one are refused from then on.
 */
function bounded({ floor, entries, isLost }: SignedContent): SignedContent {
  const sorted = entries.toSorted((a, b) => a.counter - b.counter);
  const newest = sorted.at(-1)?.at ?? 0;
  const first = sorted.length - keptAtMost;
  const gone = sorted.filter(({ at }, index) => index < first || at < newest - keptMs);
  return { isLost, floor: Math.max(floor, ...gone.map(({ counter }) => counter)), entries: sorted.filter((one) => !gone.includes(one)) };
}

export type CommandActionsOptions = {
  platform: Platform;
  runner: Runner;
  log: LogMemory;
  measureLink(): Promise<CommandResult>;
  /** Ends this process after a bye. Its supervisor starts another one. */
  restart(): void;
};

const fastMs = 1_800_000;

export function createCommandActions({ platform, runner, log, measureLink, restart }: CommandActionsOptions): CommandActions {
  return {
    'probe-now': async () => {
      await runner.runNow();
      return { outcome: 'done' };
    },
    'fast-checks': async () => {
      runner.runFaster(fastMs);
      return { outcome: 'done' };
    },
    'send-log': async ({ lines }) => ({ outcome: 'done', lines: log.last(lines) }),
    'set-default-device': async ({ kind, name }, signal) => said(await platform.setDefaultDevice({ kind, name }, signal)),
    'measure-link': measureLink,
    'restart-sound': async (_, signal) => said(await platform.restartSound(signal)),
    'restart-agent': async () => {
      restart();
      return { outcome: 'later' };
    },
    reboot: async (_, signal) => {
      const order = await platform.reboot(signal);
      return order.done ? { outcome: 'later' } : said(order);
    },
  };
}

function said(order: PlatformOrder): CommandResult {
  return order.done ? { outcome: 'done' } : { outcome: 'failed', reason: order.reason };
}
