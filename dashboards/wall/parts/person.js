/** The current person, in whose name the page acts. Without accounts it requests a name once, when one is needed. */
import { html } from 'htm/preact';
import { useRef, useState } from 'preact/hooks';
import { useFetched } from '../live/data.js';
import { openSignIn, post } from '../live/post.js';
import { recall, remember } from '../words/preferences.js';
import { refusedText } from '../words/refused.js';
import { say, shown } from '../words/words.js';
import { Dialog } from './dialog.js';

/** @import { Language, MeView } from '@sabha/contracts' */
/**
 * Result of an action: `error` as text ('' on success), its code, and the response.
 *
 * @typedef {{ error: string, code?: string, about?: Record<string, string | number>, answer: unknown }} ActionResult
 */
/**
 * Posts in the reader's name. Returns null if no name was given.
 * @typedef {(path: string, body: Record<string, string | number | boolean>) => Promise<ActionResult | null>} Act
 */

/**
 * Acts in the name of the account, or else of the name that the reader types. `notice`: shown when sign-in is off. `scope`: the reader's
 * part of the tree. `role`: the reader's rights there. Both are requested again after a reconnect, since they may have changed.
 * @param {Language} lang
 * @param {boolean} connected
 */
export function usePerson(lang, connected) {
  const wasConnected = useRef(false);
  wasConnected.current ||= connected;
  const isLost = wasConnected.current && !connected;
  /** @type {MeView | 'missing' | null} */
  const who = useFetched('/api/me', [isLost]);
  const known = who === 'missing' ? null : who;
  const account = known?.name ?? null;
  const [name, setName] = useState(recall('name') ?? '');
  /** @type {MeView | 'missing' | null} */
  const given = useFetched(known === null || account !== null || name === '' ? null : `/api/me?${new URLSearchParams({ by: name })}`, [
    isLost,
  ]);
  const you = account ?? name;
  const called = account === null && given !== 'missing' ? given : known;
  const [asking, setAsking] = useState(/** @type {{ answer: (name: string | null) => void } | null} */ (null));
  const ask = () => new Promise((/** @type {(name: string | null) => void} */ resolve) => setAsking({ answer: resolve }));
  const done = (/** @type {string | null} */ given) => {
    if (given !== null) {
      remember('name', given);
      setName(given);
    }
    asking?.answer(given);
    setAsking(null);
  };
  /** @type {Act} */
  const act = async (path, body) => {
    const by = account ?? (name === '' ? await ask() : name);
    if (by === null) return null;
    const posted = await post(path, { ...body, by });
    if (posted.status === 401) openSignIn();
    return { ...posted, error: refusedText(lang, posted) };
  };
  const dialog = asking === null ? null : html`<${NameDialog} lang=${lang} name=${name} onDone=${done} />`;
  return {
    act,
    dialog,
    scope: known?.scope ?? '',
    you,
    // The server adds the person's roster names, because incidents may use them instead of the account name.
    names: [...(you === '' ? [] : [you]), ...(called?.names ?? [])],
    notice: known?.name === null ? html`<p class="hint notice">${say(lang, 'openToAll')}</p>` : null,
    role: known?.role ?? /** @type {const} */ ('reader'),
    switches: html`<${AccountButtons} lang=${lang} name=${you} account=${account} onAsk=${ask} />`,
  };
}

/** @param {{ lang: Language, name: string, account: string | null, onAsk: () => void }} props */
function AccountButtons({ lang, name, account, onAsk }) {
  const text = name === '' ? say(lang, 'noName') : html`<bdi>${say(lang, 'you', { name: shown(name) })}</bdi>`;
  if (account === null) return html`<button onClick=${onAsk}>${text}</button>`;
  return html`<a class="button" href="/login.html?password" title=${say(lang, 'chooseTitle')}>${text}</a><button onClick=${() => post('/api/logout', {}).then(openSignIn)}>${say(lang, 'logout')}</button>`;
}

/**
 * Runs one action at a time and keeps its state. `run` posts and returns the response; null if it failed or another action is running.
 * `doing` does the same with any other action. `waits` is the `aria-disabled` of the buttons.
 * @param {Act} act
 */
export function useAction(act) {
  const [state, setState] = useState({ busy: false, error: '' });
  const isBusy = useRef(false);
  const doing = async (/** @type {() => Promise<ActionResult | null>} */ what) => {
    if (isBusy.current) return null;
    isBusy.current = true;
    setState({ busy: true, error: '' });
    const done = await what();
    isBusy.current = false;
    setState({ busy: false, error: done?.error ?? '' });
    return done?.error === '' ? done : null;
  };
  const run = (/** @type {string} */ path, /** @type {Record<string, string | number | boolean>} */ body) => doing(() => act(path, body));
  // `aria-disabled` instead of `disabled`: a disabled button loses the focus.
  return { ...state, waits: state.busy ? /** @type {const} */ ('true') : null, run, doing };
}

/**
 * Shows an error and announces it to screen readers at once.
 * @param {{ lang: Language, error: string }} props
 */
export function ErrorMessage({ lang, error }) {
  return html`<p class="error" role="alert">${error === '' ? null : say(lang, 'notSaved', { why: error })}</p>`;
}

/**
 * @param {{ lang: Language, name: string, onDone: (name: string | null) => void }} props
 */
function NameDialog({ lang, name, onDone }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const given = input.current?.value.trim() ?? '';
    if (given !== '') onDone(given);
  };
  return html`<${Dialog} titleId="who" onClose=${() => onDone(null)}>
    <form onSubmit=${submit}>
      <h2 id="who">${say(lang, 'nameTitle')}</h2>
      <p>${say(lang, 'nameWhy')}</p>
      <label>${say(lang, 'nameLabel')}<input ref=${input} name="name" required maxlength="80" autocomplete="name" defaultValue=${name} /></label>
      <p class="buttons"><button type="button" onClick=${() => onDone(null)}>${say(lang, 'cancel')}</button><button class="primary">${say(lang, 'save')}</button></p>
    </form>
  <//>`;
}
