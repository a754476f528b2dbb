/** The duty of one person as a calendar (RFC 5545), which any calendar program can follow. Times are UTC, so that no zone need be described. */
import ICAL from 'ical.js';
import { filled, type MessageLanguage, wordsIn } from '#contracts';
import { plain } from '../people/channels/kit/plain.ts';
import type { Shift } from '../roster/shifts.ts';

/** How often programs should ask again. */
const refresh = 'PT1H';

/** What the calendar is about; `at`: when it is made. */
export type FeedOptions = { person: { id: string; name: string; language: MessageLanguage }; shifts: readonly Shift[]; at: number };

/** Guarantee: a shift keeps its uid as long as it begins at the same time and is for the same person; long lines are folded, and names are text. */
export function dutyFeed({ person, shifts, at }: FeedOptions): string {
  const { duty } = wordsIn(person.language);
  const calendar = new ICAL.Component('vcalendar');
  calendar.updatePropertyWithValue('version', '2.0');
  calendar.updatePropertyWithValue('prodid', '-//Sabha//Duty//EN');
  calendar.updatePropertyWithValue('calscale', 'GREGORIAN');
  calendar.updatePropertyWithValue('method', 'PUBLISH');
  calendar.updatePropertyWithValue('x-wr-calname', filled(duty.calendar, { name: plain(person.name) }));
  const every = new ICAL.Property('refresh-interval', calendar);
  every.resetType('duration');
  every.setValue(ICAL.Duration.fromString(refresh));
  calendar.addProperty(every);
  for (const shift of shifts) calendar.addSubcomponent(eventOf(shift, person, at));
  return folded(`${calendar.toString()}\r\n`);
}

const lineBytes = 75;

/** ical.js forgets the blank with which a folded line goes on: with it no line has more than 75 bytes, and no letter is cut in two. */
function folded(text: string): string {
  const lines = text.replaceAll('\r\n ', '').split('\r\n');
  return lines
    .map((line) => {
      let bytes = 0;
      return Array.from(line, (letter) => {
        const own = Buffer.byteLength(letter);
        const isFull = bytes + own > lineBytes;
        bytes = isFull ? 1 + own : bytes + own;
        return isFull ? `\r\n ${letter}` : letter;
      }).join('');
    })
    .join('\r\n');
}

function eventOf({ from, to, for: name }: Shift, { id, language }: FeedOptions['person'], at: number): ICAL.Component {
  const { duty } = wordsIn(language);
  const event = new ICAL.Component('vevent');
  const whose = name === null ? 'own' : Buffer.from(name).toString('hex').slice(0, 64);
  event.updatePropertyWithValue('uid', `${id}-${Math.floor(from / 1_000)}-${whose}@sabha`);
  event.updatePropertyWithValue('dtstamp', utc(at));
  event.updatePropertyWithValue('dtstart', utc(from));
  event.updatePropertyWithValue('dtend', utc(to));
  event.updatePropertyWithValue('summary', name === null ? duty.own : filled(duty.standsIn, { name: plain(name) }));
  // Whoever is on duty may be invited to a meeting all the same.
  event.updatePropertyWithValue('transp', 'TRANSPARENT');
  return event;
}

function utc(at: number): ICAL.Time {
  return ICAL.Time.fromJSDate(new Date(Math.floor(at / 1_000) * 1_000), true);
}
