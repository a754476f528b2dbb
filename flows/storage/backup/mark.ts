/**
 * The mark of the ledger, which stands beside what the broker was told and not beside the ledger: how far that was a few seconds ago. By it a
 * ledger that went back (a copy, a write-ahead log that is gone or cut) is known, and what people did that is not in it any more.
 */
import { readFileSync } from 'node:fs';
import { oneLine } from '@sabha/contracts';
import * as v from 'valibot';
import type { AuditAct, Progress } from '../../engine/records/ops.ts';
import { timeText } from '../audit/proof.ts';
import { restoredNote } from './restore.ts';

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
export const textMost = 200;

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
export function changedBehind(held: Progress, { ledger, lastAct, head }: Mark, hash: string | null): WentBack | undefined {
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
