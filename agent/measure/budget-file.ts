/** The budget's file in the agent's folder. It stands beside the spool, which no other process may open, so that `agent check` can read it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '#contracts';
import type { Log } from '../log.ts';
import type { BudgetStore } from './budget.ts';

/** A file that cannot be read or written costs the count of what was before, and nothing else: one line says so. */
export function budgetFile(dataDir: string, log: Pick<Log, 'warn'>): BudgetStore {
  const file = join(dataDir, 'budget.json');
  const trying = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      log.warn({}, `the data budget is not kept: ${file}: ${(error as Error).message}`);
      return undefined;
    }
  };
  return {
    load: () => (existsSync(file) ? trying(() => readFileSync(file, 'utf8')) : undefined),
    save: (text) => void trying(() => replaceFile(file, text)),
  };
}
