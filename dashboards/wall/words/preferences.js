/** Preferences stored in the browser: language, theme, name. Without storage they last until the page closes. */

import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { say } from './words.js';

/** @import { Language } from '@sabha/contracts' */
/** @typedef {'dark' | 'light'} Theme */
/** @typedef {'lang' | 'theme' | 'name' | 'keys'} Preference */

/** Returns language and theme of the page, and applies changes at once. */
export function usePreferences() {
  const [lang, setLang] = usePreference(
    'lang',
    /** @type {Language} */ ((recall('lang') ?? navigator.language).startsWith('hi') ? 'hi' : 'en'),
  );
  const [theme, setTheme] = usePreference('theme', preferredTheme());
  useEffect(() => void Object.assign(document.documentElement, { lang }), [lang]);
  useEffect(() => void Object.assign(document.documentElement.dataset, { theme }), [theme]);
  return { lang, theme, setLang, setTheme };
}

/** @param {ReturnType<typeof usePreferences>} props */
export function Switches({ lang, theme, setLang, setTheme }) {
  return html`<button lang=${lang === 'hi' ? 'en' : 'hi'} onClick=${() => setLang(lang === 'hi' ? 'en' : 'hi')}>${lang === 'hi' ? 'English' : 'हिन्दी'}</button>
    <button onClick=${() => setTheme(theme === 'dark' ? 'light' : 'dark')}>${say(lang, theme === 'dark' ? 'toLight' : 'toDark')}</button>`;
}

/**
 * @template {string} T
 * @param {'lang' | 'theme'} key
 * @param {T} first
 * @returns {[T, (value: T) => void]}
 */
function usePreference(key, first) {
  const [value, setValue] = useState(first);
  const choose = (/** @type {T} */ chosen) => {
    remember(key, chosen);
    setValue(chosen);
  };
  return [value, choose];
}

/** @returns {Theme} */
function preferredTheme() {
  const stored = recall('theme');
  if (stored === 'dark' || stored === 'light') return stored;
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
}

/**
 * Returns the stored value; null without one or without storage.
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
    // Private mode: the value is not stored.
  }
}
