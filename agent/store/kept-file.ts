/** What the agent writes down beside the spool, which no other process may open, for `agent check` and for people. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '#contracts';
import type { Log } from './log.ts';

/** A text that cannot be read counts as none. */
export type KeptFile = { load(): string | undefined; save(text: string): void };

/** The data budget: what was used this month. */
export const budgetFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile =>
  keptFile(join(dataDir, 'budget.json'), 'the data budget', log);

/** The last report on the link, where this PC measures it. */
export const linkFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile =>
  keptFile(join(dataDir, 'link.json'), 'what was measured of the link', log);

/** The room card, for whoever sits at this PC. */
export const cardFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile => keptFile(join(dataDir, 'card.html'), 'the room card', log);

/** The address at which the centre was last proven. */
export const centreAddressFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile =>
  keptFile(join(dataDir, 'centre-address.txt'), 'the address of the centre', log);

/** A file that cannot be read or written costs what stood in it, and nothing else: one line says so. */
function keptFile(file: string, what: string, log: Pick<Log, 'warn'>): KeptFile {
  const trying = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      log.warn({}, `${what} is not kept: ${file}: ${(error as Error).message}`);
      return undefined;
    }
  };
  return {
    load: () => (existsSync(file) ? trying(() => readFileSync(file, 'utf8')) : undefined),
    save: (text) => void trying(() => replaceFile(file, text)),
  };
}
