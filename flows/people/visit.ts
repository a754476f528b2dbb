/** What a message says beside its news: for whoever calls or goes there. */
import { filled, type MessageLanguage, titleIn, wordsIn } from '#contracts';
import type { Notice } from '../records/notices.ts';
import { short } from './channels/plain.ts';
import { dayOf } from './times.ts';

/** Longest of each, characters. */
const lineLimit = 80;
const titleLimit = 40;

/** The room's phone, the way in, what to bring, its line where that is at fault, and what went wrong there before; a line each. */
export function visitLines(notice: Notice, language: MessageLanguage): string[] {
  const { message } = wordsIn(language);
  const { phone = '', wayIn = '', spare = '', line = '' } = notice;
  const said = [
    [message.phone, phone],
    [message.wayIn, wayIn],
    [message.spare, spare],
    [message.lineOf, isOfLine(notice) ? line : ''],
  ] as const;
  const lines = said.flatMap(([text, what]) => (what === '' ? [] : [filled(text, { text: short(what, lineLimit) })]));
  const list = (notice.before ?? [])
    .map((one) => `${dayOf(one.at, notice.timeZone, language)} ${beforeText(one.fault, language)}`)
    .join('; ');
  return list === '' ? lines : [...lines, filled(message.before, { list })];
}

/** Where the incident stands on the wall. A `?` ends what is registered of an address with India's operators: what follows may differ. */
export function incidentLink(wall: string, incident: number): string {
  return `${wall}/?#/incident/${incident}`;
}

function beforeText(fault: string, language: MessageLanguage): string {
  return short(titleIn(fault, language) ?? fault, titleLimit);
}

function isOfLine({ faults, outage }: Notice): boolean {
  if (outage !== undefined) return outage.cause === 'link-down' || outage.cause === 'upstream';
  return faults.some(({ fault }) => fault.startsWith('link.') || fault === 'path.last_mile');
}
