/** What an outcome makes of the rows of a message: how they are written down, when they are tried again, and what goes over the next channel instead. */
import { type Clock, doubledMs } from '@sabha/contracts';
import type { Copy, OutboxRow, Report, SendOutcome } from '../../engine/records/notices.ts';
import { type Channels, lastChannel } from './channels/channels.ts';
import { backoff, reportLimitMs } from './numbers.ts';
import { nextRow } from './order.ts';
import type { Roster } from './roster.ts';

type Around = { clock: Clock; random: () => number; channels: Channels; roster: Roster };

/** What became of a message, which may stand there as a copy that can be changed. */
export type Sent = SendOutcome & { stands?: Copy };

/** The rows of one message after an attempt; its copy is that of its last news. One message is tried again as one. `rest`: what goes over the next channel instead, at last to the console. */
export function afterAll(
  rows: readonly OutboxRow[],
  { stands, ...outcome }: Sent,
  options: Around,
): { ended: OutboxRow[]; rest: OutboxRow[]; waitMs: number } {
  const all = rows.map((row) => after(row, outcome, options));
  const ended = all.map(({ row }, at) => (stands !== undefined && at === all.length - 1 ? { ...row, copy: stands } : row));
  return { ended, rest: nextOf(ended.filter(isLost), options), waitMs: Math.max(...all.map(({ waitMs }) => waitMs)) };
}

/** The rows of one message that was accepted, after it was said what became of it. */
export function afterReport(
  rows: readonly OutboxRow[],
  outcome: Report['outcome'],
  options: Around,
): { ended: OutboxRow[]; rest: OutboxRow[] } {
  const lastError = outcome.result === 'delivered' ? null : outcome.reason;
  const ended = rows.map((row): OutboxRow => ({ ...row, state: outcome.result, lastError }));
  return { ended, rest: nextOf(ended.filter(isLost), options) };
}

/** Of a message that was taken nobody said anything more. */
export const unsaid: Report['outcome'] = {
  result: 'refused',
  reason: `taken, but nothing was said of it in ${reportLimitMs / 3_600_000} hours`,
};

/** The row as it is written down after an attempt, and how long it waits where it is to be tried again. */
function after(row: OutboxRow, outcome: SendOutcome, { clock, random }: Around): { row: OutboxRow; waitMs: number } {
  const tries = row.tries + 1;
  if (outcome.result === 'delivered') return { row: { ...row, tries, state: 'delivered', lastError: null }, waitMs: 0 };
  if (outcome.result === 'accepted')
    return { row: { ...row, tries, lastError: null, accepted: { id: outcome.id, at: clock.now() } }, waitMs: 0 };
  if (outcome.result !== 'retry') return { row: { ...row, tries, state: 'refused', lastError: outcome.reason }, waitMs: 0 };
  // Full jitter: anything between nothing and a limit that doubles, so that a server which is back is not stormed.
  // Who names a wait is asked after it: what waited for a turn several times waits no longer for that.
  const jitterMs = Math.ceil(random() * doubledMs(outcome.afterMs === undefined ? row.tries : 0, backoff));
  const waitMs = Math.min(Math.max(jitterMs, outcome.afterMs ?? 0), backoff.maxMs);
  return { row: { ...row, tries, dueAt: clock.now() + waitMs, lastError: outcome.reason }, waitMs };
}

/** What goes over the next channel instead, at last to the console. */
function isLost({ state, channel, moved }: OutboxRow): boolean {
  return state === 'refused' && channel !== lastChannel && moved !== true;
}

/** The rows that tell the same over the next channel of their person: what was one message is one there too. */
export function nextOf(rows: readonly OutboxRow[], { clock, channels, roster }: Around): OutboxRow[] {
  const [first, ...others] = rows;
  const beside = first && others.length > 0 ? { beside: first.key } : {};
  return rows.map((row) => ({ ...nextRow(row, roster.person(row.person), { channels, now: clock.now() }), ...beside }));
}
