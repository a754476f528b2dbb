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
  readOrder,
  type Signed,
  type Verb,
  verbs,
  withinTime,
} from '#contracts';
import type { Spool } from '../../uplink/spool/spool.ts';
import { type Entry, type Journal, openJournal } from './journal.ts';

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
