/** Keyboard shortcuts of every view, and the dialog that lists them. */
import { html } from 'htm/preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { recall, remember } from '../words/preferences.js';
import { say } from '../words/words.js';
import { Dialog } from './dialog.js';

/** @import { Language } from '@sabha/contracts' */

const shortcuts = /** @type {const} */ ([
  ['?', 'key.help'],
  ['W', 'key.needs'],
  ['/', 'key.search'],
  ['N', 'key.nation'],
  ['R', 'key.roll'],
  ['U', 'key.undo'],
  ['← ↑ → ↓', 'key.arrows'],
  ['Esc', 'key.close'],
]);

/** Moves the focus to the first incident that needs action, or else to the view. */
export function focusFirstIncident() {
  const target = document.querySelector('.needs .line :is(a, summary)') ?? document.querySelector('main');
  if (target instanceof HTMLElement) target.focus();
}

/** Closes the site list of a state and returns the focus to its tile. */
function closeState() {
  const [, state] = /^#\/nation\/([a-z0-9-]+)$/.exec(location.hash) ?? [];
  if (state === undefined) return;
  const back = () =>
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector(`[data-state="${state}"]`))?.focus());
  addEventListener('hashchange', back, { once: true });
  location.hash = '#/';
}

function focusSearch() {
  const field = document.querySelector('input[type=search]');
  if (field instanceof HTMLElement) field.focus();
}

/**
 * Returns true if the focused element or the browser handles the key.
 * @param {KeyboardEvent} event
 */
function isIgnored({ target, ctrlKey, metaKey, altKey, defaultPrevented }) {
  const isTyping = target instanceof Element && target.matches('input, textarea, select');
  return defaultPrevented || ctrlKey || metaKey || altKey || isTyping || document.querySelector('dialog[open]') !== null;
}

/**
 * Handles the shortcuts. Letters can be turned off for speech input and motor impairments, which produce unwanted letters (WCAG 2.1.4).
 * `page` is the list of shortcuts while it is open.
 * @param {Language} lang
 * @param {() => void} undo
 */
export function useKeys(lang, undo) {
  const [isOpen, setOpen] = useState(false);
  const [isOn, setOn] = useState(recall('keys') !== 'off');
  // A layout effect, so that U works as soon as "Undo" is visible.
  useLayoutEffect(() => {
    /** @type {Readonly<Record<string, () => void>>} */
    const letters = { w: focusFirstIncident, n: () => location.assign('#/'), r: () => location.assign('#/rollcall'), u: undo };
    /** @type {Readonly<Record<string, () => void>>} */
    const marks = { escape: closeState, '?': () => setOpen(true), '/': focusSearch };
    const heard = new Map(Object.entries(isOn ? { ...letters, ...marks } : marks));
    const press = (/** @type {KeyboardEvent} */ event) => {
      const does = heard.get(event.key.toLowerCase());
      if (does === undefined || event.repeat || isIgnored(event)) return;
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
    <dl class="facts">${shortcuts.map(([key, text]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${say(lang, text)}</dd></div>`)}</dl>
    <p><label><input type="checkbox" checked=${isOn} onChange=${onTurn} /> ${say(lang, 'key.letters')}</label></p>
    <p class="buttons"><a class="button" href="/docs/">${say(lang, 'docs')}</a><button onClick=${onClose}>${say(lang, 'close')}</button></p>
  <//>`;
}
