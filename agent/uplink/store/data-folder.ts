/** Paths of the files that the agent keeps. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, replaceFile } from '@sabha/contracts';
import type { Log } from './log.ts';

export type Env = Record<string, string | undefined>;

/** Environment variable for the socket path between `run` and `room`. If it is set, `run` leaves the room to the other process. */
export const roomSocketVariable = 'SABHA_ROOM_SOCKET';

/** Returns the data folder: `--data DIR`, else SABHA_DATA, else ./data/agent. The same for every verb and for the launcher. */
export function dataFolder(env: Env, words: readonly string[]): string {
  const { values } = parseArgs({ args: [...words], options: { data: { type: 'string' } }, strict: false, allowPositionals: true });
  return (typeof values.data === 'string' && values.data) || env['SABHA_DATA'] || 'data/agent';
}

/** Returns the folder of the user's room card: one that ends with the session if the system has it, else one in `data`. */
export function userFolder(env: Env, data: string): string {
  return join(env['XDG_RUNTIME_DIR'] || env['LOCALAPPDATA'] || data, 'sabha-room');
}

/** Returns the socket path between `run` and `room`: from the environment in the packaged service, else in the data folder of `run`. */
export function roomSocket(env: Env, data: string): string {
  return env[roomSocketVariable] ?? join(data, 'room.sock');
}

/** Returns the environment for a `run` whose room helper is another process. */
export function withSeparateRoom(env: Env, data: string): Env {
  return { ...env, [roomSocketVariable]: roomSocket(env, data) };
}

/** A file that keeps one text. `load`: undefined if it is missing or unreadable. `save`: false if the write failed. */
export type TextFile = { load(): string | undefined; save(text: string): boolean };

export const budgetFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dataDir, 'budget.json'), 'the data budget', log);

/** The last link report, on the PC that measures the link. */
export const linkFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dataDir, 'link.json'), 'the measured values of the link', log);

export const cardPath = (dataDir: string) => join(dataDir, 'card.html');
/** The room card for the people at this PC. */
export const cardFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile => openTextFile(cardPath(dataDir), 'the room card', log);

/** The last report of the room helper, beside its socket. The system may clear that folder when `run` ends. */
export const roomFile = (socket: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dirname(socket), 'room.json'), 'the report of the session helper', log);

/** The last address at which the server was authenticated. */
export const centreAddressFile = (dataDir: string, log: Pick<Log, 'warn'>): TextFile =>
  openTextFile(join(dataDir, 'centre-address.txt'), 'the address of the server', log);

/** Opens a file that may fail. A failure loses only its content, and repeated failures log one line. */
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
