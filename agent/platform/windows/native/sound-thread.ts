/** The thread in which Core Audio is looked at: a call into it waits for the sound service, however long that hangs. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '#contracts';
import { shortText } from '../../text.ts';
import { createCoreAudio } from './core-audio.ts';
import { loadKoffi } from './koffi.ts';
import type { FromThread } from './sound-looks.ts';
import { createProgramOf } from './system-calls.ts';

const koffi = loadKoffi();
if (!koffi.known) throw new Error(koffi.reason);
const look = createCoreAudio(koffi.value, { programOf: createProgramOf(koffi.value), own: process.pid });
const say = (message: FromThread) => parentPort?.postMessage(message);

parentPort?.on('message', () => {
  try {
    say({ known: true, value: look() });
  } catch (error) {
    say({ known: false, reason: shortText(messageOf(error)) });
  }
});
say('ready');
