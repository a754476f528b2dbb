/** Pages of answers that stand open: each is told at once what became of its incident. */
import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '@sabha/contracts';
import type { FastifyReply } from 'fastify';
import type { AnswerLink } from './answer-link.ts';
import type { Answers } from './answers.ts';

/** Pages that may stand open at a door, and those of one link: nobody shuts out all others. */
const livesAtMost = 256;
const livesOfOneLink = 4;
/** A page that hears nothing for a little longer knows that it may be old. */
const heartbeatMs = 15_000;
/** A phone in a pocket is let go; its page asks anew when it is looked at. */
const lifeMs = 60 * 60_000;

/** Guarantee: a page is told of its own incident only; what is closed holds no timer and no listener. */
export function createLives({ answers, clock }: { answers: Answers; clock: Clock }) {
  const open = new Map<ServerResponse, string>();

  /** False where too many stand open. */
  function openLive(reply: FastifyReply, { person, incident, id }: AnswerLink): boolean {
    const key = `${person}.${incident}.${id}`;
    const own = [...open.values()].filter((one) => one === key).length;
    if (open.size >= livesAtMost || own >= livesOfOneLink) return false;
    const response = reply.raw;
    response.writeHead(200, {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    } as Record<string, string>);
    open.set(response, key);
    let told = '';
    const tell = () => {
      const { live, clock: time } = answers.sheet(person, incident, id) ?? {};
      const text = live === undefined ? '' : JSON.stringify(live);
      if (text !== '' && text !== told) response.write(`event: clock\ndata: ${time}\n\ndata: ${text}\n\n`);
      told = text;
    };
    let cancelBeat: Cancel = () => {};
    const beat = () => {
      cancelBeat = clock.after(heartbeatMs, () => {
        const time = answers.sheet(person, incident, id)?.clock;
        // The page says of what it shows how old it is, on the clocks of the site.
        response.write(time === undefined ? ': here\n\n' : `event: clock\ndata: ${time}\n\n`);
        beat();
      });
    };
    const cancelChange = answers.onChange(incident, tell);
    const cancelLife = clock.after(lifeMs, () => response.end());
    const end = () => {
      for (const cancel of [cancelBeat, cancelChange, cancelLife]) cancel();
      open.delete(response);
    };
    response.on('close', end).on('error', end);
    beat();
    tell();
    return true;
  }

  return { open: openLive };
}
