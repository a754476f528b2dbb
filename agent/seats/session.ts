/** The process of the room seat: `sabha-agent room`, in the session of the signed-in user. */
import { mkdirSync } from 'node:fs';
import { messageOf } from '#contracts';
import { type DoorOptions, openDoor } from './door.ts';
import { answerKeys } from './mend-door.ts';
import { createRoom, type RoomOptions } from './room.ts';
import { createToasts } from './toasts.ts';

/** `key`: the address at which the key of this user is heard, in his own `folder`. */
export type SessionOptions = Omit<RoomOptions, 'toasts'> & { folder: string; key: Pick<DoorOptions, 'address' | 'isPipe'> };

/** Sits down until the end is asked for. Without its key the room is judged all the same. */
export async function sit({ folder, key, ...options }: SessionOptions, asked: Promise<unknown>): Promise<void> {
  const { clock, platform, log } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const room = createRoom({ ...options, toasts: (mend) => createToasts({ clock, platform, log, mend }) });
  await openDoor({ ...key, all: false, onSocket: answerKeys(room.mend, room.language) }).catch((error: unknown) => {
    log.warn({}, `the key to mend the room is not heard: ${messageOf(error)}`);
  });
  room.start();
  log.info({}, 'ready');
  await asked;
  room.stop();
}
