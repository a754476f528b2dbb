/** Writes the mark of the ledger every few seconds and at a clean stop. Detects when the file of the ledger is moved or deleted. */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cancel, type Clock, codeOf, oneLine, replaceFile } from '@sabha/contracts';
import * as v from 'valibot';
import { type AuditAct, type Ledger, type Op, olderKey, type Progress } from '../../engine/records/ops.ts';
import { timeText } from '../audit/chain.ts';
import { LedgerError } from '../ledger/poison.ts';
import { restoredNote } from './restore.ts';

const everyMs = 5_000;
/** Time for which a loss is reported. PCs keep acknowledged events for this time and send them again (R4, cumulative acknowledgement). */
const reportedForMs = 24 * 3_600_000;

/** `flows`: the data folder with the ledger; `registry`: the broker's snapshot. The mark lies beside that snapshot. */
export type WatchOptions = {
  ledger: Ledger;
  ledgerFile: string;
  flows: string;
  registry: string;
  clock: Clock;
  now(): number;
  gone(line: string): void;
  /** Returns whether a time service sets the clock; undefined if unknown. */
  isSynchronised?(): boolean | undefined;
  /** True if another clock wrote the ledger. */
  ignoresTime?: boolean;
  log: Record<'warn' | 'error', (fields: object, line: string) => void>;
};

/** `ledger` is the ledger that callers must use: its commits fail while the file is missing. */
export type LedgerWatch = Awaited<ReturnType<typeof watchLedger>>;

type WatchFault = 'centre.ledger_older' | 'centre.clock';
type SetWatchFault = (fault: WatchFault, reason: string | null) => void;
type RecordOps = (ops: readonly Op[]) => Promise<boolean>;
type WatchState = {
  options: WatchOptions;
  clockTrouble: () => string | null;
  inode: number;
  lost: string | null;
  found: MissingData | undefined;
  told: ActiveReport | null;
  /** Text last written to `ledger-mark.json`, which records how far the ledger was; empty before the first write. */
  mark: string;
  /** Last reported reason of each fault; null if there is none, absent before the first report. */
  said: { [fault in WatchFault]?: string | null };
  cancel: Cancel;
  closed: boolean;
};
type ActiveReport = { until: number; line: string };

/** Compares the opened ledger with its mark. Must run before the first write. Rejects if the ledger cannot be read. */
export async function watchLedger(options: WatchOptions) {
  const { ledger, ledgerFile, flows, log, now } = options;
  const held = await ledger.progress();
  const mark = readMark(markFile(options));
  const found =
    findMissing(held, mark, readRestoreNote(flows)) ?? (mark && findChangedAudit(held, mark, await ledger.hashAt(mark.lastAct)));
  if (found !== undefined) log.error({ acts: found.acts }, `${found.line}; the PCs send again what they keep of the last 24 hours`);
  const told = found ? { until: now() + reportedForMs, line: found.line } : (JSON.parse(held.older ?? 'null') as ActiveReport | null);
  const clockTrouble = createClockCheck({
    newestAt: options.ignoresTime === true ? 0 : held.newestAt,
    up: options.clock.up,
    isSynchronised: () => undefined,
    ...options,
  });
  const { ino: inode } = statSync(ledgerFile);
  const none = { lost: null, mark: '', said: {}, cancel: () => undefined, closed: false };
  const state: WatchState = { options, clockTrouble, inode, found, told, ...none };
  return {
    ledger: {
      ...ledger,
      async commit(ops: Op[]) {
        if (state.lost !== null) throw new LedgerError('io', state.lost);
        const receipt = await ledger.commit(ops);
        // An import may hold the work of a day, so it does not wait for the hourly checkpoint.
        const hasImport = ops.some((op) => op.op === 'audit' && op.what.endsWith(' imported'));
        if (hasImport) await ledger.checkpoint().catch((error: Error) => log.warn({}, `no checkpoint: ${error.message}`));
        return receipt;
      },
    },
    /** Returns what the ledger lacks, for a day, as a field of the audit. */
    older(): { older?: string } {
      const line = currentReport(state);
      return line === null ? {} : { older: line };
    },
    /** Records what the ledger lacks, then keeps the mark up to date. `record` returns false if it failed, and is repeated. */
    start: (record: RecordOps, say: SetWatchFault): Promise<void> => checkAndReport(state, record, say),
    /** Writes the mark a last time. Call it after the last commit and before the ledger closes. */
    close(): Promise<void> {
      state.closed = true;
      state.cancel();
      return updateMark(state, async () => false);
    },
  };
}

async function checkAndReport(state: WatchState, record: RecordOps, say: SetWatchFault): Promise<void> {
  checkFile(state);
  if (state.lost === null) await updateMark(state, record);
  const before = state.said;
  const said = { 'centre.ledger_older': currentReport(state), 'centre.clock': state.clockTrouble() };
  // The first call always reports, because an earlier incident may still be open.
  for (const fault of ['centre.ledger_older', 'centre.clock'] as const) if (said[fault] !== before[fault]) say(fault, said[fault]);
  state.said = said;
  if (!state.closed) state.cancel = state.options.clock.after(everyMs, () => void checkAndReport(state, record, say));
}

function currentReport({ told, options }: WatchState): string | null {
  if (told === null) return null;
  const now = options.now();
  told.until = Math.min(told.until, now + reportedForMs);
  return told.until > now ? told.line : null;
}

/** Returns the path of the mark. It is not beside the ledger, so that a restored copy of the data folder brings no old mark. */
function markFile({ registry }: WatchOptions): string {
  return join(dirname(registry), 'ledger-mark.json');
}

/** Detects a moved or deleted file. The open handle could still write to it, and the next start would lose all of that. */
function checkFile(state: WatchState): void {
  const { ledgerFile, gone, log } = state.options;
  const isThere = statSync(ledgerFile, { throwIfNoEntry: false })?.ino === state.inode;
  if (isThere === (state.lost === null)) return;
  if (isThere) {
    state.lost = null;
    return log.warn({}, `${ledgerFile} is back in its place`);
  }
  state.lost = `${ledgerFile} was deleted or moved while it was in use: nothing is written until it is back in its place`;
  log.error({}, state.lost);
  gone(state.lost);
}

/** Guarantee: the mark advances only after the ledger has recorded what it lacks. */
async function updateMark(state: WatchState, record: RecordOps): Promise<void> {
  const { ledger, flows, log, now } = state.options;
  try {
    if (state.found !== undefined && !(await record(rowsOf(state.found, state.told, now())))) return;
    state.found = undefined;
    const text = markText(await ledger.progress());
    if (text === state.mark) return;
    replaceFile(markFile(state.options), text);
    if (state.mark === '') rmSync(`${flows}/${restoredNote}`, { force: true });
    state.mark = text;
  } catch (error) {
    log.warn({}, `the mark of the ledger cannot be written: ${codeOf(error)}`);
  }
}

/** Writes one row per missing act, because the summary line has space only for the newest. */
function rowsOf({ line, acts }: MissingData, told: ActiveReport | null, at: number): Op[] {
  const gone = acts.toReversed().map((one) => oneLine(`${one.who}: ${one.what}, ${one.about} (${timeText(one.at)})`, 2 * textMost));
  return [
    ...gone.map((about): Op => ({ op: 'audit', at, who: 'centre', what: 'act is gone', about })),
    { op: 'meta', key: olderKey, value: JSON.stringify(told) },
    { op: 'audit', at, who: 'centre', what: 'ledger went back', about: line },
  ];
}

// The mark records how far the ledger was a few seconds ago. It lies with the files for the broker and not beside the ledger, so it shows
// when the ledger went back (an old copy, a lost or cut write-ahead log), and which actions of people are missing from it.

const act = v.object({ id: v.number(), at: v.number(), who: v.string(), what: v.string(), about: v.string() });
const markSchema = v.object({
  ledger: v.string(),
  commits: v.number(),
  lastAct: v.number(),
  head: v.optional(v.string()),
  acts: v.array(act),
});
const noteSchema = v.object({ at: v.number(), restoredAt: v.number() });

export type LedgerMark = v.InferOutput<typeof markSchema>;
/** Time of a restored backup, and of the restore. */
export type RestoreNote = v.InferOutput<typeof noteSchema>;
/** The missing part of a ledger: one line, and each missing act of people, newest first. */
export type MissingData = { line: string; acts: AuditAct[] };

const actsNamed = 5;
/** Limit of each text of an act in the mark, in characters. */
const textMost = 200;

/** Compares a ledger with its mark. Returns undefined if nothing is known to be missing. */
export function findMissing(held: Progress, mark: LedgerMark | undefined, note: RestoreNote | undefined): MissingData | undefined {
  const how = note === undefined ? 'the ledger went back' : `the ledger was restored from a backup of ${timeText(note.at)}`;
  if (mark === undefined) {
    const since = `the actions of people after that time are lost`;
    return note && { line: `${how}: ${since}`, acts: [] };
  }
  const isSame = mark.ledger === held.ledger;
  const commits = isSame ? mark.commits - held.commits : mark.commits;
  if (commits <= 0) return undefined;
  const acts = mark.acts.filter(({ id }) => !isSame || id > held.lastAct);
  const head = isSame ? how : 'this is not the ledger that was in this folder before';
  const named = acts.slice(0, actsNamed).map((one) => `${one.who}: ${one.what} (${timeText(one.at)})`);
  const more = acts.length > actsNamed ? `, and ${acts.length - actsNamed} more` : '';
  // The mark holds only the newest acts. If all of these are missing, older ones may be missing too.
  const isAll = (acts.at(-1)?.id ?? 0) <= (isSame ? held.lastAct : 0) + 1 || acts.length < mark.acts.length;
  const count = `${isAll ? '' : 'at least '}${acts.length} ${acts.length === 1 ? 'act' : 'acts'}`;
  const lost = `${commits} ${commits === 1 ? 'commit' : 'commits'} and ${count} of people are lost`;
  return { line: oneLine(`${head}: ${lost}${named.length > 0 ? `: ${named.join('; ')}${more}` : ''}`, 900), acts };
}

/**
 * Checks that the audit log still has the row of the mark. `hash` is the current hash of that row, null if the row is missing. Returns
 * undefined if the hash matches, is unknown, or belongs to another ledger.
 */
function findChangedAudit(held: Progress, { ledger, lastAct, head }: LedgerMark, hash: string | null): MissingData | undefined {
  if (ledger !== held.ledger || head === undefined || lastAct === 0 || hash === head) return undefined;
  const how = hash === null ? 'is gone' : 'differs from the row that was here';
  return { line: `the audit was changed while the server did not run: its row ${lastAct} ${how}`, acts: [] };
}

export function readMark(file: string): LedgerMark | undefined {
  return readJson(file, markSchema);
}

export function readRestoreNote(flows: string): RestoreNote | undefined {
  return readJson(`${flows}/${restoredNote}`, noteSchema);
}

export function markText({ ledger, commits, lastAct, head, acts }: Progress): string {
  return `${JSON.stringify({ ledger, commits, lastAct, head, acts: acts.map((one) => ({ ...one, about: oneLine(one.about, textMost) })) })}\n`;
}

function readJson<S extends v.GenericSchema>(file: string, schema: S): v.InferOutput<S> | undefined {
  try {
    return v.parse(schema, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

// Judges the clock of the machine: it must not be behind the ledger, and a time service must set it.

/** `newestAt`: newest time in the ledger; `now` and `up`: wall clock and uptime of the machine. */
export type ClockCheckOptions = {
  newestAt: number;
  now(): number;
  up(): number;
  /** Undefined if unknown. */
  isSynchronised(): boolean | undefined;
};

const minuteMs = 60_000;
/** Deviation up to which a clock behind the ledger counts as right. A time service corrects such a deviation gradually. */
const toleranceMs = minuteMs;
/** Time after the start within which a time service must have set the clock. */
const unsetMs = 10 * minuteMs;
/** Time after which a clock that is behind the ledger is trusted, because the ledger was then written by a clock that was ahead. */
const trustedAfterMs = 24 * 60 * minuteMs;

/**
 * Returns a function that returns the fault of the clock in one line, or null. A clock that is set while the server runs is followed (R29,
 * clock of the server). Only the start is compared with the ledger, because later nothing shows which time is right.
 */
export function createClockCheck({ newestAt, now, up, isSynchronised }: ClockCheckOptions): () => string | null {
  const startedUp = up();
  let newest = newestAt;
  return () => {
    const behindMs = newest - now();
    // The clock has caught up, was set, or has been behind for a day.
    if (behindMs <= toleranceMs || up() - startedUp > trustedAfterMs) newest = 0;
    else return `the clock of this machine is ${spanOf(behindMs)} behind the last entry of the ledger`;
    if (up() - startedUp > unsetMs && isSynchronised() === false)
      return 'nothing sets the clock of this machine: systemd-timesyncd has reached no time server yet';
    return null;
  };
}

/** Reads the state of systemd-timesyncd; undefined if another program sets the clock. */
export function isSynchronised(run = '/run/systemd/timesync'): boolean | undefined {
  return existsSync(run) ? existsSync(join(run, 'synchronized')) : undefined;
}

function spanOf(ms: number): string {
  const minutes = Math.round(ms / minuteMs);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 60 / 24)} days`;
}
