/** The thread in which Core Audio is looked at, and told to mute: a call into it waits for the sound service, however long that hangs. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '#contracts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';
import { createCoreAudio, createMute } from './core-audio.ts';
import { loadKoffi } from './koffi.ts';
import type { FromThread, ToThread } from './sound-looks.ts';
import { createProgramOf } from './system-calls.ts';

const koffi = loadKoffi();
if (!koffi.known) throw new Error(koffi.reason);
const look = createCoreAudio(koffi.value, { programOf: createProgramOf(koffi.value), own: process.pid });
const mute = createMute(koffi.value);
const say = (message: FromThread) => parentPort?.postMessage(message);

parentPort?.on('message', (word: ToThread) => {
  say(word === 'look' ? answered(look) : { muted: answered(() => mute(word)) });
});
say('ready');

function answered<T>(act: () => T): Answer<T> {
  try {
    return { known: true, value: act() };
  } catch (error) {
    return { known: false, reason: shortText(messageOf(error)) };
  }
}
