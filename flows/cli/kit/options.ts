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

/** Those of several verbs, in the same words. */
export const usual = {
  dryRun: flag('shows what would change, and changes nothing', 'सिर्फ़ दिखाता है कि क्या बदलेगा, बदलता कुछ नहीं'),
  yes: flag('does it; without it nothing is changed or sent', 'करता है; इसके बिना न कुछ बदलता है, न भेजा जाता है'),
  replace: flag('takes out who or what is not in the file', 'जो फ़ाइल में नहीं है उसे हटा देता है'),
  at: takes('only those of a place', 'सिर्फ़ इस जगह के'),
  days: takes('how many days', 'कितने दिन'),
  scope: takes('all, a state or a site', 'all, राज्य या ऑफ़िस'),
} as const;
