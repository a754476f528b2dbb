/** Signed links by which a person answers an incident. A link contains the person and the incident, and only this server can create one. */
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { loadText, replaceFile, StartError } from '@sabha/contracts';
import { isSameSecret } from '../people/channels/kit/reports.ts';

export const noticePath = '/n';
/** Path of the answer page. The token follows `?`, because India's phone operators register an SMS link only up to the `?`. */
export const answerLinkPath = '/t';

const dayMs = 24 * 60 * 60_000;
/** Validity of links in ms: a day for an answer, two weeks for an announcement, which people may read after a holiday. */
const lives = { answer: dayMs, notice: 14 * dayMs } as const;
const keyBytes = 32;
/** Hexadecimal digits of the signature: 128 bits cannot be guessed, and the link still fits a short message. */
const markLetters = 32;
const form = new RegExp(`^([0-9a-f]{${markLetters}})\\.([a-z0-9-]{1,32})\\.([1-9]\\d{0,14})\\.([0-9a-z]{1,9})$`);

/**
 * Short form for SMS, where the whole address may have 40 characters: signature (54 bits), expiry hour, incident.
 * It omits the person: the signature is checked against each person who was notified of the incident.
 */
const shortForm = /^([\w-]{9})([0-9a-z]{4})([1-9a-z][0-9a-z]{0,4})$/;
const hourMs = 60 * 60_000;

/** The person and the incident that a link contains. `id` distinguishes several links of one person for one incident. */
export type AnswerLink = { person: string; incident: number; id: string };
export type ReadAnswerLink = ({ ok: true } & AnswerLink) | { ok: false; why: 'wrong' | 'late' };

export type AnswerLinks = ReturnType<typeof createAnswerLinks>;

/**
 * `about`: whether links are for incidents or announcements; a link of one kind is invalid for the other kind. `toldOf`: returns the
 * persons who were notified of an incident.
 */
export type AnswerLinksOptions = {
  key: Buffer;
  now: () => number;
  about?: keyof typeof lives;
  toldOf?: (incident: number) => readonly string[];
};

/** Guarantee: a link with one changed bit is rejected, and the time of the comparison reveals nothing of the right signature. */
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
    token(person: string, incident: number): string {
      const said = `${person}.${incident}.${Math.ceil((now() + lives[about]) / 1_000).toString(36)}`;
      return `${markOf(said)}.${said}`;
    },
    /** Creates a short link token for an SMS: at most 18 characters for incidents up to 60,466,175. */
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

/** Adds the path of the answer page to the URL of an SMS link, which has only host name, `?` and token. */
export function answerUrl(url: string): string {
  const [, token] = /^\/\?([\w-]{14,18})(?:[&#]|$)/.exec(url) ?? [];
  return token !== undefined && shortForm.test(token) ? `${answerLinkPath}?${token}` : url;
}

/** Loads the key that signs the links. The first start creates the file with mode 600. Throws `StartError` if the file is invalid. */
export function loadAnswerLinkKey(file: string, random: (bytes: number) => Buffer): Buffer {
  if (!existsSync(file)) {
    const fresh = random(keyBytes);
    replaceFile(file, `${fresh.toString('base64url')}\n`);
    return fresh;
  }
  const key = Buffer.from(loadText(file).trim(), 'base64url');
  if (key.length !== keyBytes)
    throw new StartError(`${file}: is not a key of ${keyBytes} bytes; remove it, and the server makes another one`);
  return key;
}
