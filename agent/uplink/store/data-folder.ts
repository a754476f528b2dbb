/** Where the agent keeps what is its own. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

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
