/**
 * What leaves the ledger for its age: every six hours, in slices between which commits go on. Events go into the archive of the month, sealed; what
 * is older still is deleted; the file shrinks.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { type Cancel, type Clock, messageOf, type Settings } from '@sabha/contracts';
import type { LeavingEvent, LedgerRetention, PagePlace, Run, SegmentSpool } from '../../engine/records/ops.ts';
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

/** How long what is kept. */
export type RetentionSettings = Settings['retention'];

/** Of what, where to, and by which time. */
export type RetentionOptions = {
  retention: LedgerRetention;
  settings: RetentionSettings;
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

/** `run` does now all that is due. Rejects with what ledger or disk say; what was done until then is whole, and it goes on with the next run. */
export type Retaining = { start(): void; run(): Promise<{ archived: number }>; close(): void };

/** Nothing is done before `start` or `run`. */
export function createRetention(options: RetentionOptions): Retaining {
  const { clock, log } = options;
  let cancel: Cancel = () => undefined;
  let closed = false;
  const rest = () =>
    new Promise<void>((resolve, reject) => void (closed ? reject(new Error('it is closed')) : clock.after(restMs, resolve)));
  const again = (ms: number) => {
    if (!closed) cancel = clock.after(ms, () => void now());
  };

  async function now(): Promise<void> {
    const failed = await runOnce(options, rest).then(
      ({ archived }) => {
        if (archived > 0) log.info({ archived }, 'events went into the archive');
      },
      (error: unknown) => messageOf(error),
    );
    if (failed !== undefined && !closed) log.error({}, `what is old stays in the ledger for now: ${failed}`);
    again(failed === undefined ? everyMs : hourMs);
  }

  return {
    start: () => again(firstAfterMs),
    run: () => runOnce(options, rest),
    close() {
      closed = true;
      cancel();
    },
  };
}

type Rest = () => Promise<void>;

async function runOnce(options: RetentionOptions, rest: Rest): Promise<{ archived: number }> {
  const { retention, settings, folder, ledgerFile, settledAt } = options;
  await stat(ledgerFile);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // What an earlier run sealed and did not take out yet.
  await whole(retention.leave, rest);
  let archived = 0;
  for (let after: PagePlace | null = { spool: 0, seq: 0 }; after !== null; ) {
    const done = await archiveSome(options, after, rest);
    archived += done.archived;
    after = done.next;
    await whole(retention.leave, rest);
  }
  for (const month of await retention.expire(settings.archiveMonths)) await rm(archiveFile(folder, month), { force: true });
  const before = settledAt() - settings.historyDays * dayMs;
  await whole(() => retention.forget(before), rest);
  await whole(retention.shrink, rest);
  return { archived };
}

async function whole(slice: () => Promise<boolean>, rest: Rest): Promise<void> {
  while (await slice()) await rest();
}

/** Writes one segment, if there is anything for it. */
async function archiveSome(options: RetentionOptions, from: PagePlace, rest: Rest): Promise<{ archived: number; next: PagePlace | null }> {
  const { retention, settings, folder, passphrase, now } = options;
  const before = now() - settings.eventDays * dayMs;
  const ask = { before, ahead: now() + dayMs };
  const sums = createSums();
  const walk = { next: from as PagePlace | null, pages: 0 };
  const more = async () => {
    if (walk.next === null) return [];
    if (walk.pages > 0) await rest();
    walk.pages += 1;
    const page = await retention.page({ ...ask, after: walk.next });
    walk.next = page.next;
    return page.events;
  };
  let first: LeavingEvent[] = [];
  while (first.length === 0 && walk.next !== null) first = await more();
  if (first.length === 0) return { archived: 0, next: null };
  const month = new Date(before).toISOString().slice(0, 7);
  const at = await retention.end(month);

  async function* lines(): AsyncGenerator<string> {
    for (let events = first; ; events = await more()) {
      for (const event of events) yield sums.add(event);
      if (walk.next === null || sums.isFull()) return;
    }
  }

  const written = await writeSegment({ folder, month, at, passphrase: passphrase() }, lines());
  await retention.seal({ month, at, ...written, spools: sums.spools() });
  return { archived: sums.events(), next: walk.next };
}

type Held = { runs: Run[]; newest: number };

/** What a segment holds of each spool, gathered as its lines go by. */
function createSums() {
  const held = new Map<number, Held>();
  const counts = { runs: 0, events: 0 };
  return {
    /** The line of an event. */
    add(event: LeavingEvent): string {
      const { spool, seq, received } = event;
      const sum = held.getOrInsert(spool, { runs: [], newest: received });
      sum.newest = Math.max(sum.newest, received);
      const last = sum.runs.at(-1);
      if (last !== undefined && last.b === seq - 1) last.b = seq;
      else {
        sum.runs.push({ a: seq, b: seq });
        counts.runs += 1;
      }
      counts.events += 1;
      return lineOf(event);
    },
    isFull: () => counts.runs >= segmentMost.runs || counts.events >= segmentMost.events,
    events: () => counts.events,
    spools: (): SegmentSpool[] => Array.from(held, ([spool, sum]) => ({ spool, ...sum })),
  };
}
