/** The heartbeat of the whole way: from the word of a PC through broker, flows, tabs and outbox to an address outside (F29). */
import { type Cancel, type Clock, repeat, siteOf } from '@sabha/contracts';
import type { OutboxRow } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import { centralNotice } from '../../engine/transitions/notice.ts';
import type { ChannelSettings } from '../../notify/people/channels/channels.ts';
import { watchdogOf, watchdogPerson } from '../../notify/people/channels/watchdog.ts';
import { centrePlace } from '../../sites/table.ts';
import type { Explain } from '../../view/explained.ts';
import type { CentreView } from '../../view/live.ts';
import type { PcChoice } from '../../view/live-state.ts';

/** Each part of the way, checked each minute. */
export type HeartbeatOptions = {
  clock: Clock;
  settings: { channels: ChannelSettings };
  view: Pick<CentreView, 'pcs' | 'unready'>;
  /** What the running tabs do with a fault of the centre. */
  explain: Explain;
  /** Writes a row into the ledger; the outbox has it after the commit. */
  record(ops: readonly Op[]): Promise<boolean>;
  /** Names where the way breaks, and once that it is whole again. */
  log: { warn(fields: object, line: string): void };
};

const everyMs = 60_000;
/** Any fault of the centre takes the same way. */
const anyFault = 'centre.channel_failing';

/**
 * Begins where the settings name a watchdog.
 * Guarantee: a beat goes out only where each part has just done its work; where one has not, nothing does.
 */
export function startHeartbeat(options: HeartbeatOptions): Cancel {
  const { clock, settings, record, log } = options;
  const watchdog = watchdogOf(settings.channels);
  if (watchdog === undefined) return () => {};
  let broken: string | undefined;
  return repeat(clock, everyMs, async () => {
    const why = await brokenAt(options, watchdog.pc).catch((error: Error) => error.message);
    const isSent = why === undefined && (await record([{ op: 'outbox', row: rowOf(options) }]).catch(() => false));
    const now = isSent ? undefined : (why ?? 'the ledger takes nothing');
    if (now !== broken) log.warn({}, now === undefined ? 'the heartbeat goes out again' : `no heartbeat goes out: ${now}`);
    broken = now;
  });
}

/** The first part that does not work; undefined where all do. */
async function brokenAt({ view, explain }: HeartbeatOptions, pc: string): Promise<string | undefined> {
  const why = view.unready();
  if (why !== undefined) return why;
  // A path of a PC has that of a site.
  const presence = view.pcs(siteOf(pc) as PcChoice).find((one) => one.pc === pc)?.presence;
  if (presence !== 'online') return `the PC of the heartbeat is ${presence ?? 'not in the site table'}`;
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
