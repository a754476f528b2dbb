/** The person before the page: acts in their name, and asks for it once, when it is needed. */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { answerLimitMs } from './data.js';
import { recall, remember } from './preferences.js';
import { say, shown } from './words.js';

/** @import { Language } from '#contracts' */
/**
 * Posts in the reader's name: why it was not done ('' where it was) and what was answered; null where no name was given.
 * @typedef {(path: string, body: Record<string, string>) => Promise<{ error: string, answer: unknown } | null>} Act
 */

/**
 * Acts in the reader's name, and asks for it where it is not known yet.
 * @param {Language} lang
 */
export function usePerson(lang) {
  const [name, setName] = useState(recall('name') ?? '');
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
    const by = name === '' ? await ask() : name;
    return by === null ? null : post(lang, path, { ...body, by });
  };
  return { act, name, askName: ask, dialog: asking === null ? null : html`<${NameDialog} lang=${lang} name=${name} onDone=${done} />` };
}

/**
 * One thing that a button does: whether it is under way, and why it was not done. `run` resolves to what was answered, null where it was not done.
 * @param {Act} act
 */
export function useActing(act) {
  const [state, setState] = useState({ busy: false, error: '' });
  const run = async (/** @type {string} */ path, /** @type {Record<string, string>} */ body) => {
    setState({ busy: true, error: '' });
    const done = await act(path, body);
    setState({ busy: false, error: done?.error ?? '' });
    return done?.error === '' ? done : null;
  };
  return { ...state, run };
}

/**
 * Why a thing was not done, spoken at once.
 * @param {{ lang: Language, error: string }} props
 */
export function Trouble({ lang, error }) {
  return html`<p class="error" role="alert">${error === '' ? null : say(lang, 'notSaved', { why: error })}</p>`;
}

/**
 * @param {Language} lang
 * @param {string} path
 * @param {Record<string, string>} body
 */
async function post(lang, path, body) {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(answerLimitMs) });
    const answer = response.status === 204 ? null : await response.json();
    return response.ok ? { error: '', answer } : { error: shown(String(answer?.error)), answer };
  } catch {
    return { error: say(lang, 'noAnswer'), answer: null };
  }
}

/**
 * @param {{ lang: Language, name: string, onDone: (name: string | null) => void }} props
 */
function NameDialog({ lang, name, onDone }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const given = input.current?.value.trim() ?? '';
    if (given !== '') onDone(given);
  };
  return html`<dialog ref=${dialog} aria-labelledby="who" onClose=${() => onDone(null)}>
    <form onSubmit=${submit}>
      <h2 id="who">${say(lang, 'nameTitle')}</h2>
      <p>${say(lang, 'nameWhy')}</p>
      <label>${say(lang, 'nameLabel')}<input ref=${input} name="name" required maxlength="80" autocomplete="name" defaultValue=${name} /></label>
      <p class="buttons"><button type="button" onClick=${() => onDone(null)}>${say(lang, 'cancel')}</button><button class="primary">${say(lang, 'save')}</button></p>
    </form>
  </dialog>`;
}
