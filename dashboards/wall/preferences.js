/** What this browser remembers of its reader: language, theme, name. A browser that forbids storage forgets, and the wall goes on. */

/** @import { Language } from '#contracts' */
/** @typedef {'dark' | 'light'} Theme */
/** @typedef {'lang' | 'theme' | 'name'} Preference */

/** @returns {Language} */
export function preferredLanguage() {
  return (recall('lang') ?? navigator.language).startsWith('hi') ? 'hi' : 'en';
}

/** @returns {Theme} */
export function preferredTheme() {
  const stored = recall('theme');
  if (stored === 'dark' || stored === 'light') return stored;
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
}

/**
 * @param {Preference} key
 * @returns {string | null}
 */
export function recall(key) {
  try {
    return localStorage.getItem(`sabha.${key}`);
  } catch {
    return null;
  }
}

/**
 * @param {Preference} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(`sabha.${key}`, value);
  } catch {
    // Private mode: it is asked again next time.
  }
}
