/** Commands of the centre: each is judged, written down, and only then carried out, at most once (S6). */

import type { KeyObject } from 'node:crypto';
import {
  addresses,
  type Clock,
  type Command,
  type CommandAnswer,
  command,
  commandLifeMs,
  type Done,
  messageOf,
  type Opened,
  type Order,
  oneLine,
  openSigned,
  type PcPath,
  readJson,
  readOrder,
  type Signed,
  type Verb,
  verbs,
  withinTime,
} from '@sabha/contracts';
import * as v from 'valibot';
import type { Runner } from '../../checks/runner.ts';
import type { Platform, Order as PlatformOrder } from '../../platform/platform.ts';
import type { Spool } from '../../uplink/spool/spool.ts';
import type { LogMemory } from '../../uplink/store/log.ts';

/** What each verb does; the signal is aborted when its time is over. */
export type Acts = { [V in Verb]: (args: Extract<Order, { verb: V }>['args'], signal: AbortSignal) => Promise<Done> };

/** By whose key commands are proven, what they may do, and who is told. */
export type CommandsOptions = {
  pc: PcPath;
  /** Public half of the centre's key; null where this PC has none, and obeys nobody. */
  key: KeyObject | null;
  boot: string;
  spool: Spool;
  clock: Clock;
  /** Clock of the PC minus clock of the centre; null while it is not known. */
  offsetMs(): number | null;
  acts: Acts;
  /** Tells the centre; false where it could not be written down. */
  answer(body: CommandAnswer): boolean;
  /** A message that is none of the centre's, or not for us. */
  onRefused(reason: string): void;
};

/** The commands of the centre to this PC. */
export type Commands = ReturnType<typeof createCommands>;

const actLimitMs = 30_000;
/** The longest trains in both directions of a slow link take their time. */
const measureLimitMs = 180_000;
/** The offset is known to half a round trip, and a slow one takes seconds. */
const earlyMs = 30_000;
const waitingAtMost = 16;
const reasonLength = 200;

type State = {
  options: CommandsOptions;
  journal: Journal;
  /** Good ones that came before the centre's time was known. */
  waiting: Map<string, Command>;
};

/**
 * Guarantee: nothing is done that the centre did not sign, for this PC, in its time; and that it is done stands on the disk before it is
 * begun, so that no replay and no kill makes it happen twice (save for verbs that do no harm twice).
 */
export function createCommands(options: CommandsOptions) {
  const journal = openJournal({ spool: options.spool, up: options.clock.up });
  const state: State = { options, journal, waiting: new Map() };
  return {
    take(message: Signed): void {
      const said = read(options, message);
      if (said.ok) judge(state, said.value);
      else options.onRefused(said.reason);
    },
    /** Answers what an earlier run left without an answer. */
    resume(): void {
      for (const entry of journal.cutShort()) resume(state, entry);
    },
    /** Looks at what waits until the centre's time is known. */
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
  if (key === null) return { ok: false, reason: 'this PC has no key of the centre' };
  const opened = openSigned(command, message, key);
  if (opened.ok && !addresses(opened.value.to, pc)) return { ok: false, reason: 'addressed to another PC' };
  return opened;
}

function judge(state: State, value: Command): void {
  const objection = state.journal.objection(value);
  if (objection === 'known') return;
  const offsetMs = state.options.offsetMs();
  if (offsetMs === null) {
    if (state.waiting.size < waitingAtMost) state.waiting.set(value.id, value);
    return;
  }
  const { id, verb, counter, notBefore } = value;
  const entry: Entry = { id, verb, counter, at: notBefore, boot: state.options.boot, state: 'begun' };
  const order = readOrder(value);
  const reason = objection ?? untimely(value, state.options.clock.now() - offsetMs);
  if (reason !== null) settle(state, entry, { outcome: 'refused', reason });
  else if (!order.ok) settle(state, entry, { outcome: 'refused', reason: order.reason });
  else if (!state.journal.put(entry)) settle(state, entry, { outcome: 'failed', reason: 'it cannot be written down on this PC' });
  else void begin(state, entry, order.value);
}

/** `now` is the centre's time. */
function untimely({ notBefore, expires }: Command, now: number): string | null {
  if (expires - notBefore > commandLifeMs) return 'it lives longer than a command may';
  if (now < notBefore - earlyMs) return 'not yet';
  return now >= expires ? 'expired' : null;
}

async function begin(state: State, entry: Entry, order: Order): Promise<void> {
  const done = await carryOut(state.options, order);
  if (done.outcome === 'failed') settle(state, entry, done);
  else if (done.outcome === 'done') settle(state, entry, { ...done, reason: null });
}

async function carryOut({ acts, clock }: CommandsOptions, { verb, args }: Order): Promise<Done> {
  const limitMs = verb === 'measure-link' ? measureLimitMs : actLimitMs;
  const late: Done = { outcome: 'failed', reason: `no end within ${limitMs / 1_000} s` };
  try {
    return await withinTime({ clock, limitMs, late }, (signal) => acts[verb](args as never, signal));
  } catch (error) {
    return { outcome: 'failed', reason: oneLine(messageOf(error), reasonLength) };
  }
}

function resume(state: State, entry: Entry): void {
  const how = Object.hasOwn(verbs, entry.verb) ? verbs[entry.verb as Verb].cutShort : 'interrupted';
  const isDone = how === 'done' || (how === 'rebooted' && entry.boot !== state.options.boot);
  if (how === 'again') state.journal.forget(entry.id);
  else if (isDone) settle(state, entry, { outcome: 'done', reason: null });
  else settle(state, entry, { outcome: 'interrupted', reason: 'the agent ended in the middle of it' });
}

/** The answer first: a kill in between gives it twice, and never not at all. */
function settle({ options: { answer }, journal }: State, entry: Entry, said: Omit<CommandAnswer, 'id' | 'verb'>): void {
  if (answer({ id: entry.id, verb: entry.verb, ...said })) journal.put({ ...entry, state: 'answered' });
}

/** `begun`: to be carried out, or cut short; `boot` is the one it began in, `at` when the centre issued it. */
const entry = v.object({
  id: v.string(),
  verb: v.string(),
  counter: v.number(),
  at: v.number(),
  boot: v.string(),
  state: v.picklist(['begun', 'answered']),
});
/** Nothing up to `floor` is obeyed any more. `isLost`: what was known before is gone, and no process has outlived it yet. */
const content = v.object({ floor: v.number(), entries: v.array(entry), isLost: v.optional(v.boolean(), false) });

/** A command that was obeyed or refused, and how far it came. */
export type Entry = v.InferOutput<typeof entry>;
type Content = v.InferOutput<typeof content>;

/** The commands of the last week. */
export type Journal = ReturnType<typeof openJournal>;

const keptMs = 7 * 86_400_000;
const keptAtMost = 500;
const word = 'commands';

/**
 * The counter of the centre rises with each command, so that it says the order in which they were issued, whatever any clock shows. Two may
 * overtake each other (one to the PC, one to its state; or again at a birth), so one below the highest is obeyed too, unless it had expired
 * when the highest was issued: what a hostile broker holds back, it can deliver at most until the next command.
 */
export function openJournal({ spool, up }: { spool: Spool; up(): number }) {
  let held = load(spool);
  const openedUp = up();
  const save = (next: Content): boolean => {
    if (!spool.remember(word, JSON.stringify(next))) return false;
    held = next;
    return true;
  };
  /** Whatever it was told before has expired by then; a process that ends sooner leaves the waiting to the next one. */
  const isLost = () => held.isLost && up() - openedUp < commandLifeMs;
  if (held.isLost || spool.recall(word) === undefined) save(held);
  return {
    /** Why a command may not be obeyed by what was told before; null where it may. `known`: it has been answered, or is about to be. */
    objection({
      id,
      counter,
      expires,
    }: Command): 'known' | 'counter' | 'older than what came since' | 'this PC lost its memory of commands' | null {
      if (held.entries.some((one) => one.id === id)) return 'known';
      if (isLost()) return 'this PC lost its memory of commands';
      if (counter <= held.floor || held.entries.some((one) => one.counter === counter)) return 'counter';
      const top = held.entries.at(-1);
      return top !== undefined && counter < top.counter && expires <= top.at ? 'older than what came since' : null;
    },
    /** Guarantee: true only when it is on disk. */
    put: (fresh: Entry): boolean => save(bounded({ ...held, entries: [...held.entries.filter(({ id }) => id !== fresh.id), fresh] })),
    /** As if it had never come; nothing where the disk refuses. */
    forget: (id: string): void => void save({ ...held, entries: held.entries.filter((one) => one.id !== id) }),
    /** Notes it when a memory that was lost does no harm any more. */
    tick(): void {
      if (held.isLost && !isLost()) save({ ...held, isLost: false });
    },
    /** What an earlier run began and did not answer. */
    cutShort: (): Entry[] => held.entries.filter(({ state }) => state === 'begun'),
  };
}

/** A spool that has had events had this word too, since it is written at the first start; one that was rebuilt had it before. */
function load(spool: Spool): Content {
  const kept = spool.recall(word);
  return readJson(content, kept) ?? { floor: 0, entries: [], isLost: kept !== undefined || spool.range().last > 1 || spool.isRebuilt() };
}

/** Sorted by counter. What is older than a week by the centre's own times goes, and what is too much; nothing below it is obeyed again. */
function bounded({ floor, entries, isLost }: Content): Content {
  const sorted = entries.toSorted((a, b) => a.counter - b.counter);
  const newest = sorted.at(-1)?.at ?? 0;
  const first = sorted.length - keptAtMost;
  const gone = sorted.filter(({ at }, index) => index < first || at < newest - keptMs);
  return { isLost, floor: Math.max(floor, ...gone.map(({ counter }) => counter)), entries: sorted.filter((one) => !gone.includes(one)) };
}

/** What the verbs act on. */
export type ActsOptions = {
  platform: Platform;
  runner: Runner;
  log: LogMemory;
  measureLink(): Promise<Done>;
  /** Ends this process in order; whoever supervises it starts another. */
  restart(): void;
};

const fastMs = 1_800_000;

/** The acts of this PC: one for each verb of the contract. */
export function actsOf({ platform, runner, log, measureLink, restart }: ActsOptions): Acts {
  return {
    'probe-now': async () => {
      await runner.runNow();
      return { outcome: 'done' };
    },
    'fast-checks': async () => {
      runner.hasten(fastMs);
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

function said(order: PlatformOrder): Done {
  return order.done ? { outcome: 'done' } : { outcome: 'failed', reason: order.reason };
}
