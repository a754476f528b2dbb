/**
 * What leaves the ledger for its age: every six hours, in slices between which commits go on. Events go into the archive of the month, sealed; what
 * is older still is deleted; the file shrinks.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { type Cancel, type Clock, messageOf, type Settings } from '@sabha/contracts';
import type { Ledger, PagePlace, Retention, SegmentSpool } from '../../engine/records/ops.ts';
import { archiveFile, lineOf, writeSegment } from './segment.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Oftener, and pages of the ledger would be half full for ever; seldomer, and it would be larger by what waits. */
const everyMs = 6 * hourMs;
/** After a start the centre has other things to do first. */
const firstAfterMs = 10 * 60_000;
/** Between two slices the ledger is everybody else's for as long as a slice may take at most. */
const restMs = 10;
/** A segment is sealed with one commit: so many spools and runs of numbers are some milliseconds of it. */
const segmentMost = { runs: 512, events: 65_536 };

/** Of what, where to, and by which time. */
export type RetentionOptions = {
  ledger: Pick<Ledger, keyof Retention>;
  /** How long what is kept. */
  settings: Settings['retention'];
  /** The ledger's file: a data folder that was moved away must not be made anew. */
  ledgerFile: string;
  folder: string;
  /** Read anew each time; throws where it cannot be. */
  passphrase(): string | undefined;
  clock: Clock;
  /** The time of the centre, and that by which goes what is deleted for its age, 0 where that is not known. */
  now(): number;
  settledAt(): number;
  log: Record<'info' | 'error', (fields: object, line: string) => void>;
};

/** Does all that is due ten minutes after the start, then every six hours, until the result ends it. */
export function startRetention(options: RetentionOptions): Cancel {
  const { clock, log } = options;
  const closed = new AbortController();
  const run = async (): Promise<void> => {
    let nextMs = everyMs;
    try {
      const { archived } = await retain(options, closed.signal);
      if (archived > 0) log.info({ archived }, 'events went into the archive');
    } catch (error) {
      nextMs = hourMs;
      if (!closed.signal.aborted) log.error({}, `what is old stays in the ledger for now: ${messageOf(error)}`);
    }
    if (!closed.signal.aborted) cancel = clock.after(nextMs, () => void run());
  };
  let cancel = clock.after(firstAfterMs, () => void run());
  return () => {
    closed.abort();
    cancel();
  };
}

/**
 * Does now all that is due. Rejects with what ledger or disk say, and between two slices once the signal is given: what was done until then is
 * whole, and the next run goes on with it.
 */
export async function retain(options: RetentionOptions, signal?: AbortSignal): Promise<{ archived: number }> {
  const { ledger, settings, folder, ledgerFile, settledAt, clock } = options;
  const rest = (): Promise<void> => {
    signal?.throwIfAborted();
    return new Promise((resolve) => void clock.after(restMs, resolve));
  };
  await stat(ledgerFile);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // What an earlier run sealed and did not take out yet.
  await whole(ledger.leave, rest);
  let archived = 0;
  for (let after: PagePlace | null = { spool: 0, seq: 0 }; after !== null; ) {
    const done = await archiveSome(options, after, rest);
    archived += done.archived;
    after = done.next;
    await whole(ledger.leave, rest);
  }
  for (const month of await ledger.expire(settings.archiveMonths)) await rm(archiveFile(folder, month), { force: true });
  const before = settledAt() - settings.historyDays * dayMs;
  await whole(() => ledger.forgetBefore(before), rest);
  await whole(ledger.shrink, rest);
  return { archived };
}

async function whole(slice: () => Promise<boolean>, rest: () => Promise<void>): Promise<void> {
  while (await slice()) await rest();
}

/** Writes one segment, if there is anything for it. */
async function archiveSome(options: RetentionOptions, from: PagePlace, rest: () => Promise<void>) {
  const { ledger, settings, folder, passphrase, now } = options;
  const before = now() - settings.eventDays * dayMs;
  const ahead = now() + dayMs;
  const spools = new Map<number, SegmentSpool>();
  let next: PagePlace | null = from;
  let [runs, archived] = [0, 0];

  async function* lines(): AsyncGenerator<string> {
    for (; next !== null && runs < segmentMost.runs && archived < segmentMost.events; await rest()) {
      const page = await ledger.page({ before, ahead, after: next });
      next = page.next;
      for (const event of page.events) {
        const { spool, seq, received } = event;
        const held = spools.getOrInsert(spool, { spool, runs: [], newest: received });
        held.newest = Math.max(held.newest, received);
        const last = held.runs.at(-1);
        if (last?.b === seq - 1) last.b = seq;
        else {
          held.runs.push({ a: seq, b: seq });
          runs += 1;
        }
        archived += 1;
        yield lineOf(event);
      }
    }
  }

  const others = lines();
  const first = await others.next();
  if (first.done === true) return { archived: 0, next: null };
  const all = async function* () {
    yield first.value;
    yield* others;
  };
  const month = new Date(before).toISOString().slice(0, 7);
  const at = await ledger.end(month);
  const written = await writeSegment({ folder, month, at, passphrase: passphrase() }, all());
  await ledger.seal({ month, at, ...written, spools: [...spools.values()] });
  return { archived, next };
}
