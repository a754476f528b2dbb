/** What a message says beside its news: for whoever calls or goes there. */
import { filled, type MessageLanguage, titleIn, wordsIn } from '@sabha/contracts';
import type { Notice, RenderedMessage } from '../../engine/records/notices.ts';
import { telOf } from '../roster/reach.ts';
import { clockOf } from './channels/kit/local.ts';
import { short } from './channels/kit/plain.ts';
import { dayOf } from './times.ts';

/** Longest of each, characters. */
const lineLimit = 80;
const titleLimit = 40;

/** Whom to call, the way in, what to bring, its line where that is at fault, and what went wrong there before; a line each. */
export function visitLines(notice: Notice, language: MessageLanguage): string[] {
  const { message } = wordsIn(language);
  const { wayIn = '', spare = '', line = '', at, timeZone } = notice;
  const said = [
    [message.wayIn, wayIn],
    [message.spare, spare],
    [message.lineOf, isOfLine(notice) ? line : ''],
  ] as const;
  const below = said.flatMap(([text, what]) => (what === '' ? [] : [filled(text, { text: short(what, lineLimit) })]));
  const lines = [callText(notice, language), ...below].filter((one) => one !== '');
  const whenOf = (ms: number) => {
    const day = dayOf(ms, timeZone, language);
    return day === dayOf(at, timeZone, language) ? clockOf(ms, timeZone) : day;
  };
  const list = (notice.before ?? [])
    .map((one) => `${whenOf(one.at)} ${short(titleIn(one.fault, language) ?? one.fault, titleLimit)}`)
    .join('; ');
  return list === '' ? lines : [...lines, filled(message.before, { list })];
}

/** Whom to call: the room, or who is named for its office. */
function callText({ phone = '', contact }: Notice, language: MessageLanguage): string {
  const { message } = wordsIn(language);
  const number = short(phone, lineLimit);
  if (number === '' || contact === undefined) return number && filled(message.phone, { text: number });
  return filled(message.contact, { text: contact === '' ? number : `${short(contact, titleLimit)}, ${number}` });
}

/** The number at the end of that line, and what a telephone dials for it; undefined where there is none that could be dialled. */
export function phoneOf(notice: Notice, language: MessageLanguage): RenderedMessage['phone'] {
  const { phone = '' } = notice;
  const tel = telOf(phone);
  return tel === undefined ? undefined : { line: callText(notice, language), number: short(phone, lineLimit), tel };
}

/** Where people find the wall, where the centre has a name: what a message links to. */
export function wallAddress(https: { names: readonly string[]; port: number } | undefined): string | undefined {
  const [name] = https?.names ?? [];
  if (https === undefined || name === undefined) return undefined;
  return `https://${name}${https.port === 443 ? '' : `:${https.port}`}`;
}

/** Where the incident stands on the wall. A `?` ends what is registered of an address with India's operators: what follows may differ. */
export function incidentLink(wall: string, incident: number): string {
  return `${wall}/?#/incident/${incident}`;
}

/** The longest that such an address gets: incidents have at most seven digits for a long time. */
export function longestLink(wall: string | undefined): string | undefined {
  return wall === undefined ? undefined : incidentLink(wall, 9_999_999);
}

function isOfLine({ faults, outage }: Notice): boolean {
  if (outage !== undefined) return outage.cause === 'link-down' || outage.cause === 'upstream';
  return faults.some(({ fault }) => fault.startsWith('link.') || fault === 'path.last_mile');
}
