/** Ages and clock times as a person says them. */
import { sayWord } from './words.js';

/** @import { Language } from '#contracts' */
/** @import { Reader } from './words.js' */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * An age in at most two units: "12 s", "3 min", "2 h 5 min", "4 d 2 h". A negative one (clocks differ) counts as 0.
 * @param {Reader} reader
 * @param {number} ageMs
 */
export function ageText(reader, ageMs) {
  const age = Math.max(0, ageMs);
  const of = (/** @type {string} */ unit, /** @type {number} */ n) => sayWord(reader, 'unit', unit, { n });
  const two = (/** @type {string} */ big, /** @type {string} */ unit, /** @type {number} */ n) => (n === 0 ? big : `${big} ${of(unit, n)}`);
  if (age < minute) return of('seconds', Math.floor(age / second));
  if (age < hour) return of('minutes', Math.floor(age / minute));
  if (age < day) return two(of('hours', Math.floor(age / hour)), 'minutes', Math.floor((age % hour) / minute));
  return two(of('days', Math.floor(age / day)), 'hours', Math.floor((age % day) / hour));
}

/**
 * The time of day; with the date where it is not the day of `now`.
 * @param {Language} lang
 * @param {number} at
 * @param {number} now
 * @param {string} [timeZone] the browser's own where absent
 */
export function timeText(lang, at, now, timeZone) {
  const locale = lang === 'hi' ? 'hi-IN-u-nu-latn' : 'en-GB';
  /** @type {Intl.DateTimeFormatOptions} */
  const zone = timeZone === undefined ? {} : { timeZone };
  const time = new Intl.DateTimeFormat(locale, { ...zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const date = new Intl.DateTimeFormat(locale, { ...zone, day: 'numeric', month: 'short' });
  const [then, today] = [date.format(at), date.format(now)];
  return then === today ? time.format(at) : `${then}, ${time.format(at)}`;
}
