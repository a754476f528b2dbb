/** What the agent writes down beside the spool, which no other process may open, for `agent check` and for people. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, replaceFile } from '#contracts';
import type { Log } from './log.ts';

/** A text that cannot be read counts as none. `save`: false where it could not be written. */
export type KeptFile = { load(): string | undefined; save(text: string): boolean };

/** The data budget: what was used this month. */
export const budgetFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile =>
  keptFile(join(dataDir, 'budget.json'), 'the data budget', log);

/** The last report on the link, where this PC measures it. */
export const linkFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile =>
  keptFile(join(dataDir, 'link.json'), 'what was measured of the link', log);

/** Where the room card lies in its folder. */
export const cardPath = (dataDir: string) => join(dataDir, 'card.html');
/** The room card, for whoever sits at this PC. */
export const cardFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile => keptFile(cardPath(dataDir), 'the room card', log);

/** What the room seat said last, beside the socket where it joins: gone with `run`, where the system clears that folder. */
export const roomFile = (socket: string, log: Pick<Log, 'warn'>): KeptFile =>
  keptFile(join(dirname(socket), 'room.json'), 'what the room seat says', log);

/** The address at which the centre was last proven. */
export const centreAddressFile = (dataDir: string, log: Pick<Log, 'warn'>): KeptFile =>
  keptFile(join(dataDir, 'centre-address.txt'), 'the address of the centre', log);

/** A file that cannot be read or written costs what stood in it, and nothing else: one line says so, however often it is tried. */
function keptFile(file: string, what: string, log: Pick<Log, 'warn'>): KeptFile {
  let told = '';
  const trying = <T>(work: () => T): T | undefined => {
    try {
      const done = work();
      told = '';
      return done;
    } catch (error) {
      const line = `${what} is not kept: ${file}: ${messageOf(error)}`;
      if (line !== told) log.warn({}, line);
      told = line;
      return undefined;
    }
  };
  return {
    load: () => (existsSync(file) ? trying(() => readFileSync(file, 'utf8')) : undefined),
    save: (text) =>
      trying(() => {
        replaceFile(file, text);
        return true;
      }) ?? false,
  };
}
