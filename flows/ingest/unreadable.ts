/** What is said of a PC whose messages could not be read, applied or written, or lack some (R28): it stays connected. */
import { budgets } from '@sabha/contracts';
import type { Op } from '../engine/records/ops.ts';
import type { Report } from './read-message.ts';

const notedEveryMs = 60_000 / budgets.logLinesAMinute.most;

/** What is said of one PC: `reason` is one of few. */
export type Note = { pc: string; what: string; reason: string; about: string };

/** Rows for the audit, and a line; neither where one of this PC was written within the last minute. */
export function createNotes(log: { warn(fields: object, line: string): void }) {
  const noted = new Map<string, number>();
  return ({ pc, what, reason, about }: Note, now: number): Op[] => {
    if (Math.abs(now - (noted.get(pc) ?? Number.NEGATIVE_INFINITY)) < notedEveryMs) return [];
    noted.set(pc, now);
    log.warn({ who: pc, reason }, `${what}: ${about}`);
    return [{ op: 'step', at: now, who: pc, what, about: `${reason}: ${about}` }];
  };
}

/** What is said of a message that could not be read; none where it could. */
export function unreadable({ pc, leaf, result, detail }: Pick<Report, 'pc' | 'result' | 'detail'> & { leaf: string }): Note[] {
  return detail === undefined ? [] : [{ pc, what: `unreadable ${leaf}`, reason: result, about: detail }];
}
