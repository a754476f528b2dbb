/** The outbox: what waits for people is sent, and what became of it is written down (R26). */
import { type Cancel, type Clock, doubledMs } from '#contracts';
import type { OutboxRow, Outcome } from '../records/notices.ts';
import type { Op } from '../records/ops.ts';
import { type Channels, lastChannel } from './channels/channels.ts';
import { digestOf, renderDigest } from './digest.ts';
import { createLanes, type Item } from './lanes.ts';
import { limited } from './limited.ts';
import { channelFor, type Roster } from './roster.ts';
import { render } from './words.ts';

/** Longest time that one send may take. */
const sendLimitMs = 30_000;
/** The first retry comes within the first of these, and none waits longer than the second. */
const backoff = { firstMs: 5_000, maxMs: 15 * 60_000 };
/** What is being sent when the outbox is stopped has this long to end. */
const stopGraceMs = 1_000;

/** Who is written to, by which channels, and where outcomes are written down. */
export type OutboxOptions = {
  clock: Clock;
  /** Between 0 and 1. */
  random: () => number;
  commit: (ops: Op[]) => Promise<unknown>;
  channels: Channels;
  roster: Roster;
  /** True where the incident has ended, so that a raise which still waits says so. */
  isOver: (incident: number) => boolean;
  /** The address of the wall, where the centre has a name. */
  wall?: string | undefined;
  /** Where a person answers to an incident with one tap, where the centre has a name. */
  link?: ((person: string, incident: number) => string | undefined) | undefined;
  /** Told after the commit. A refusal means that a channel fails: central is told. */
  onOutcome: (row: OutboxRow, outcome: Outcome) => void;
};

/** The outbox of one memory. */
export type Outbox = {
  /** Takes rows that are in the ledger. A key that waits already is left as it is. */
  add(rows: readonly OutboxRow[]): void;
  /** Rows not yet delivered and not refused. */
  waiting(): number;
  /** Sends until it is stopped; rejects when the ledger does not take an outcome, and then sends nothing more (R20). */
  run(): Promise<void>;
  /** Ends `run`; what is being sent has a second to end, and is otherwise sent again after the next start. */
  stop(): Promise<void>;
};

/**
 * Guarantee: a row is forgotten only after its outcome is in the ledger, so a crash loses none, and sends a second time at most what was on
 * its way: one on each channel, and more only on one that is slow. Rows of one room go to one person on one channel in the order of their transitions.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { clock, commit, channels, roster, onOutcome } = options;
  const lanes = createLanes(clock);
  const sending = new Set<Promise<void>>();
  const ended = Promise.withResolvers<void>();
  const cut = new AbortController();
  let state: 'new' | 'running' | 'stopped' = 'new';
  let cancelTimer: Cancel = () => {};

  function pump(): void {
    cancelTimer();
    if (state !== 'running') return;
    for (let item = lanes.next(); item; item = lanes.next()) {
      const one = deliver(item).catch(fail);
      sending.add(one);
      void one.finally(() => sending.delete(one)).then(pump);
    }
    const waitMs = lanes.nextInMs();
    if (waitMs !== undefined) cancelTimer = clock.after(waitMs, pump);
  }

  async function deliver(item: Item): Promise<void> {
    const items = lanes.together(item);
    const rows = items.map((one) => one.row);
    const outcome = await attempt(options, rows, cut.signal);
    // Cut short by our own stop: the row stays as it is in the ledger.
    if (outcome.result === 'retry' && cut.signal.aborted) return;
    const { ended, rest, waitMs } = afterAll(rows, outcome, options);
    await commit([...ended.map((row) => ({ op: 'outbox-set', row }) as const), ...rest.map((row) => ({ op: 'outbox', row }) as const)]);
    for (const [at, one] of items.entries()) {
      if (outcome.result === 'retry') lanes.again(one, ended[at] ?? one.row, waitMs);
      else lanes.done(one);
    }
    add(rest);
    onOutcome(item.row, outcome);
  }

  function add(rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      const channel = channelFor(roster.person(row.person), row.channel, channels);
      lanes.add({ ...row, channel }, Math.min(Math.max(row.dueAt - clock.now(), 0), backoff.maxMs));
    }
    pump();
  }

  function fail(error: unknown): void {
    state = 'stopped';
    cancelTimer();
    cut.abort();
    ended.reject(error);
  }

  return {
    add,
    waiting: lanes.size,
    run() {
      state = 'running';
      pump();
      return ended.promise;
    },
    async stop() {
      if (state === 'stopped') return;
      state = 'stopped';
      cancelTimer();
      const cancel = clock.after(stopGraceMs, () => cut.abort());
      await Promise.all(sending);
      cancel();
      ended.resolve();
    },
  };
}

/** One send with its time limit: one row, or all that goes out with it. */
async function attempt(
  { clock, channels, roster, isOver, wall, link: linkFor }: OutboxOptions,
  rows: readonly OutboxRow[],
  cut: AbortSignal,
): Promise<Outcome> {
  const overIn = ({ notice }: OutboxRow) => notice.incident !== null && isOver(notice.incident);
  // What has ended meanwhile is no news of the morning.
  const standing = rows.filter((one) => !overIn(one));
  const [row] = standing.length > 0 ? standing : rows;
  if (row === undefined) return { result: 'delivered' };
  const person = roster.person(row.person);
  const channel = channels.get(row.channel)?.channel;
  if (!channel) return { result: 'retry', reason: `there is no channel "${row.channel}"` };
  const { key } = row;
  const { language } = person;
  const notices = standing.map((one) => one.notice);
  const isDigest = notices.length > 1;
  const notice = isDigest ? digestOf(notices) : row.notice;
  const over = overIn(row);
  const link = isDigest || over || !mayAnswer(row) ? undefined : linkFor?.(person.id, row.notice.incident);
  const said = isDigest ? renderDigest(notices, language) : render(notice, language, { over, wall, link });
  const message = { key, ...said, language, severity: notice.severity, notice, ...(link !== undefined && { link }) };
  return limited({ clock, limitMs: channel.limitMs ?? sendLimitMs, cut }, (signal) => channel.send(message, person, signal));
}

/** What the console tells may be kept as a log, where others read it. */
function mayAnswer(row: OutboxRow): row is OutboxRow & { notice: { incident: number } } {
  const { kind, incident } = row.notice;
  return incident !== null && (kind === 'raised' || kind === 'worsened' || kind === 'eased') && row.channel !== lastChannel;
}

/** The row as it is written down after an attempt, and how long it waits where it is to be tried again. */
function after(row: OutboxRow, outcome: Outcome, { clock, random }: OutboxOptions): { row: OutboxRow; waitMs: number } {
  const tries = row.tries + 1;
  if (outcome.result === 'delivered') return { row: { ...row, tries, state: 'delivered', lastError: null }, waitMs: 0 };
  if (outcome.result === 'refused') return { row: { ...row, tries, state: 'refused', lastError: outcome.reason }, waitMs: 0 };
  // Full jitter: anything between nothing and a limit that doubles, so that a server which is back is not stormed.
  const jitterMs = Math.ceil(random() * doubledMs(row.tries, backoff));
  const waitMs = Math.min(Math.max(jitterMs, outcome.afterMs ?? 0), backoff.maxMs);
  return { row: { ...row, tries, dueAt: clock.now() + waitMs, lastError: outcome.reason }, waitMs };
}

/** The rows of one message after an attempt; one message is tried again as one. `rest`: what goes to the console instead. */
function afterAll(
  rows: readonly OutboxRow[],
  outcome: Outcome,
  options: OutboxOptions,
): { ended: OutboxRow[]; rest: OutboxRow[]; waitMs: number } {
  const all = rows.map((row) => after(row, outcome, options));
  const ended = all.map(({ row }) => row);
  const isRefused = outcome.result === 'refused' && rows[0]?.channel !== lastChannel;
  const rest = isRefused ? ended.map((row) => onLastChannel(row, options.clock.now())) : [];
  return { ended, rest, waitMs: Math.max(...all.map(({ waitMs }) => waitMs)) };
}

/** What a channel refused for good is still told: on the console. */
function onLastChannel(row: OutboxRow, now: number): OutboxRow {
  return { ...row, key: `${row.key}/${lastChannel}`, channel: lastChannel, createdAt: now, dueAt: now, tries: 0, state: 'waiting' };
}
