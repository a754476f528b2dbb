/** List of incidents, one line each: fault, place, age, and who knows of it. */
import { html } from 'htm/preact';
import { useRef } from 'preact/hooks';
import { groupIncidents } from '../live/grouped.js';
import { useFrozenList, visibleRows } from '../live/held.js';
import { useHistoryState } from '../live/kept.js';
import { incidentMark, isClearing, pathOf, shownFaults, sinceOf } from '../live/model.js';
import { useGrowingList } from '../parts/growing.js';
import { Age, IsolatedText, Mark, mayAct, Place, titleOf } from '../parts/parts.js';
import { ErrorMessage, useAction } from '../parts/person.js';
import { ageText, timeText } from '../words/times.js';
import { nameIn, say, sayWord, shown } from '../words/words.js';
import { handlingLines } from './handling.js';

/** @import { IncidentRow, Language, StateView } from '@sabha/contracts' */
/** @import { Group } from '../live/grouped.js' */
/** @import { Scene } from '../parts/parts.js' */

/** Inside a group no further grouping takes place. @type {readonly StateView[]} */
const none = [];
/** Rows shown before the reader opens the whole list. */
const few = 12;

/**
 * Shows the first few incidents, then as far as the reader scrolls. While a pointer is in the list rows keep their places and new ones
 * wait. `known` holds all incidents, also acknowledged ones. More than ten incidents of one fault in one state become one line that opens.
 * The drawn length is stored under `name`.
 * @param {{ scene: Scene, name: string, incidents: IncidentRow[], known: IncidentRow[], states: readonly StateView[] }} props
 */
export function IncidentList({ scene, name, incidents, known, states }) {
  const wanted = states.length === 0 ? incidents : groupIncidents(incidents);
  const { drawn, isAsked, end, askAll } = useGrowingList(few, wanted.length, `drawn/${name}`);
  const first = wanted.slice(0, drawn);
  const { held, handlers, releaseNow } = useFrozenList(
    first.map(({ id }) => id),
    drawn,
  );
  const { shown: shownOnes, waiting } = visibleRows(held, {
    wanted: first,
    all: held === null ? [] : [...known, ...groupIncidents(incidents, { kept: held }).filter((one) => 'rows' in one)],
  });
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const showAll = () => {
    releaseNow();
    askAll();
    // The button vanishes, so the focus moves to the last visible row.
    /** @type {HTMLElement | null | undefined} */ (list.current?.lastElementChild?.querySelector('a, summary'))?.focus({
      preventScroll: true,
    });
  };
  return html`<ul class="lines" ref=${list} ...${handlers}>${shownOnes.map((one) =>
    'rows' in one
      ? html`<${IncidentGroup} scene=${scene} group=${one} known=${known} states=${states} key=${one.id} />`
      : html`<${IncidentLine} scene=${scene} incident=${one} states=${states} still=${held !== null} key=${one.id} />`,
  )}</ul>
    <div ref=${end}></div>
    <p class="new-ones" role="status">${waiting === 0 ? null : html`<button onClick=${releaseNow}>${say(scene.lang, 'newOnes', { n: waiting })}</button>`}</p>
    ${!isAsked && first.length < wanted.length ? html`<button onClick=${showAll}>${say(scene.lang, 'showAll', { n: incidents.length })}</button>` : null}`;
}

/** @param {{ scene: Scene, group: Group, known: IncidentRow[], states: readonly StateView[] }} props */
function IncidentGroup({ scene, group: { id, state, fault, rows }, known, states }) {
  const [open, setOpen] = useHistoryState(`open/${id}`, false);
  const name = nameIn(scene.lang, states.find((one) => one.state === state)?.name ?? { en: state, hi: '' });
  const worst = rows[0]?.severity ?? 'minor';
  const toggled = (/** @type {{ currentTarget: HTMLDetailsElement }} */ event) => setOpen(event.currentTarget.open);
  return html`<li class="line ${worst}" data-group=${id}><span class="tag ${worst}" title=${sayWord(scene, 'severity', worst)}><${Mark} is=${scene.live ? 'fault' : 'unknown'} /><span class="unseen">${sayWord(scene, 'severity', worst)}</span></span>
    <details open=${open} onToggle=${toggled}><summary><b>${titleOf(scene, fault)}</b> · <bdi>${say(scene.lang, 'manyOf', { n: rows.length, state: name })}</bdi></summary>
    ${open ? html`<${IncidentList} scene=${scene} name=${id} incidents=${rows} known=${known} states=${none} />` : null}</details></li>`;
}

/**
 * Shows ended incidents in a closed fold.
 * @param {{ scene: Scene, incidents: IncidentRow[] }} props
 */
export function EndedList({ scene, incidents }) {
  const [open, setOpen] = useHistoryState('open/over', false);
  if (incidents.length === 0) return null;
  const toggled = (/** @type {{ currentTarget: HTMLDetailsElement }} */ event) => setOpen(event.currentTarget.open);
  return html`<details class="card over" open=${open} onToggle=${toggled}><summary>${say(scene.lang, 'over')} (${incidents.length})</summary>
    ${open ? html`<ul>${incidents.slice(0, 100).map((one) => html`<${EndedLine} scene=${scene} incident=${one} key=${one.id} />`)}</ul>` : null}</details>`;
}

/** @param {{ scene: Scene, incident: IncidentRow, states: readonly StateView[], still: boolean }} props */
function IncidentLine({ scene, incident, states, still }) {
  const { lang, now } = scene;
  const { id, severity, acknowledged, told } = incident;
  const { waits, error, doing } = useAction(scene.act);
  const [first] = shownFaults(incident);
  const state = states.find((one) => one.state === pathOf(incident).split('/')[0])?.name;
  const last = told.at(-1);
  const handling = handlingLines(scene, incident).at(-1);
  const again = clearingText(scene, incident);
  const look = again === null ? severity : 'past';
  return html`<li class="line ${look}" data-incident=${id}>
    <span class="tag ${look}" title=${sayWord(scene, 'severity', severity)}><${Mark} is=${incidentMark(incident, scene)} /><span class="unseen">${sayWord(scene, 'severity', severity)}</span></span>
    <div>
      <h3><a href="#/incident/${id}">${incidentTitle(scene, incident)}</a> <${Age} scene=${scene} since=${sinceOf(incident)} /></h3>
      <p class="place"><${Place} scene=${scene} names=${[incident.site, ...(state === undefined ? [] : [state]), incident.room]} />${first?.name ? html`<span class="device"> · <${IsolatedText} text=${first.name} /></span>` : null}</p>
      ${again === null ? null : html`<p class="again">${again}</p>`}
      ${again === null && incident.flapping ? html`<p class="dim">${say(lang, 'flapping')}</p>` : null}
      <p class="dim"><bdi>${
        handling ??
        (acknowledged !== null
          ? say(lang, 'acknowledgedBy', { name: shown(acknowledged.by), time: timeText(lang, acknowledged.at, now) })
          : last === undefined || first?.unnotified
            ? say(lang, 'nobodyTold')
            : say(lang, 'toldLine', { person: shown(last.person), time: timeText(lang, last.at, now) }))
      }</bdi></p>
    </div>
    <p class="acts">${mayAct(scene) ? html`<${TakeButton} lang=${lang} incident=${incident} still=${still} waits=${waits} onTake=${() => doing(() => scene.take({ id, title: incidentTitle(scene, incident) }))} />` : null}</p>
    <${ErrorMessage} lang=${lang} error=${error} />
  </li>`;
}

/**
 * With `still` (a pointer is in the list) an unneeded button stays, but is disabled: otherwise another button could move under the pointer.
 *
 * @param {{ lang: Language, incident: IncidentRow, still: boolean, waits: 'true' | null, onTake: () => void }} props
 */
function TakeButton({ lang, incident, still, waits, onTake }) {
  const isWanted = incident.acknowledged === null && incident.overAt === null;
  const had = useRef(isWanted);
  if (!still) had.current = isWanted;
  if (!isWanted && !had.current) return null;
  return html`<button aria-disabled=${isWanted ? waits : 'true'} onClick=${isWanted ? onTake : null}>${say(lang, 'acknowledge')}</button>`;
}

/** @param {{ scene: Scene, incident: IncidentRow }} props */
function EndedLine({ scene, incident }) {
  return html`<li><a href="#/incident/${incident.id}">${incidentTitle(scene, incident)}</a>, <${Place} scene=${scene} names=${[incident.site, incident.room]} />
    <span class="dim">${endText(scene, incident)}</span></li>`;
}

/**
 * @param {Scene} scene
 * @param {IncidentRow} incident
 */
export function endText(scene, incident) {
  const { lang, now } = scene;
  const { overAt, over, closedBecause } = incident;
  const at = overAt ?? now;
  const time = timeText(lang, at, now);
  const how =
    over === 'closed'
      ? say(lang, 'closedAt', { time, why: closeReasonText(scene, closedBecause ?? '') })
      : say(lang, 'clearedAt', { time });
  return `${how} · ${say(lang, 'lasted', { age: ageText(scene, at - sinceOf(incident)) })}`;
}

/**
 * Returns the text that says since when the most severe shown fault is over, and until when all faults are watched. Returns null while
 * one of them is present.
 * @param {Scene} scene
 * @param {IncidentRow} incident
 */
export function clearingText({ lang, now }, incident) {
  const [first] = shownFaults(incident);
  if (!first?.watched || !isClearing(incident)) return null;
  const since = timeText(lang, first.watched.since, now);
  const until = timeText(lang, Math.max(...incident.faults.map((one) => one.watched?.until ?? 0)), now);
  return say(lang, first.fault === 'pc.silent' ? 'answersAgain' : 'wellAgain', { since, until });
}

/**
 * Returns why it was closed. The new path of a moved PC follows the words.
 * @param {Scene} scene
 * @param {string} reason
 */
function closeReasonText(scene, reason) {
  const [, words = reason, place = ''] = /^(moved to)( .+)$/.exec(reason) ?? [];
  return shown(`${sayWord(scene, 'closed', words)}${place}`);
}

/**
 * @param {Scene} scene
 * @param {IncidentRow['told'][number]} one
 */
export function notifiedText(scene, { person, channel, at }) {
  const { lang, now } = scene;
  return say(lang, 'told', { person: shown(person), channel: sayWord(scene, 'channel', channel), time: timeText(lang, at, now) });
}

/**
 * Returns the title of an incident: its most severe visible fault.
 * @param {Scene} scene
 * @param {IncidentRow} incident
 */
export function incidentTitle(scene, incident) {
  const first = shownFaults(incident)[0];
  return first === undefined ? sayWord(scene, 'severity', incident.severity) : titleOf(scene, first.fault);
}
