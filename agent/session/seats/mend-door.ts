/** The key in the room: a program that is started for a moment asks the seat of the same user to mend, or to take that back. */
import { connect } from 'node:net';
import * as v from 'valibot';
import { type Language, messageOf, readJson, reasonIn } from '#contracts';
import type { DoorOptions } from './door.ts';
import { readLines, sendLine } from './lines.ts';
import type { Mend } from './mend.ts';
import { type KeyResult, keyResult } from './messages.ts';
import { phrases } from './words.ts';

const askLimitMs = 10_000;
const question = v.object({ key: v.picklist(['fix', 'undo']) });

/** Answers one question a connection, in the language of the site. The folder of the address is its user's alone: whoever asks is he. */
export function answerKeys(mend: Mend, language: () => Language | undefined): DoorOptions['onSocket'] {
  return (socket) => {
    const end = () => void socket.destroy();
    socket.on('error', end).setTimeout(askLimitMs, end);
    readLines(socket, (text) => {
      const asked = readJson(question, text);
      if (asked === undefined) return end();
      void mend[asked.key](AbortSignal.timeout(askLimitMs))
        .catch((error: unknown): KeyResult => ({ done: false, reason: messageOf(error) }))
        .then((answer) => {
          sendLine(socket, { ...answer, language: language() });
          socket.destroySoon();
        });
    });
  };
}

/** For whoever pressed the key: what was changed, a line each, and why no more was. `otherwise`: of whom no seat says what language is spoken here. */
export function textOf(answer: KeyResult, otherwise: Language): string {
  const { language = otherwise } = answer;
  const lines = answer.steps?.map(({ did, name }) => `${phrases[did][language]}: ${name}`) ?? [];
  if (!answer.done) lines.push(reasonIn(answer.reason, language));
  return lines.join('\n') || phrases.nothingToMend[language];
}

/** Asks the seat at this address. */
export async function pressKey(address: string, key: 'fix' | 'undo'): Promise<KeyResult> {
  const socket = connect(address);
  const answer = Promise.withResolvers<KeyResult>();
  const none = (reason: string) => answer.resolve({ done: false, reason });
  socket.setTimeout(2 * askLimitMs, () => none('the room seat does not answer'));
  socket
    .once('error', () => none('no room seat runs for this user: sign out and in again'))
    .once('close', () => none('the room seat went'));
  readLines(socket, (text) => answer.resolve(readJson(keyResult, text) ?? { done: false, reason: 'the answer cannot be read' }));
  sendLine(socket, { key });
  return answer.promise.finally(() => socket.destroy());
}
