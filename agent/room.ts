/** Command `sabha-agent room`: the session helper, a process in the session of the signed-in user. */
import { existsSync, mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { languageFor, messageOf, onShutdownRequest, realClock } from '@sabha/contracts';
import { keepHeapSmall } from './platform/heap.ts';
import { createProbes } from './probes/probes.ts';
import { listenLocally } from './session/session-helper/ipc-server.ts';
import { isRoomProbe } from './session/session-helper/remote-probes.ts';
import { repairText, requestRepair, serveRepairKey } from './session/session-helper/repair.ts';
import { createHelper } from './session/session-helper/room.ts';
import { createPlatform, localAddress, sessionEnv } from './this-pc.ts';
import { cardFile, cardPath, type Env, roomSocket, userFolder } from './uplink/store/data-folder.ts';
import { lineLog, rotatingFile, withMemory } from './uplink/store/log.ts';

const stdoutFd = 1;
const toStdout = (line: string) => void writeSync(stdoutFd, line);

/** Runs the session helper until it must end. `data`: data folder of the agent. */
export async function main(env: Env, data: string): Promise<void> {
  const asked = new Promise((resolve) => onShutdownRequest({ env, script: process.argv[1] }, resolve));
  const clock = realClock(Number(env['SABHA_SPEED'] ?? 1));
  const platform = createPlatform({ env: sessionEnv(env), clock });
  const probes = createProbes({ clock }).filter(isRoomProbe);
  const folder = userFolder(env, data);
  // Writes the log to the user's folder, because the user may not write to the folder of the service.
  const write = env['SABHA_LOG'] === undefined ? toStdout : rotatingFile(join(folder, 'room.log')).write;
  const log = withMemory(lineLog('room', { now: Date.now, write }), clock);
  const { save: saveCard } = cardFile(folder, log);
  keepHeapSmall(clock, globalThis.gc);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const seat = localAddress(roomSocket(env, data));
  const room = createHelper({ seat, platform, probes, clock, random: Math.random, log, saveCard });
  // If the repair key of the keyboard cannot call the helper, the helper runs without it.
  await listenLocally({ ...repairKeyAddress(folder), all: false, onSocket: serveRepairKey(room.mend, room.language) }).catch(
    (error: unknown) => {
      log.warn({}, `the keys that repair the room do not work: ${messageOf(error)}`);
    },
  );
  room.start();
  log.info({}, 'ready');
  await asked;
  room.stop();
}

/** Asks the running helper of this session to repair or undo. Returns its text in the language of the site. */
export async function requestHelper(env: Env, data: string, key: 'fix' | 'undo'): Promise<{ done: boolean; text: string }> {
  const answer = await requestRepair(repairKeyAddress(userFolder(env, data)).address, key);
  return { done: answer.done, text: repairText(answer, languageFor([], env)) };
}

/** Returns the path of the room card that the helper of this user wrote; undefined if there is none yet. */
export function findCard(env: Env, data: string): string | undefined {
  const file = cardPath(userFolder(env, data));
  return existsSync(file) ? file : undefined;
}

function repairKeyAddress(folder: string) {
  return localAddress(join(folder, 'key.sock'));
}
