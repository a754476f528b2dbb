/** The options of the verbs, each with what it is for. */
import { CliError, type Option } from './model.ts';

/** It is there or not. */
export function flag(en: string, hi: string): Option {
  return { type: 'boolean', says: { en, hi } };
}

/** A word stands behind it. */
export function takes(en: string, hi: string): Option {
  return { type: 'string', says: { en, hi } };
}

/** The same, and it may be said more than once. */
export function takesMany(en: string, hi: string): Option {
  return { ...takes(en, hi), multiple: true };
}

/** The word of a call that names a site. Throws CliError. */
export function siteNamed(site = ''): string {
  if (site.split('/').length !== 2) throw new CliError(2, `"${site}" is no site: expected STATE/SITE`);
  return site;
}

/** A number of days that an option takes. Throws CliError. */
export function daysOf(text: unknown): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1) throw new CliError(2, `--days: "${text}" is no number of days`);
  return days;
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, d: 24 * 3_600_000 };
const isDay = /^\d{4}-\d\d-\d\d$/;

/** A time that an option takes: a day, a time, or so long back; the end of a day where `ends`. Throws CliError. */
export function timeOf(option: string, text: string, { now, ends = false }: { now: number; ends?: boolean }): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  const at = count === '' ? Date.parse(/^\d{4}-\d\d-\d\d/.test(text) ? text : '') : now - Number(count) * (unitMs[unit] ?? 0);
  if (!Number.isFinite(at))
    throw new CliError(2, `--${option} ${text}: a day such as 2027-01-05, or so many days or hours back such as 30d or 12h`);
  return Math.max(0, at + (ends && isDay.test(text) ? 24 * 3_600_000 : 0));
}

/** Those of several verbs, in the same words. */
export const usual = {
  yes: flag('does it; without it nothing is changed or sent', 'करता है; इसके बिना न कुछ बदलता है, न भेजा जाता है'),
  replace: flag('takes out who or what is not in the file', 'जो फ़ाइल में नहीं है उसे हटा देता है'),
  at: takes('only those of a place', 'सिर्फ़ इस जगह के'),
  days: takes('how many days', 'कितने दिन'),
  scope: takes('all, a state or a site', 'all, राज्य या ऑफ़िस'),
} as const;
