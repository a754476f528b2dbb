/** The link by which a person answers to an incident: who and which stand in it, and only this centre can make one. */
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { loadText, replaceFile, StartError } from '@sabha/contracts';
import { isSameSecret } from '../people/channels/kit/reports.ts';

/** Where a notice to many is read; as below. */
export const noticePath = '/n';
/** Where such a link leads. What comes after `?` is the token: so much of an address is registered with India's operators, and what follows may differ. */
export const answerLinkPath = '/t';

const dayMs = 24 * 60 * 60_000;
/** An answer to an incident is good for a day; a notice may be read after a holiday. */
const lives = { answer: dayMs, notice: 14 * dayMs } as const;
const keyBytes = 32;
/** 128 bits: nobody guesses it, and it fits a short message. */
const markLetters = 32;
const form = new RegExp(`^([0-9a-f]{${markLetters}})\\.([a-z0-9-]{1,32})\\.([1-9]\\d{0,14})\\.([0-9a-z]{1,9})$`);

/**
 * For an SMS, whose address may have 40 characters with all that is before it: the mark (54 bits), the hour until which it is good, the incident.
 * Of whom it is, the mark says: it is tried on those who were told of the incident.
 */
const shortForm = /^([\w-]{9})([0-9a-z]{4})([1-9a-z][0-9a-z]{0,4})$/;
const hourMs = 60 * 60_000;

/** Whom a link is for, and about what; `id` tells it from other links of that person to that incident. */
export type AnswerLink = { person: string; incident: number; id: string };
/** A link that is good, or why it is not. */
export type ReadAnswerLink = ({ ok: true } & AnswerLink) | { ok: false; why: 'wrong' | 'late' };

/** Makes and reads links by one key. */
export type AnswerLinks = ReturnType<typeof createAnswerLinks>;

/** `about`: what they answer to; a link of one kind is none of the other's. `toldOf`: who was told of an incident. */
export type AnswerLinksOptions = {
  key: Buffer;
  now: () => number;
  about?: keyof typeof lives;
  toldOf?: (incident: number) => readonly string[];
};

/** Guarantee: what was changed by one bit is wrong, and how long that takes to find says nothing of the right one. */
export function createAnswerLinks({ key, now, about = 'answer', toldOf = () => [] }: AnswerLinksOptions) {
  const markOf = (said: string) => createHmac('sha256', key).update(`sabha ${about} 1\n${said}`).digest('hex').slice(0, markLetters);
  const shortMark = (said: string) => createHmac('sha256', key).update(`sabha ${about} short 1\n${said}`).digest('base64url').slice(0, 9);
  function readShort(token: string): ReadAnswerLink {
    const [, mark = '', hour = '', incident = ''] = shortForm.exec(token) ?? [];
    const number = Number.parseInt(incident, 36);
    const isHis = (person: string) => isSameSecret(mark, shortMark(`${person}.${number}.${hour}`));
    const person = mark === '' ? undefined : toldOf(number).find(isHis);
    if (person === undefined) return { ok: false, why: 'wrong' };
    return Number.parseInt(hour, 36) * hourMs < now() ? { ok: false, why: 'late' } : { ok: true, person, incident: number, id: hour };
  }
  return {
    /** What stands behind the `?`. */
    token(person: string, incident: number): string {
      const said = `${person}.${incident}.${Math.ceil((now() + lives[about]) / 1_000).toString(36)}`;
      return `${markOf(said)}.${said}`;
    },
    /** The same in at most 18 characters, up to incident 60,466,175. */
    shortToken(person: string, incident: number): string {
      const hour = Math.ceil((now() + lives[about]) / hourMs)
        .toString(36)
        .padStart(4, '0');
      return `${shortMark(`${person}.${incident}.${hour}`)}${hour}${incident.toString(36)}`;
    },
    read(token: string): ReadAnswerLink {
      if (!token.includes('.')) return readShort(token);
      const [, mark = '', person = '', incident = '', id = ''] = form.exec(token) ?? [];
      const right = markOf(`${person}.${incident}.${id}`);
      if (mark === '' || !isSameSecret(mark, right)) return { ok: false, why: 'wrong' };
      if (Number.parseInt(id, 36) * 1_000 < now()) return { ok: false, why: 'late' };
      return { ok: true, person, incident: Number(incident), id };
    },
  };
}

/** What stands behind the centre's name and `?` in an SMS leads to the page of an answer: so much of the address is registered, and no more. */
export function answerUrl(url: string): string {
  const [, token] = /^\/\?([\w-]{14,18})(?:[&#]|$)/.exec(url) ?? [];
  return token !== undefined && shortForm.test(token) ? `${answerLinkPath}?${token}` : url;
}

/** The key of this centre's links, in a file for its owner alone; made at the first start. Throws `StartError` where it is no such key. */
export function loadAnswerLinkKey(file: string, random: (bytes: number) => Buffer): Buffer {
  if (!existsSync(file)) {
    const fresh = random(keyBytes);
    replaceFile(file, `${fresh.toString('base64url')}\n`);
    return fresh;
  }
  const key = Buffer.from(loadText(file).trim(), 'base64url');
  if (key.length !== keyBytes) throw new StartError(`${file}: is no key of ${keyBytes} bytes; remove it and another one is made`);
  return key;
}
