/** Sign-in page: name and password, and the change of the password. Afterwards it opens the requested view. */
import { html } from 'htm/preact';
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { answerLimitMs, post } from './live/post.js';
import { Switches, usePreferences } from './words/preferences.js';
import { refusedText } from './words/refused.js';
import { say, shown } from './words/words.js';

/** @import { Language, WhoView } from '@sabha/contracts' */
/** @import { PostResult } from './live/post.js' */

/** `?password` opens the password change for a signed-in person. */
const wantsPassword = location.search === '?password';

function Login() {
  const preferences = usePreferences();
  const { lang } = preferences;
  const [who, setWho] = useState(/** @type {WhoView | null | undefined} */ (undefined));
  const [secret, setSecret] = useState('');
  useEffect(() => void fetchJson('/api/me').then(setWho), []);
  useEffect(() => {
    if (who && !who.once && !(wantsPassword && who.name !== null)) openWall();
  }, [who]);
  const entered = (/** @type {WhoView} */ now, /** @type {string} */ enteredSecret) => {
    setSecret(enteredSecret);
    if (now.once || wantsPassword) setWho(now);
    else openWall();
  };
  const form =
    who === undefined
      ? null
      : who === null
        ? html`<${EnterForm} lang=${lang} onDone=${entered} />`
        : html`<${ChooseForm} lang=${lang} who=${who} secret=${secret} />`;
  return html`<header class="top"><h1>Sabha</h1><div class="switches"><${Switches} ...${preferences} /></div></header>
    <main class="enter">${form}</main>`;
}

/** @param {{ lang: Language, onDone: (who: WhoView, secret: string) => void }} props */
function EnterForm({ lang, onDone }) {
  const { busy, error, send } = useSubmit(lang, location.search === '?directory' ? say(lang, 'directoryNo') : '');
  const [directory, setDirectory] = useState(/** @type {string | null} */ (null));
  useEffect(() => void fetchJson('/api/login').then((answer) => setDirectory(answer?.directory ?? null)), []);
  const away = location.search === '?away' && directory !== null ? say(lang, 'directoryAway', { name: directory }) : '';
  const submit = async (/** @type {SubmitEvent} */ event) => {
    const { name = '', password = '' } = readForm(event);
    const done = await send('/api/login', { name, password });
    if (done !== null) onDone(done, password);
  };
  return html`<form class="card" onSubmit=${submit} aria-labelledby="enter">
    <h2 id="enter">${say(lang, 'loginTitle')}</h2>
    <label>${say(lang, 'accountName')}<input name="name" required maxlength="64" autocomplete="username" autocapitalize="none" spellcheck=${false} /></label>
    <label>${say(lang, 'password')}<input name="password" type="password" required maxlength="200" autocomplete="current-password" /></label>
    <p class="error" role="alert">${error || away}</p>
    <button class="primary" disabled=${busy}>${say(lang, 'login')}</button>
    ${directory !== null ? html`<a class="button" href="/api/openid">${say(lang, 'directory')}</a>` : null}
  </form>`;
}

/** @param {{ lang: Language, who: WhoView, secret: string }} props */
function ChooseForm({ lang, who, secret }) {
  const { busy, error, send } = useSubmit(lang);
  const title = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => title.current?.focus(), []);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    const { old = secret, password = '' } = readForm(event);
    if ((await send('/api/password', { old, password })) !== null) openWall();
  };
  return html`<form class="card" onSubmit=${submit} aria-labelledby="choose">
    <h2 id="choose" tabindex="-1" ref=${title}>${say(lang, 'chooseTitle')}</h2>
    <p>${say(lang, who.once ? 'chooseWhy' : 'chooseOther', { name: shown(who.name ?? '') })}</p>
    <input name="name" type="hidden" autocomplete="username" value=${who.name} />
    ${secret !== '' ? null : html`<label>${say(lang, who.once ? 'secretGiven' : 'passwordNow')}<input name="old" type="password" required maxlength="200" autocomplete="current-password" /></label>`}
    <label>${say(lang, 'passwordNew')}<input name="password" type="password" required minlength="12" maxlength="200" autocomplete="new-password" /></label>
    <p class="error" role="alert">${error}</p>
    <p class="buttons">${who.once ? null : html`<a class="button" href="/">${say(lang, 'cancel')}</a>`}<button class="primary" disabled=${busy}>${say(lang, 'save')}</button></p>
  </form>`;
}

/**
 * @param {Language} lang
 * @param {string} [first]
 */
function useSubmit(lang, first = '') {
  const [state, setState] = useState({ busy: false, error: first });
  const send = async (/** @type {string} */ path, /** @type {Record<string, string>} */ body) => {
    setState({ busy: true, error: '' });
    const done = await post(path, body);
    setState({ busy: false, error: errorText(lang, done) });
    return done.status === 200 ? /** @type {WhoView} */ (done.answer) : null;
  };
  return { ...state, send };
}

/**
 * @param {Language} lang
 * @param {PostResult} done
 */
function errorText(lang, done) {
  const { status, waitS } = done;
  if (status === 200) return '';
  if (status === 0) return say(lang, 'noAnswer');
  if (status === 401) return say(lang, 'wrongPassword');
  if (status === 400) return say(lang, 'passwordOther');
  return status === 429 ? say(lang, 'tooMany', { s: waitS }) : refusedText(lang, done);
}

/** @param {SubmitEvent} event @returns {Record<string, string>} */
function readForm(event) {
  event.preventDefault();
  const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
  return Object.fromEntries([...fields].map(([name, value]) => [name, String(value)]));
}

/**
 * Returns null if nobody is signed in or the server does not respond. The form reports the latter when it is sent.
 * @param {string} path
 */
async function fetchJson(path) {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(answerLimitMs) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function openWall() {
  location.replace(`/${location.hash}`);
}

const root = document.getElementById('login') ?? document.body;
// Removes the loading text.
root.replaceChildren();
render(html`<${Login} />`, root);
