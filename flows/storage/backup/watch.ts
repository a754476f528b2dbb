/** Keeps the mark of the ledger a few seconds behind it, and sees when the ledger's file is no longer where it was. */
import { rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cancel, type Clock, codeOf, oneLine, replaceFile } from '@sabha/contracts';
import type { Ledger, Op } from '../../engine/records/ops.ts';
import { olderKey } from '../../engine/records/ops.ts';
import { timeText } from '../audit/proof.ts';
import { LedgerError } from '../ledger/poison.ts';
import { createClockJudge } from './clock-judge.ts';
import { changedBehind, markText, readMark, readNote, textMost, type WentBack, wentBack } from './mark.ts';
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
        if (ops.some(isImport)) await ledger.checkpoint().catch((error: Error) => log.warn({}, `no checkpoint: ${error.message}`));
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

function isImport(op: Op): boolean {
  return op.op === 'audit' && op.what.endsWith(' imported');
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
