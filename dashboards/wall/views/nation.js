/** The nation view: number of ready sites, a tile for each state, and incidents that need action. */
import { html } from 'htm/preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { nextBox } from '../live/around.js';
import { useFrozenList } from '../live/held.js';
import { countSites, isClearing, needsAction, openIncidents, overIncidents, readyMark, urgentStates, worstFirst } from '../live/model.js';
import { dotsOf, height, tileOf, width } from '../live/places.js';
import { isRevisited } from '../live/route.js';
import { Age, Bar, LastKnown, Mark, markText, whyText } from '../parts/parts.js';
import { nameIn, say, sayWord } from '../words/words.js';
import { EndedList, IncidentList } from './incidents.js';
import { RollCard } from './rollcall.js';
import { DutyCard } from './roster.js';
import { useSearch } from './search.js';

/** @import { Component } from 'preact' */
/** @import { IncidentRow, Language, SiteView, StateView, Words } from '@sabha/contracts' */
/** @import { View } from '../live/model.js' */
/** @import { Scene } from '../parts/parts.js' */
/** @import { Dot } from '../live/places.js' */

/** @param {{ scene: Scene, view: View, counts: ReturnType<typeof countSites>, state: string }} props */
export function Nation({ scene, view, counts, state }) {
  const { lang } = scene;
  return html`<div class="nation">
    <section class="tally" aria-label=${say(lang, 'tally')}>
      ${
        /** @type {const} */ (['unproven', 'fault', 'unknown']).map(
          (mark) => html`<p class="count ${mark} ${counts[mark] === 0 ? 'none' : ''}" data-tally=${mark} key=${mark}>
          <strong>${counts[mark]}</strong><span><${Mark} is=${mark} /><${LastKnown} scene=${scene} what=${markText(scene, mark)} /></span></p>`,
        )
      }
    </section>
    <${Bar} counts=${counts} />
    <${TileMap} scene=${scene} view=${view} selected=${state} />
    <aside>
      ${state === '' ? null : html`<${StatePanel} scene=${scene} view=${view} state=${state} key=${state} />`}
      <${ActionList} scene=${scene} view=${view} within=${state} allKnown=${counts.live > 0 && counts.unproven === counts.live} />
      <${RollCard} scene=${scene} view=${view} />
      <${DutyCard} scene=${scene} />
      <${EndedList} scene=${scene} incidents=${overIncidents(view.incidents, state)} />
    </aside>
  </div>`;
}

/** Constant id list, for a freeze of the whole card. */
const wholeCard = ['needs'];

/**
 * Lists the incidents of a state or a site: those that need action, acknowledged ones and cleared ones. Shows "nothing needs action" only
 * if all is known and ready.
 * @param {{ scene: Scene, view: View, within: string, allKnown: boolean }} props
 */
export function ActionList({ scene, view, within, allKnown }) {
  const { lang, live } = scene;
  const every = openIncidents(view.incidents, within);
  const { held, handlers } = useFrozenList(wholeCard);
  const { isMatch, field } = useSearch(scene, view, {
    count: every.length,
    still: held !== null,
    where: within.includes('/') ? 'site' : 'nation',
  });
  const open = every.filter(isMatch);
  const waiting = open.filter((one) => needsAction(one));
  const watched = open.filter((one) => isClearing(one));
  const taken = open.filter((one) => !needsAction(one) && !isClearing(one));
  const calm = live && allKnown && every.length === 0;
  const nothing = calm ? 'nobodyNeeded' : every.length > 0 && open.length === 0 ? 'noMatch' : live ? 'nobodyWaits' : 'notKnown';
  return html`<section class="card needs" aria-labelledby="needs" ...${handlers}>
      <h2 id="needs">${say(lang, live || waiting.length === 0 ? 'needsSomebody' : 'neededSomebody')}${waiting.length > 0 ? html` <span class="number">${waiting.length}</span>` : null}</h2>
      ${field}
      ${waiting.length === 0 ? html`<p class="quiet"><${Mark} is=${calm ? 'unproven' : 'unknown'} />${say(lang, nothing)}</p>` : null}
      <${IncidentList} scene=${scene} name="waiting" incidents=${waiting} known=${view.incidents} states=${view.states} />
    </section>
    <${FoldedList} scene=${scene} name="watched" title=${say(lang, 'watched')} text=${say(lang, 'watchedText', { n: watched.length })} incidents=${watched} view=${view} open=${within !== ''} />
    <${FoldedList} scene=${scene} name="quiet" title=${say(lang, 'quiet')} text=${say(lang, 'quietText', { n: taken.length })} incidents=${taken} view=${view} open=${within !== ''} />`;
}

/** @param {{ scene: Scene, name: string, title: string, text: string, incidents: IncidentRow[], view: View, open: boolean }} props */
function FoldedList({ scene, name, title, text, incidents, view, open }) {
  if (incidents.length === 0) return null;
  return html`<details class="card" open=${open}><summary><b>${title}</b> · ${text}</summary>
    <${IncidentList} scene=${scene} name=${name} incidents=${incidents} known=${view.incidents} states=${view.states} /></details>`;
}

/**
 * The tile map. States without a place on it follow below.
 * @param {{ scene: Scene, view: View, selected: string }} props
 */
function TileMap({ scene, view, selected }) {
  const { lang, live } = scene;
  const names = useMemo(() => new Map(view.states.map((/** @type {StateView} */ one) => [one.state, one.name])), [view.states]);
  const hot = urgentStates(view.incidents);
  const all = [...view.sites.keys()].sort();
  const [last, setLast] = useState('');
  // One tab stop. Arrow keys move from there.
  const stop = [last, selected].find((state) => all.includes(state)) ?? all[0];
  const tile = (/** @type {string} */ state) =>
    html`<${Tile} key=${state} lang=${lang} live=${live} state=${state} name=${names.get(state)} sites=${view.sites.get(state)} hot=${live && hot.has(state)} selected=${selected === state} stop=${stop === state} />`;
  const elsewhere = all.filter((state) => tileOf(state) === undefined);
  return html`<nav class="map" aria-label=${say(lang, 'map')} onKeyDown=${moveFocus} onFocusIn=${(/** @type {{ target: Element }} */ { target }) => setLast(target.getAttribute('data-state') ?? '')}>
    <div class="grid">${all.filter((state) => tileOf(state) !== undefined).map(tile)}</div>
    ${elsewhere.length === 0 ? null : html`<div class="flow">${elsewhere.map(tile)}</div>`}
    <p class="legend dim">${/** @type {const} */ (['unproven', 'fault', 'unknown']).map((is) => html`<span key=${is}><${Mark} is=${is} />${markText(scene, is)}</span>`)}
      <span><${Mark} is="commissioning" />${sayWord(scene, 'stage', 'commissioning')}</span><span><${Mark} is="planned" />${sayWord(scene, 'stage', 'planned')}</span></p>
  </nav>`;
}

/**
 * Moves the focus to the next tile in that direction, by the current screen layout.
 * @param {KeyboardEvent & { currentTarget: Element }} event
 */
function moveFocus(event) {
  const tiles = [...event.currentTarget.querySelectorAll('.tile')];
  const next =
    tiles[
      nextBox(
        tiles.map((one) => one.getBoundingClientRect()),
        tiles.findIndex((one) => one.matches(':focus')),
        event.key,
      )
    ];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

/** @typedef {{ lang: Language, live: boolean, state: string, name: Words | undefined, sites: readonly SiteView[], hot: boolean, selected: boolean, stop: boolean }} TileProps */

/**
 * One state, drawn again only when its props change, not at every tick. `shouldComponentUpdate` instead of a cached vnode: a cached vnode
 * keeps the whole page of its creation in memory (36 states kept 36 old pages).
 *
 * @this {Component<TileProps>}
 * @param {TileProps} props
 */
function Tile(props) {
  const drawn = Object.values(props);
  this.shouldComponentUpdate = (next) => Object.values(next).some((value, at) => !Object.is(value, drawn[at]));
  return tileView(props);
}

/** @param {TileProps} props */
function tileView({ lang, live, state, name, sites, hot, selected, stop }) {
  const place = tileOf(state);
  const full = nameIn(lang, name ?? { en: state, hi: state });
  const code = place?.code ?? full;
  // Without a connection the tile shows the last known state in grey, labelled as old.
  const counts = countSites(sites, true);
  const label = say(lang, 'tile', { ...counts, name: full, all: counts.live, other: counts.planned + counts.commissioning });
  const { paths, cell } = dotsOf(sites, dotOf);
  const style = place === undefined ? {} : { '--column': `${place.column + 1}`, '--row': `${place.row + 1}` };
  const looks = `tile${hot ? ' hot' : ''}${selected ? ' chosen' : ''}`;
  return html`<a class=${looks} href=${selected ? '#/' : `#/nation/${state}`} data-state=${state} style=${style} tabindex=${stop ? 0 : -1}
    title=${full} aria-current=${selected ? 'true' : null}>
    <span class="head"><b>${code}</b><em>${counts.live === 0 ? '–' : `${counts.unproven}/${counts.live}`}</em></span>
    <span class="unseen">${live ? '' : `${say(lang, 'connectionLost')}. `}${label}${hot ? `. ${say(lang, 'needsTile')}` : ''}</span>
    <svg viewBox=${`0 0 ${width} ${height}`} aria-hidden="true">${paths.map(([dot, d]) => html`<path key=${dot} class="dot ${dot}" fill-rule="evenodd" d=${d} stroke-width=${(cell / 8).toFixed(2)} />`)}</svg>
  </a>`;
}

/**
 * The sites of the selected state, the worst first.
 * @param {{ scene: Scene, view: View, state: string }} props
 */
function StatePanel({ scene, view, state }) {
  const { lang } = scene;
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus({ preventScroll: isRevisited() }), []);
  const markOf = (/** @type {SiteView} */ one) => (one.stage === 'live' ? readyMark(one.readiness, true) : 'ok');
  const sites = worstFirst(view.sites.get(state) ?? [], markOf, (one) => one.site);
  const name = nameIn(lang, view.states.find((one) => one.state === state)?.name ?? { en: state, hi: state });
  return html`<section class="card panel" data-panel=${state}>
    <h2 ref=${heading} tabindex="-1">${say(lang, 'sitesOf', { name })} <a class="button" href="#/">${say(lang, 'close')}</a></h2>
    <ul class="sites">${sites.map((one) => html`<${SiteLine} scene=${scene} site=${one} key=${one.site} />`)}</ul>
  </section>`;
}

/** @param {{ scene: Scene, site: SiteView }} props */
function SiteLine({ scene, site }) {
  const { lang } = scene;
  const dot = dotOf(site);
  const since = site.quietSince;
  const words =
    site.stage !== 'live'
      ? sayWord(scene, 'stage', site.stage)
      : html`<${LastKnown} scene=${scene} what=${whyText(scene, site.why) || markText(scene, readyMark(site.readiness, true))} />`;
  return html`<li><a href="#/site/${site.site}" data-site=${site.site}><${Mark} is=${dot ?? 'closed'} /><bdi>${nameIn(lang, site.name)}</bdi></a>
    <span class="dim">${words}${since === null ? null : html` · <${Age} scene=${scene} since=${since} />`}</span></li>`;
}

/**
 * Returns null for a closed site.
 * @param {SiteView} site
 * @returns {Dot | null}
 */
function dotOf({ stage, readiness }) {
  if (stage === 'closed') return null;
  return stage === 'live' ? readyMark(readiness, true) : stage;
}
