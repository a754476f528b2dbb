/** What the keyboard does on every view, and the page that lists it. */
import { html } from 'htm/preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { recall, remember } from '../words/preferences.js';
import { say } from '../words/words.js';
import { Dialog } from './dialog.js';

/** @import { Language } from '@sabha/contracts' */

const listed = /** @type {const} */ ([
  ['?', 'key.help'],
  ['W', 'key.needs'],
  ['/', 'key.search'],
  ['N', 'key.nation'],
  ['R', 'key.roll'],
  ['U', 'key.undo'],
  ['← ↑ → ↓', 'key.arrows'],
  ['Esc', 'key.close'],
]);

/** To what waits for somebody; where nothing does, to what the view shows. */
export function skip() {
  const target = document.querySelector('.needs .line :is(a, summary)') ?? document.querySelector('main');
  if (target instanceof HTMLElement) target.focus();
}

/** Closes the sites of a state: its tile has the focus again. */
function closeState() {
  const [, state] = /^#\/nation\/([a-z0-9-]+)$/.exec(location.hash) ?? [];
  if (state === undefined) return;
  const back = () =>
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector(`[data-state="${state}"]`))?.focus());
  addEventListener('hashchange', back, { once: true });
  location.hash = '#/';
}

/** To the search of the list, where there is one. */
function search() {
  const field = document.querySelector('input[type=search]');
  if (field instanceof HTMLElement) field.focus();
}

/**
 * True where a key is meant for what has the focus, or for the browser.
 * @param {KeyboardEvent} event
 */
function isTaken({ target, ctrlKey, metaKey, altKey, defaultPrevented }) {
  const isTyping = target instanceof Element && target.matches('input, textarea, select');
  return defaultPrevented || ctrlKey || metaKey || altKey || isTyping || document.querySelector('dialog[open]') !== null;
}

/**
 * Hears the keys; letters can be turned off, for those whose voice or hand types them unasked. `page` lists them while it is asked for.
 * @param {Language} lang
 * @param {() => void} undo
 */
export function useKeys(lang, undo) {
  const [isOpen, setOpen] = useState(false);
  const [isOn, setOn] = useState(recall('keys') !== 'off');
  // With what is drawn, not a moment after: who sees "Undo" may press U at once.
  useLayoutEffect(() => {
    /** @type {Readonly<Record<string, () => void>>} */
    const letters = { w: skip, n: () => location.assign('#/'), r: () => location.assign('#/rollcall'), u: undo };
    /** @type {Readonly<Record<string, () => void>>} */
    const marks = { escape: closeState, '?': () => setOpen(true), '/': search };
    const heard = new Map(Object.entries(isOn ? { ...letters, ...marks } : marks));
    const press = (/** @type {KeyboardEvent} */ event) => {
      const does = heard.get(event.key.toLowerCase());
      if (does === undefined || event.repeat || isTaken(event)) return;
      event.preventDefault();
      does();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [isOn, undo]);
  const turn = () => {
    remember('keys', isOn ? 'off' : 'on');
    setOn(!isOn);
  };
  const page = isOpen ? html`<${KeysPage} lang=${lang} isOn=${isOn} onTurn=${turn} onClose=${() => setOpen(false)} />` : null;
  return { page, open: () => setOpen(true) };
}

/** @param {{ lang: Language, isOn: boolean, onTurn: () => void, onClose: () => void }} props */
function KeysPage({ lang, isOn, onTurn, onClose }) {
  return html`<${Dialog} titleId="keys" onClose=${onClose}>
    <h2 id="keys">${say(lang, 'keys')}</h2>
    <dl class="facts">${listed.map(([key, text]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${say(lang, text)}</dd></div>`)}</dl>
    <p><label><input type="checkbox" checked=${isOn} onChange=${onTurn} /> ${say(lang, 'key.letters')}</label></p>
    <p class="buttons"><button onClick=${onClose}>${say(lang, 'close')}</button></p>
  <//>`;
}
