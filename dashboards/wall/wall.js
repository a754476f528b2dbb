/** The wall: this site and its incidents, live. It shows what the centre says, and unknown where it says nothing. */
import { html } from 'htm/preact';
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Incidents, incidentTitle } from './incidents.js';
import { changed, news, openIncidents, pcMark, viewOf } from './model.js';
import { Mark } from './parts.js';
import { usePerson } from './person.js';
import { preferredLanguage, preferredTheme, remember } from './preferences.js';
import { Rooms, Tally } from './rooms.js';
import { follow } from './stream.js';
import { timeText } from './times.js';
import { nameIn, say } from './words.js';

/** @import { Catalogue, View } from './model.js' */
/** @import { Scene } from './parts.js' */
/** `upMs` is the page's own running clock when the centre last spoke. @typedef {{ view: View | null, connected: boolean, upMs: number }} Link */

function Wall() {
  const { view, connected, upMs } = useStream();
  const catalogue = useCatalogue(connected);
  const [lang, setLang] = usePreference('lang', preferredLanguage());
  const [theme, setTheme] = usePreference('theme', preferredTheme());
  const { act, dialog, askName, name } = usePerson(lang);
  useTick();
  useEffect(() => void Object.assign(document.documentElement, { lang }), [lang]);
  useEffect(() => void Object.assign(document.documentElement.dataset, { theme }), [theme]);

  /** @type {Scene} */
  const scene = {
    lang,
    now: view === null ? Date.now() : view.at + performance.now() - upMs,
    live: connected && view?.subscribed === true,
    lostAt: view === null ? null : connected ? view.deafSince : view.at,
    catalogue,
  };
  const pcs = view?.pcs ?? [];
  const allKnown = pcs.length > 0 && pcs.every((pc) => pcMark(pc, scene.live) === 'ok');
  useEffect(() => void Object.assign(document, { title: pageTitle(view, scene.live, allKnown) }));
  return html`
    <header class="top">
      <h1>Sabha <small>${view?.sites.map((site) => html`<bdi key=${site.site}>${nameIn(lang, site.name)}</bdi>`)}</small></h1>
      <${LinkState} scene=${scene} view=${view} connected=${connected} />
      <div class="switches">
        <button onClick=${askName}>${name === '' ? say(lang, 'noName') : html`<bdi>${say(lang, 'you', { name })}</bdi>`}</button>
        <button lang=${lang === 'hi' ? 'en' : 'hi'} onClick=${() => setLang(lang === 'hi' ? 'en' : 'hi')}>${lang === 'hi' ? 'English' : 'हिन्दी'}</button>
        <button onClick=${() => setTheme(theme === 'dark' ? 'light' : 'dark')}>${say(lang, theme === 'dark' ? 'toLight' : 'toDark')}</button>
      </div>
    </header>
    <${Banner} scene=${scene} view=${view} connected=${connected} />
    <main class=${scene.live ? '' : 'stale'}>
      <${Tally} scene=${scene} pcs=${pcs} />
      <${Incidents} scene=${scene} incidents=${view?.incidents ?? []} act=${act} allKnown=${allKnown} />
      <${Rooms} scene=${scene} pcs=${pcs} />
    </main>
    <${Announcer} scene=${scene} view=${view} />
    ${dialog}`;
}

/** @param {{ scene: Scene, view: View | null, connected: boolean }} props */
function LinkState({ scene, view, connected }) {
  const { lang, now, live } = scene;
  const key = live ? 'live' : connected ? 'deaf' : view === null ? 'connecting' : 'connectionLost';
  return html`<p class="link"><${Mark} is=${live ? 'ok' : 'unknown'} /><b>${say(lang, key)}</b>
    ${view === null ? null : html`<span class="dim">${say(lang, 'asOf', { time: timeText(lang, connected ? now : view.at, now) })}</span>`}</p>`;
}

/** @param {{ scene: Scene, view: View | null, connected: boolean }} props */
function Banner({ scene, view, connected }) {
  const { lang, now, live, lostAt } = scene;
  const time = lostAt === null ? '' : timeText(lang, lostAt, now);
  let content = null;
  if (view === null) content = say(lang, 'waitBanner');
  else if (!connected) content = html`<b>${say(lang, 'lostBanner', { time })}</b> ${say(lang, 'lostHint')}`;
  else if (!live) content = html`<b>${say(lang, 'deafBanner', { time })}</b> ${say(lang, 'deafHint')}`;
  return html`<div class="banner" role="status">${content === null ? null : html`<p>${content}</p>`}</div>`;
}

/**
 * Speaks what is new, and only that: ages that tick would be read out every second. It waits for the catalogue, which has the titles.
 * @param {{ scene: Scene, view: View | null }} props
 */
function Announcer({ scene, view }) {
  const before = useRef(/** @type {View | null} */ (null));
  const [text, setText] = useState('');
  const { lang, catalogue } = scene;
  useEffect(() => {
    before.current ??= view;
    if (before.current === null || view === null || Object.keys(catalogue).length === 0) return;
    const told = news(before.current.incidents, view.incidents);
    before.current = view;
    if (told.length === 0) return;
    const lines = told.map(({ key, incident }) =>
      say(lang, key, { title: incidentTitle(scene, incident), room: nameIn(lang, incident.room) }),
    );
    setText(lines.join('. '));
  }, [view, catalogue]);
  return html`<p class="unseen" aria-live="polite">${text}</p>`;
}

/** @returns {Link} */
function useStream() {
  const [link, setLink] = useState(/** @type {Link} */ ({ view: null, connected: false, upMs: 0 }));
  useEffect(() => {
    const heard = (/** @type {(view: View | null) => View | null} */ next) =>
      setLink(({ view }) => ({ view: next(view), connected: true, upMs: performance.now() }));
    return follow('/api/stream', {
      onSnapshot: (snapshot) => heard((view) => viewOf(snapshot, view)),
      onChange: (frame) => heard((view) => view && changed(view, frame)),
      onLost: () => setLink((old) => ({ ...old, connected: false })),
    });
  }, []);
  return link;
}

/**
 * The catalogue's words, read again after each reconnect: the centre may be a newer one.
 * @param {boolean} connected
 */
function useCatalogue(connected) {
  const [catalogue, setCatalogue] = useState(/** @type {Catalogue} */ ({}));
  useEffect(() => {
    if (!connected) return;
    fetch('/api/words')
      .then((answer) => answer.json())
      .then((words) => setCatalogue(words.faults))
      .catch(() => {
        // The stream breaks too then, and its return reads the words again.
      });
  }, [connected]);
  return catalogue;
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

/** Lets ages grow: draws the page again each second. */
function useTick() {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
}

/**
 * @param {View | null} view
 * @param {boolean} live
 * @param {boolean} allKnown
 */
function pageTitle(view, live, allKnown) {
  const open = view === null ? 0 : openIncidents(view.incidents).length;
  if (!live) return '○ Sabha';
  return open > 0 ? `◆ ${open} · Sabha` : `${allKnown ? '●' : '○'} Sabha`;
}

const root = document.getElementById('wall') ?? document.body;

/** A page that broke must not stay green: it stops all that would still draw, says that it knows nothing, and starts again. */
function broken() {
  render(null, root);
  document.title = '○ Sabha';
  document.body.textContent = `${say('en', 'broken')} / ${say('hi', 'broken')}`;
  setTimeout(() => location.reload(), 10_000);
}

addEventListener('error', broken, { once: true });
addEventListener('unhandledrejection', broken, { once: true });
render(html`<${Wall} />`, root);
