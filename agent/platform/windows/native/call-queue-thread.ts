/** Worker thread for calls into Windows services and drivers, which may block indefinitely. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '@sabha/contracts';
import { shortText } from '../../text.ts';
import type { FromThread, ToThread } from './call-queue.ts';
import { loadKoffi } from './koffi.ts';
import { createBlockingCalls } from './slow.ts';

const koffi = loadKoffi();
if (!koffi.known) throw new Error(koffi.reason);
const slow = createBlockingCalls(koffi.value);
const say = (message: FromThread) => parentPort?.postMessage(message);

parentPort?.on('message', ({ what, args }: ToThread) => {
  try {
    say({ known: true, value: (slow[what] as (...args: unknown[]) => unknown)(...args) });
  } catch (error) {
    say({ known: false, reason: shortText(messageOf(error)) });
  }
});
say('ready');
