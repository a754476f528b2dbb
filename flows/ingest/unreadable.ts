/** Messages that could not be read, or what of them could not be applied or written (R28): said and kept, and their sender stays connected. */
import { budgets } from '#contracts';
import type { Op } from '../records/ops.ts';
import type { Report } from './read-message.ts';

const notedEveryMs = 60_000 / budgets.logLinesAMinute.most;

/** Rows for the audit; none where one of this PC was written within the last minute. */
export function createUnreadable(log: { warn(fields: object, line: string): void }) {
  const noted = new Map<string, number>();
  return ({ pc, leaf, result, detail }: Pick<Report, 'pc' | 'result' | 'detail'> & { leaf: string }, now: number): Op[] => {
    if (detail === undefined || now - (noted.get(pc) ?? Number.NEGATIVE_INFINITY) < notedEveryMs) return [];
    noted.set(pc, now);
    log.warn({ who: pc, reason: result }, `unreadable ${leaf}: ${detail}`);
    return [{ op: 'audit', at: now, who: pc, what: `unreadable ${leaf}`, about: `${result}: ${detail}` }];
  };
}
