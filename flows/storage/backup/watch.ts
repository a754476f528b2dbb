/** Keeps the mark of the ledger a few seconds behind it, and sees when the ledger's file is no longer where it was. */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cancel, type Clock, codeOf, oneLine, replaceFile } from '@sabha/contracts';
import * as v from 'valibot';
import { type AuditAct, type Ledger, type Op, olderKey, type Progress } from '../../engine/records/ops.ts';
import { timeText } from '../audit/chain.ts';
import { LedgerError } from '../ledger/poison.ts';
import { restoredNote } from './restore.ts';

const everyMs = 5_000;
/** For as long PCs keep what was acknowledged, and send it again (R4). */
const toldForMs = 24 * 3_600_000;

/** `flows` = the data folder with the ledger, `registry` = what the broker was told, beside which the mark stands. */
export type WatchOptions = {
  ledger: Ledger;
  ledgerFile: string;
  flows: string;
  registry: string;
  clock: Clock;
  now(): number;
  /** The ledger's file is gone. */
  gone(line: string): void;
  /** Whether something sets the clock of the machine; undefined where nobody can say. */
  isSynchronised?(): boolean | undefined;
  /** What the ledger holds was written by another clock. */
  ignoresTime?: boolean;
  log: Record<'warn' | 'error', (fields: object, line: string) => void>;
};

/** `ledger` is the one to write to: it refuses while its file is gone. */
export type LedgerWatch = Awaited<ReturnType<typeof watchLedger>>;

type Fault = 'centre.ledger_older' | 'centre.clock';
type Say = (fault: Fault, reason: string | null) => void;
type RecordOps = (ops: readonly Op[]) => Promise<boolean>;
type State = {
  options: WatchOptions;
  clockTrouble: () => string | null;
  inode: number;
  lost: string | null;
  found: WentBack | undefined;
  told: Told | null;
  /** What stands in the file of the mark, and what was said of each fault. */
  mark: string;
  said: { [fault in Fault]?: string | null };
  cancel: Cancel;
  closed: boolean;
};
type Told = { until: number; line: string };

/** Looks at the ledger as it was opened; to be called before anything is written to it. Rejects where it cannot be read. */
export async function watchLedger(options: WatchOptions) {
  const { ledger, ledgerFile, flows, log, now } = options;
  const held = await ledger.progress();
  const mark = readMark(markFile(options));
  const found = wentBack(held, mark, readNote(flows)) ?? (mark && changedBehind(held, mark, await ledger.hashAt(mark.lastAct)));
  if (found !== undefined) log.error({ acts: found.acts }, `${found.line}; PCs are asked for what they keep of the last 24 hours`);
  const told = found ? { until: now() + toldForMs, line: found.line } : (JSON.parse(held.older ?? 'null') as Told | null);
  const clockTrouble = createClockJudge({
    newestAt: options.ignoresTime === true ? 0 : held.newestAt,
    up: options.clock.up,
    isSynchronised: () => undefined,
    ...options,
  });
  const { ino: inode } = statSync(ledgerFile);
  const none = { lost: null, mark: '', said: {}, cancel: () => undefined, closed: false };
  const state: State = { options, clockTrouble, inode, found, told, ...none };
  return {
    ledger: {
      ...ledger,
      async commit(ops: Op[]) {
        if (state.lost !== null) throw new LedgerError('io', state.lost);
        const receipt = await ledger.commit(ops);
        // What took somebody a day to write does not wait in the log for the hour to be over.
        const hasImport = ops.some((op) => op.op === 'audit' && op.what.endsWith(' imported'));
        if (hasImport) await ledger.checkpoint().catch((error: Error) => log.warn({}, `no checkpoint: ${error.message}`));
        return receipt;
      },
    },
    /** What it lacks, told for a day, as an audit says it. */
    older(): { older?: string } {
      const line = standing(state);
      return line === null ? {} : { older: line };
    },
    /** Writes down what it lacks; then the mark follows the ledger as it is now. `record` is false where that was not taken, and is asked again. */
    start: (record: RecordOps, say: Say): Promise<void> => tick(state, record, say),
    close(): void {
      state.closed = true;
      state.cancel();
    },
  };
}

async function tick(state: State, record: RecordOps, say: Say): Promise<void> {
  look(state);
  if (state.lost === null) await keepMark(state, record);
  const before = state.said;
  const said = { 'centre.ledger_older': standing(state), 'centre.clock': state.clockTrouble() };
  // The first time in any case: an incident of before may be open.
  for (const fault of ['centre.ledger_older', 'centre.clock'] as const) if (said[fault] !== before[fault]) say(fault, said[fault]);
  state.said = said;
  if (!state.closed) state.cancel = state.options.clock.after(everyMs, () => void tick(state, record, say));
}

function standing({ told, options }: State): string | null {
  if (told === null) return null;
  const now = options.now();
  told.until = Math.min(told.until, now + toldForMs);
  return told.until > now ? told.line : null;
}

/** Not beside the ledger: who restores that from a copy must not restore this with it. */
function markFile({ registry }: WatchOptions): string {
  return join(dirname(registry), 'ledger-mark.json');
}

/** A file that is deleted or moved can still be written through the handle that is open: all of it would be gone with the next start. */
function look(state: State): void {
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

/** Guarantee: the mark moves on only once the ledger itself says what it lacks. */
async function keepMark(state: State, record: RecordOps): Promise<void> {
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

/** Each act that is gone has a row of its own: the line has room for the newest. */
function rowsOf({ line, acts }: WentBack, told: Told | null, at: number): Op[] {
  const gone = acts.toReversed().map((one) => oneLine(`${one.who}: ${one.what}, ${one.about} (${timeText(one.at)})`, 2 * textMost));
  return [
    ...gone.map((about): Op => ({ op: 'audit', at, who: 'centre', what: 'act is gone', about })),
    { op: 'meta', key: olderKey, value: JSON.stringify(told) },
    { op: 'audit', at, who: 'centre', what: 'ledger went back', about: line },
  ];
}

// The mark says how far the ledger was a few seconds ago. It lies with the files for the broker and not beside the ledger, so it shows when
// the ledger went back (an old copy, a lost or cut write-ahead log), and which actions of people are missing from it.

const act = v.object({ id: v.number(), at: v.number(), who: v.string(), what: v.string(), about: v.string() });
const markSchema = v.object({
  ledger: v.string(),
  commits: v.number(),
  lastAct: v.number(),
  head: v.optional(v.string()),
  acts: v.array(act),
});
const noteSchema = v.object({ at: v.number(), restoredAt: v.number() });

/** How far a ledger was. */
export type Mark = v.InferOutput<typeof markSchema>;
/** A backup that was put in the place of a ledger: of when it is, and when that was. */
export type Note = v.InferOutput<typeof noteSchema>;
/** What is missing of a ledger: in one line, and each act of people, newest first. */
export type WentBack = { line: string; acts: AuditAct[] };

const actsTold = 5;
/** Characters of each text of an act in the mark. */
const textMost = 200;

/** What a ledger lacks of what stood here before; undefined where it lacks nothing that is known of. */
export function wentBack(held: Progress, mark: Mark | undefined, note: Note | undefined): WentBack | undefined {
  const how = note === undefined ? 'the ledger went back' : `the ledger was restored from a backup of ${timeText(note.at)}`;
  if (mark === undefined) {
    const since = `what people did after it is not known here, and is gone`;
    return note && { line: `${how}: ${since}`, acts: [] };
  }
  const isSame = mark.ledger === held.ledger;
  const commits = isSame ? mark.commits - held.commits : mark.commits;
  if (commits <= 0) return undefined;
  const acts = mark.acts.filter(({ id }) => !isSame || id > held.lastAct);
  const head = isSame ? how : 'this is another ledger than the one that stood here';
  const named = acts.slice(0, actsTold).map((one) => `${one.who}: ${one.what} (${timeText(one.at)})`);
  const more = acts.length > actsTold ? `, and ${acts.length - actsTold} more` : '';
  // The mark holds the last of them: where all those are gone, others may be that stood before.
  const isAll = (acts.at(-1)?.id ?? 0) <= (isSame ? held.lastAct : 0) + 1 || acts.length < mark.acts.length;
  const count = `${isAll ? '' : 'at least '}${acts.length} ${acts.length === 1 ? 'act' : 'acts'}`;
  const lost = `${commits} ${commits === 1 ? 'commit' : 'commits'} and ${count} of people are gone`;
  return { line: oneLine(`${head}: ${lost}${named.length > 0 ? `: ${named.join('; ')}${more}` : ''}`, 900), acts };
}

/**
 * Whether the audit is still the one that stood here: `hash` = what its row of the mark has now, null where that row is gone. Undefined where it
 * is, where the mark knows no hash, and where it is of another ledger.
 */
function changedBehind(held: Progress, { ledger, lastAct, head }: Mark, hash: string | null): WentBack | undefined {
  if (ledger !== held.ledger || head === undefined || lastAct === 0 || hash === head) return undefined;
  const how = hash === null ? 'is gone' : 'is not the one that stood here';
  return { line: `the audit was changed while the centre did not run: its row ${lastAct} ${how}`, acts: [] };
}

/** The mark in a file; undefined where there is none that can be read. */
export function readMark(file: string): Mark | undefined {
  return readJson(file, markSchema);
}

/** What a restore left in the data folder of `flows`. */
export function readNote(flows: string): Note | undefined {
  return readJson(`${flows}/${restoredNote}`, noteSchema);
}

/** The mark as it is written. */
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

/** `newestAt` = a time that was reached when the ledger was written; `now` and `up` are of the machine. */
export type ClockJudgeOptions = {
  newestAt: number;
  now(): number;
  up(): number;
  /** Undefined where nobody can say. */
  isSynchronised(): boolean | undefined;
};

const minuteMs = 60_000;
/** What is less is set little by little. */
const toleranceMs = minuteMs;
/** After its start a machine has this long until its clock is set. */
const unsetMs = 10 * minuteMs;
/** Longer than a day a clock is not behind: what the ledger knows was written by one that was ahead. */
const believedForMs = 24 * 60 * minuteMs;

/**
 * To be asked now and then; answers what is wrong with the clock, in one line, or null. One that is set while the centre runs is followed (R29),
 * since nobody knows whether it was right before or is now: it is the start that is compared with the ledger.
 */
export function createClockJudge({ newestAt, now, up, isSynchronised }: ClockJudgeOptions): () => string | null {
  const startedUp = up();
  let newest = newestAt;
  return () => {
    const behindMs = newest - now();
    // It has caught up, was set, or has been so for a day.
    if (behindMs <= toleranceMs || up() - startedUp > believedForMs) newest = 0;
    else return `the clock of this machine is ${spanOf(behindMs)} behind what the ledger has written already`;
    if (up() - startedUp > unsetMs && isSynchronised() === false)
      return 'nothing sets the clock of this machine: systemd-timesyncd has reached no time server yet';
    return null;
  };
}

/** By what systemd-timesyncd leaves; a machine whose clock another program sets does not say. */
export function isSynchronised(run = '/run/systemd/timesync'): boolean | undefined {
  return existsSync(run) ? existsSync(join(run, 'synchronized')) : undefined;
}

function spanOf(ms: number): string {
  const minutes = Math.round(ms / minuteMs);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 60 / 24)} days`;
}
