/** Ages and clock times as a person says them. */
import { say } from './words.js';

/** @import { Language } from '#contracts' */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * An age in at most two units: "12 s", "3 min", "2 h 5 min", "4 d 2 h". A negative one (clocks differ) counts as 0.
 * @param {Language} lang
 * @param {number} ageMs
 */
export function ageText(lang, ageMs) {
  const age = Math.max(0, ageMs);
  if (age < minute) return say(lang, 'seconds', { n: Math.floor(age / second) });
  if (age < hour) return say(lang, 'minutes', { n: Math.floor(age / minute) });
  if (age < day) return two(say(lang, 'hours', { n: Math.floor(age / hour) }), 'minutes', Math.floor((age % hour) / minute), lang);
  return two(say(lang, 'days', { n: Math.floor(age / day) }), 'hours', Math.floor((age % day) / hour), lang);
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

/**
 * @param {string} big
 * @param {'minutes' | 'hours'} unit
 * @param {number} rest
 * @param {Language} lang
 */
function two(big, unit, rest, lang) {
  return rest === 0 ? big : `${big} ${say(lang, unit, { n: rest })}`;
}
