/** The seat of the room as a process: `sabha-agent room`, in the session of the signed-in user. */
import { existsSync, mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { languageFor, messageOf, onToldToEnd, realClock } from '@sabha/contracts';
import { keepHeapSmall } from './platform/heap.ts';
import { createProbes } from './probes/probes.ts';
import { isOfRoom } from './session/seats/apart.ts';
import { openDoor } from './session/seats/door.ts';
import { answerKeys, pressKey, textOf } from './session/seats/mend.ts';
import { createRoom } from './session/seats/room.ts';
import { createPlatform, doorAddress, sessionOf } from './this-pc.ts';
import { cardFile, cardPath, type Env, roomSocket, userFolder } from './uplink/store/data-folder.ts';
import { lineLog, rotatingFile, withMemory } from './uplink/store/log.ts';

const stdoutFd = 1;
const toStdout = (line: string) => void writeSync(stdoutFd, line);

/** Runs in this session until the process is asked to end. `data`: the folder of the agent. */
export async function main(env: Env, data: string): Promise<void> {
  const asked = new Promise((resolve) => onToldToEnd({ env, script: process.argv[1] }, resolve));
  const clock = realClock(Number(env['SABHA_SPEED'] ?? 1));
  const platform = createPlatform({ env: sessionOf(env), clock });
  const probes = createProbes({ clock }).filter(isOfRoom);
  const folder = userFolder(env, data);
  // The user may not write where the service does.
  const write = env['SABHA_LOG'] === undefined ? toStdout : rotatingFile(join(folder, 'room.log')).write;
  const log = withMemory(lineLog('room', { now: Date.now, write }), clock);
  const { save: saveCard } = cardFile(folder, log);
  keepHeapSmall(clock, globalThis.gc);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const seat = doorAddress(roomSocket(env, data));
  const room = createRoom({ seat, platform, probes, clock, random: Math.random, log, saveCard });
  // Without its key the room is judged too.
  await openDoor({ ...keyOf(folder), all: false, onSocket: answerKeys(room.mend, room.language) }).catch((error: unknown) => {
    log.warn({}, `the key to mend the room is not heard: ${messageOf(error)}`);
  });
  room.start();
  log.info({}, 'ready');
  await asked;
  room.stop();
}

/** Asks the seat that sits in this session to mend, or to take that back; the lines say what it did, or why not, in the language of the site. */
export async function press(env: Env, data: string, key: 'fix' | 'undo'): Promise<{ done: boolean; text: string }> {
  const answer = await pressKey(keyOf(userFolder(env, data)).address, key);
  return { done: answer.done, text: textOf(answer, languageFor([], env)) };
}

/** Where the card lies that the seat of this user has written; undefined before it has. */
export function writtenCard(env: Env, data: string): string | undefined {
  const file = cardPath(userFolder(env, data));
  return existsSync(file) ? file : undefined;
}

/** At which the key of this user is heard. */
function keyOf(folder: string) {
  return doorAddress(join(folder, 'key.sock'));
}
