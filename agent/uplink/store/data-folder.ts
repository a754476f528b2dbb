/** Paths of the files that the agent stores. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, replaceFile } from '@sabha/contracts';
import type { Log } from './log.ts';

export type Env = Record<string, string | undefined>;

/**
 * Environment variable with the socket path between `run` and `room`. If it is set, `run` leaves the checks of the session to the `room`
 * process.
 */
export const roomSocketVariable = 'SABHA_ROOM_SOCKET';

/** Returns the data folder: `--data DIR`, else SABHA_DATA, else ./data/agent. All commands and the launcher use it. */
export function dataFolder(env: Env, words: readonly string[]): string {
  const { values } = parseArgs({ args: [...words], options: { data: { type: 'string' } }, strict: false, allowPositionals: true });
  return (typeof values.data === 'string' && values.data) || env['SABHA_DATA'] || 'data/agent';
}

/** Returns the folder for the user's room card: the session's private folder if the system has one, else a folder in `data`. */
export function userFolder(env: Env, data: string): string {
  return join(env['XDG_RUNTIME_DIR'] || env['LOCALAPPDATA'] || data, 'sabha-room');
}

/** Returns the socket path between `run` and `room`: from the environment in the packaged service, else in the data folder. */
export function roomSocket(env: Env, data: string): string {
  return env[roomSocketVariable] ?? join(data, 'room.sock');
}

/** Returns the environment for a `run` whose session helper is another process. */
export function withSeparateRoom(env: Env, data: string): Env {
  return { ...env, [roomSocketVariable]: roomSocket(env, data) };
}

/** File that holds one text. `load` returns undefined if the file is missing or unreadable. `save` returns false if the write failed. */
export type TextFile = { load(): string | undefined; save(text: string): boolean };

export const budgetFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dataDir, 'budget.json'), 'the data budget', log);

/** File of the last link report, on the PC that measures the link. */
export const linkFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dataDir, 'link.json'), 'the measured values of the link', log);

export const cardPath = (dataDir: string) => join(dataDir, 'card.html');
/** File of the room card for the people at this PC. */
export const cardFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile => openTextFile(cardPath(dataDir), 'the room card', log);

/** File of the last report of the session helper, beside its socket. The operating system may clear that folder when `run` ends. */
export const roomFile = (socket: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dirname(socket), 'room.json'), 'the report of the session helper', log);

/** File of the last IP address at which the server proved its identity. */
export const centreAddressFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dataDir, 'centre-address.txt'), 'the address of the server', log);

/** Opens a file whose failure loses only its content. Repeated failures cause one log line. */
function openTextFile(file: string, what: string, log: Pick<Log, 'warn'>): TextFile {
  let told = '';
  const trying = <T>(work: () => T): T | undefined => {
    try {
      const done = work();
      told = '';
      return done;
    } catch (error) {
      const line = `${what} is not stored: ${file}: ${messageOf(error)}`;
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

/** Key-value store on the disk of this PC, kept across restarts. */
export type KeyValueStore = {
  recall(key: string): string | undefined;
  /** Returns false if the disk refused. */
  remember(key: string, value: string): boolean;
};
