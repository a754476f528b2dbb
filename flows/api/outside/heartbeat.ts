/** The heartbeat of the whole way: from the word of a PC through broker, flows, tabs and outbox to an address outside (F29). */
import type { Cancel, Clock, Presence } from '@sabha/contracts';
import type { OutboxRow } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import { centralNotice } from '../../engine/transitions/notice.ts';
import { watchdogPerson } from '../../notify/people/channels/watchdog.ts';
import { centrePlace } from '../../sites/table.ts';
import type { Explain } from '../../view/explained.ts';

/** Each part of the way, asked anew each minute. */
export type HeartbeatOptions = {
  clock: Clock;
  /** What the running tabs do with a fault of the centre. */
  explain: Explain;
  /** Writes a row into the ledger; the outbox has it after the commit. */
  record(ops: readonly Op[]): Promise<boolean>;
  /** Names where the way breaks, and once that it is whole again. */
  log: { warn(fields: object, line: string): void };
  /** Of the PC whose word begins it, as it is heard through the broker. */
  presence(): Presence | undefined;
  /** Why flows is not ready, where it is not. */
  unready(): string | undefined;
};

const everyMs = 60_000;
/** Any fault of the centre takes the same way. */
const anyFault = 'centre.channel_failing';

/** Guarantee: a beat goes out only where each part has just done its work; where one has not, nothing does. */
export function startHeartbeat(options: HeartbeatOptions): Cancel {
  const { clock, log } = options;
  let broken: string | undefined;
  let cancel: Cancel = () => {};
  let isOver = false;

  async function beat(): Promise<void> {
    const why = await brokenAt(options).catch((error: Error) => error.message);
    const isSent = why === undefined && (await options.record([{ op: 'outbox', row: rowOf(options) }]).catch(() => false));
    const now = isSent ? undefined : (why ?? 'the ledger takes nothing');
    if (now !== broken) log.warn({}, now === undefined ? 'the heartbeat goes out again' : `no heartbeat goes out: ${now}`);
    broken = now;
  }

  function next(): void {
    cancel = clock.after(everyMs, () => void beat().finally(() => isOver || next()));
  }
  next();
  return () => {
    isOver = true;
    cancel();
  };
}

/** The first part that does not work; undefined where all do. */
async function brokenAt({ presence, unready, explain }: HeartbeatOptions): Promise<string | undefined> {
  const why = unready();
  if (why !== undefined) return why;
  const heard = presence();
  if (heard !== 'online') return `the PC of the heartbeat is ${heard ?? 'not in the site table'}`;
  const way = await explain('centre', anyFault);
  if (!way.ok) return way.line;
  if (way.value.how === null) return 'the tabs conclude nothing';
  return way.value.tells.length > 0 ? undefined : 'the tabs tell nobody';
}

/** One key for all: the ledger keeps one row, and a beat that still waits is not sent twice. `moved`: what is not heard now goes nowhere else. */
function rowOf({ clock }: HeartbeatOptions): OutboxRow {
  const now = clock.now();
  const notice = centralNotice({ kind: 'direct', lines: ['heartbeat'], place: centrePlace(), now });
  const to = { key: 'watchdog', transition: null, channel: 'watchdog', person: watchdogPerson };
  return { ...to, moved: true, notice, createdAt: now, dueAt: now, tries: 0, state: 'waiting', lastError: null };
}
