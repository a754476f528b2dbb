import { amount } from './words.js';

/** @import { Language } from '@sabha/contracts' */
/** @import { Reader } from './words.js' */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * Returns an age in at most two units: "12 s", "3 min", "2 h 5 min", "4 d 2 h". A negative age (clocks differ) counts as 0.
 * @param {Reader} reader
 * @param {number} ageMs
 */
export function ageText(reader, ageMs) {
  const age = Math.max(0, ageMs);
  if (age < minute) return amount(reader, 'seconds', Math.floor(age / second));
  if (age < hour) return amount(reader, 'minutes', Math.floor(age / minute));
  const isDays = age >= day;
  const big = isDays ? amount(reader, 'days', Math.floor(age / day)) : amount(reader, 'hours', Math.floor(age / hour));
  const rest = Math.floor(isDays ? (age % day) / hour : (age % hour) / minute);
  return rest === 0 ? big : `${big} ${amount(reader, isDays ? 'hours' : 'minutes', rest)}`;
}

/**
 * Returns the time of day in the browser's time zone, with the date if it is not the day of `now`.
 *
 * @param {Language} lang
 * @param {number} at
 * @param {number} now
 */
export function timeText(lang, at, now) {
  return timeTextIn({ lang }, at, now);
}

/**
 * Like `timeText`, in the given time zone or else the browser's.
 * @param {{ lang: Language, timeZone?: string }} reader
 * @param {number} at
 * @param {number} now
 */
export function timeTextIn({ lang, timeZone }, at, now) {
  const locale = lang === 'hi' ? 'hi-IN-u-nu-latn' : 'en-GB';
  /** @type {Intl.DateTimeFormatOptions} */
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = new Intl.DateTimeFormat(locale, { ...zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const date = new Intl.DateTimeFormat(locale, { ...zone, day: 'numeric', month: 'short' });
  const [then, today] = [date.format(at), date.format(now)];
  return then === today ? time.format(at) : `${then}, ${time.format(at)}`;
}
