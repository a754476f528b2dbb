/** Where the agent keeps what is its own. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, replaceFile } from '@sabha/contracts';
import type { Log } from './log.ts';

/** What the environment says. */
export type Env = Record<string, string | undefined>;

/** Names where the two seats meet; where it is set, `run` leaves the room to another process. */
export const seatName = 'SABHA_ROOM_SOCKET';

/** `--data DIR` among the words of a call, else SABHA_DATA, else ./data/agent: one folder for every verb, and for the launcher. */
export function dataFolder(env: Env, words: readonly string[]): string {
  const { values } = parseArgs({ args: [...words], options: { data: { type: 'string' } }, strict: false, allowPositionals: true });
  return (typeof values.data === 'string' && values.data) || env['SABHA_DATA'] || 'data/agent';
}

/** Where the room seat of this user keeps his card: a folder that ends with his session, where the system has one, else one in `data`. */
export function userFolder(env: Env, data: string): string {
  return join(env['XDG_RUNTIME_DIR'] || env['LOCALAPPDATA'] || data, 'sabha-room');
}

/** Where the two seats meet: beside the service of the package it is named, else it lies in the folder of `run`. */
export function roomSocket(env: Env, data: string): string {
  return env[seatName] ?? join(data, 'room.sock');
}

/** The settings of a `run` whose room seat is another process. */
export function withSeatApart(env: Env, data: string): Env {
  return { ...env, [seatName]: roomSocket(env, data) };
}

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

/** What is remembered of a word by the name of its key, on the disk of this PC and over restarts. */
export type Memory = {
  recall(key: string): string | undefined;
  /** False where the disk refused it. */
  remember(key: string, value: string): boolean;
};
