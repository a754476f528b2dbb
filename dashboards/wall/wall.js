/** The wall: the views nation, site, incident, roll call and roster. It shows the data of the server, and unknown without current data. */
import { html } from 'htm/preact';
import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useCatalogue, useStream } from './live/data.js';
import { countSites, listNews, needsAction } from './live/model.js';
import { useRoute } from './live/route.js';
import { PushButton } from './parts/device.js';
import { useFocusRestored } from './parts/focus.js';
import { focusFirstIncident, useKeys } from './parts/keys.js';
import { Mark, mayAct } from './parts/parts.js';
import { usePerson } from './parts/person.js';
import { useAcknowledge } from './parts/taking.js';
import { Empty } from './views/empty.js';
import { IncidentPage } from './views/incident.js';
import { incidentTitle } from './views/incidents.js';
import { Nation } from './views/nation.js';
import { RollCallPage } from './views/rollcall.js';
import { RosterPage } from './views/roster.js';
import { SitePage } from './views/site.js';
import { Switches, usePreferences } from './words/preferences.js';
import { timeText } from './words/times.js';
import { nameIn, say } from './words/words.js';

/** @import { View } from './live/model.js' */
/** @import { Scene } from './parts/parts.js' */
/** @import { Route } from './live/route.js' */

/** Maximum number of incidents in one announcement. */
const announcedAtOnce = 5;
const emptyCatalogue = { faults: {}, reasons: [], words: {} };

function Wall() {
  const route = useRoute();
  const place = useRef('');
  if (route.view === 'nation' || route.view === 'site') place.current = route.at;
  const { view: streamed, connected, upMs } = useStream(route.view === 'site' ? route.at : null);
  const loaded = useCatalogue(connected);
  const { faults: catalogue, reasons, words } = loaded ?? emptyCatalogue;
  const view = loaded === null ? null : streamed;
  const preferences = usePreferences();
  const { lang } = preferences;
  const { act, dialog, scope, role, you, names, notice, switches } = usePerson(lang, connected);
  const { take, undo, pieces } = useAcknowledge({ lang, words }, act);
  const keys = useKeys(lang, undo);
  useFocusRestored();
  useSecondTick();
  openOnlySite(view);

  const now = view === null ? Date.now() : view.at + performance.now() - upMs;
  const lostAt = view === null ? null : connected ? view.notReceivingSince : view.at;
  /** @type {Scene} */
  const scene = {
    lang,
    now,
    live: connected && view?.subscribed === true,
    lostAt,
    catalogue,
    reasons,
    words,
    scope,
    role,
    names,
    act,
    take,
  };
  const counts = useMemo(() => countSites([...(view?.sites.values() ?? [])].flat(), true), [view?.sites]);
  useEffect(() => void Object.assign(document, { title: pageTitle(view, scene, counts) }));
  return html`
    <button class="skip" onClick=${focusFirstIncident}>${say(lang, 'skip')}</button>
    <header class="top">
      <h1><a href="#/">Sabha</a> <small>${view === null ? null : html`<span>${say(lang, 'stages', counts)}</span>`}</small></h1>
      <${ConnectionState} scene=${scene} view=${view} connected=${connected} />
      <div class="switches">
        <a class=${mayAct(scene) ? 'button primary' : 'button'} href="#/rollcall">${say(lang, mayAct(scene) ? 'callRoll' : 'roll')}</a>
        ${switches}
        <${PushButton} lang=${lang} you=${you} act=${act} />
        <${Switches} ...${preferences} />
        <button title=${say(lang, 'keys')} aria-label=${say(lang, 'keys')} onClick=${keys.open}>?</button>
      </div>
    </header>
    <${Banner} scene=${scene} view=${view} connected=${connected} />
    <main class=${scene.live ? '' : 'stale'} tabindex="-1">${view === null ? null : html`<${Page} scene=${scene} view=${view} route=${route} place=${place.current} counts=${counts} />`}${notice}</main>
    <${Announcer} scene=${scene} view=${view} />
    ${pieces}
    ${keys.page}
    ${dialog}`;
}

/**
 * `place`: the last opened state or site.
 * @param {{ scene: Scene, view: View, route: Route, place: string, counts: ReturnType<typeof countSites> }} props
 */
function Page({ scene, view, route, place, counts }) {
  const { at } = route;
  if (route.view === 'site') return html`<${SitePage} scene=${scene} view=${view} at=${at} key=${at} />`;
  if (route.view === 'incident')
    return html`<${IncidentPage} scene=${scene} id=${at} row=${view.incidents.find((one) => `${one.id}` === at)} all=${view.incidents} key=${at} />`;
  if (route.view === 'rollcall') return html`<${RollCallPage} scene=${scene} view=${view} id=${at} scope=${place} />`;
  if (route.view === 'roster') return html`<${RosterPage} scene=${scene} person=${at} />`;
  if (view.sites.size === 0) return html`<${Empty} scene=${scene} />`;
  return html`<${Nation} scene=${scene} view=${view} counts=${counts} state=${at} />`;
}

/**
 * Opens the site page directly if there is only one site and the address names no view.
 * @param {View | null} view
 */
function openOnlySite(view) {
  useEffect(() => {
    if (view === null || location.hash !== '') return;
    const sites = [...view.sites.values()].flat();
    location.replace(sites.length === 1 ? `#/site/${sites[0]?.site}` : '#/');
  }, [view === null]);
}

/** @param {{ scene: Scene, view: View | null, connected: boolean }} props */
function ConnectionState({ scene, view, connected }) {
  const { lang, now, live } = scene;
  const key = live ? 'live' : connected ? 'deaf' : view === null ? 'connecting' : 'connectionLost';
  return html`<p class="link"><${Mark} is=${live ? 'ok' : 'unknown'} /><b>${say(lang, key)}</b>
    ${view === null ? null : html`<span class="dim">${say(lang, 'asOf', { time: timeText(lang, view.at, now) })}</span>`}</p>`;
}

/** @param {{ scene: Scene, view: View | null, connected: boolean }} props */
function Banner({ scene, view, connected }) {
  const { lang, now, live, lostAt } = scene;
  const time = lostAt === null ? '' : timeText(lang, lostAt, now);
  let content = null;
  if (view === null) content = say(lang, 'waitBanner');
  else if (!connected) content = html`<b>${say(lang, 'lostBanner', { time })}</b> ${say(lang, 'lostHint')}`;
  else if (!live) content = html`<b>${say(lang, 'deafBanner', { time })}</b> ${say(lang, 'deafHint')}`;
  else if (view.away?.settled === false)
    content = say(lang, 'awayNow', { from: timeText(lang, view.away.from, now), to: timeText(lang, view.away.to, now) });
  return html`<div class="banner ${view === null ? '' : 'over-it'}" role="status">${content === null ? null : html`<p>${content}</p>`}</div>`;
}

/**
 * Announces only new incidents: ages that tick would be read every second.
 * @param {{ scene: Scene, view: View | null }} props
 */
function Announcer({ scene, view }) {
  const before = useRef(/** @type {View | null} */ (null));
  const [text, setText] = useState('');
  const { lang } = scene;
  useEffect(() => {
    before.current ??= view;
    if (before.current === null || view === null) return;
    const announced = listNews(before.current.incidents, view.incidents);
    before.current = view;
    if (announced.length === 0) return;
    const lines = announced
      .slice(0, announcedAtOnce)
      .map(({ key, incident }) => say(lang, key, { title: incidentTitle(scene, incident), room: nameIn(lang, incident.room) }));
    setText(lines.join('. '));
  }, [view]);
  return html`<p class="unseen" aria-live="polite">${text}</p>`;
}

/** Redraws the page each second to update the ages. */
function useSecondTick() {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
}

/**
 * @param {View | null} view
 * @param {Scene} scene
 * @param {ReturnType<typeof countSites>} counts
 */
function pageTitle(view, { live }, counts) {
  const open = view === null ? 0 : view.incidents.filter((one) => needsAction(one)).length;
  if (!live) return '○ Sabha';
  return open > 0 ? `◆ ${open} · Sabha` : `${counts.live > 0 && counts.unproven === counts.live ? '◐' : '○'} Sabha`;
}

const root = document.getElementById('wall') ?? document.body;
// Removes the loading text.
root.replaceChildren();

/** A failed page must not stay green: stops all rendering, shows an error and reloads. */
function showFailure() {
  render(null, root);
  document.title = '○ Sabha';
  document.body.textContent = `${say('en', 'broken')} / ${say('hi', 'broken')}`;
  setTimeout(() => location.reload(), 10_000);
}

addEventListener('error', showFailure, { once: true });
addEventListener('unhandledrejection', showFailure, { once: true });
render(html`<${Wall} />`, root);
