/** The link by which a person answers to an incident: who and which stand in it, and only this centre can make one. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { loadText, replaceFile, StartError } from '#contracts';

/** Where a notice to many is read; as below. */
export const noticePath = '/n';
/** Where such a link leads. What comes after `?` is the token: so much of an address is registered with India's operators, and what follows may differ. */
export const linkPath = '/t';

const dayMs = 24 * 60 * 60_000;
/** An answer to an incident is good for a day; a notice may be read after a holiday. */
const lives = { answer: dayMs, notice: 14 * dayMs } as const;
const keyBytes = 32;
/** 128 bits: nobody guesses it, and it fits a short message. */
const markLetters = 32;
const form = new RegExp(`^([0-9a-f]{${markLetters}})\\.([a-z0-9-]{1,32})\\.([1-9]\\d{0,14})\\.([0-9a-z]{1,9})$`);

/** Whom a link is for, and about what; `id` tells it from other links of that person to that incident. */
export type Link = { person: string; incident: number; id: string };
/** A link that is good, or why it is not. */
export type ReadLink = ({ ok: true } & Link) | { ok: false; why: 'wrong' | 'late' };

/** Makes and reads links by one key. */
export type Links = {
  /** What stands behind the `?`. */
  token(person: string, incident: number): string;
  read(token: string): ReadLink;
};

/** `about`: what they answer to; a link of one kind is none of the other's. */
export type LinksOptions = { key: Buffer; now: () => number; about?: keyof typeof lives };

/** Guarantee: what was changed by one bit is wrong, and how long that takes to find says nothing of the right one. */
export function createLinks({ key, now, about = 'answer' }: LinksOptions): Links {
  const markOf = (said: string) => createHmac('sha256', key).update(`sabha ${about} 1\n${said}`).digest('hex').slice(0, markLetters);
  return {
    token(person, incident) {
      const said = `${person}.${incident}.${Math.ceil((now() + lives[about]) / 1_000).toString(36)}`;
      return `${markOf(said)}.${said}`;
    },
    read(token) {
      const [, mark = '', person = '', incident = '', id = ''] = form.exec(token) ?? [];
      const right = markOf(`${person}.${incident}.${id}`);
      if (mark === '' || !timingSafeEqual(Buffer.from(mark), Buffer.from(right))) return { ok: false, why: 'wrong' };
      if (Number.parseInt(id, 36) * 1_000 < now()) return { ok: false, why: 'late' };
      return { ok: true, person, incident: Number(incident), id };
    },
  };
}

/** The key of this centre's links, in a file for its owner alone; made at the first start. Throws `StartError` where it is no such key. */
export function loadLinkKey(file: string, random: (bytes: number) => Buffer): Buffer {
  if (!existsSync(file)) {
    const fresh = random(keyBytes);
    replaceFile(file, `${fresh.toString('base64url')}\n`);
    return fresh;
  }
  const key = Buffer.from(loadText(file).trim(), 'base64url');
  if (key.length !== keyBytes) throw new StartError(`${file}: is no key of ${keyBytes} bytes; remove it and another one is made`);
  return key;
}
