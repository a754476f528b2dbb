/** Times of day in a message, on the clocks of the site. */
import { datesIn, isTimeZone, type MessageLanguage, messageLanguages } from '@sabha/contracts';
import { clockOf, localOf } from './channels/kit/local.ts';

/** Day and time. A zone that this machine does not know is UTC, and says so. */
export function timeOf(atMs: number, timeZone: string, language: MessageLanguage): string {
  const local = localOf(atMs, timeZone);
  const time = `${dayIn(local, language)}, ${clockOf(atMs, timeZone)}`;
  return isTimeZone(timeZone) ? time : `${time} ${local.timeZoneId}`;
}

/** The time of day of what is of the same day as `now`, else with its day. */
export function momentOf(atMs: number, now: number, { timeZone, language }: { timeZone: string; language: MessageLanguage }): string {
  const isToday = dayOf(atMs, timeZone, language) === dayOf(now, timeZone, language);
  return isToday ? clockOf(atMs, timeZone) : timeOf(atMs, timeZone, language);
}

/** The day alone. */
export function dayOf(atMs: number, timeZone: string, language: MessageLanguage): string {
  return dayIn(localOf(atMs, timeZone), language);
}

function dayIn(local: Temporal.ZonedDateTime, language: MessageLanguage): string {
  return days.get(language)?.format(Date.UTC(local.year, local.month - 1, local.day)) ?? local.toPlainDate().toString();
}

/** Made once: a format costs more to make than a message. */
const days = new Map(messageLanguages.map((language) => [language, dayFormat(language)]));

function dayFormat(language: MessageLanguage): Intl.DateTimeFormat {
  const { locale, month } = datesIn(language);
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month, timeZone: 'UTC' });
}
