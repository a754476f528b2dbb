/** The page of one incident: first action, people, notes and history. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { useFetched } from '../live/data.js';
import { childrenOf, incidentMark, shownFaults, sinceOf } from '../live/model.js';
import { Age, actionOf, IsolatedText, Mark, mayAct, outageText, Place, titleOf } from '../parts/parts.js';
import { timeText } from '../words/times.js';
import { filled, say, sayWord, shown } from '../words/words.js';
import { Actions, actionText, handlingLines } from './handling.js';
import { clearingText, endText, incidentTitle, notifiedText } from './incidents.js';

/** @import { IncidentReasons, IncidentRow, IncidentView } from '@sabha/contracts' */
/** @import { Scene } from '../parts/parts.js' */

/**
 * Uses the stream for current data, and requests notes and history again whenever the row changes.
 *
 * @param {{ scene: Scene, id: string, row: IncidentRow | undefined, all: IncidentRow[] }} props
 */
export function IncidentPage({ scene, id, row, all }) {
  const [acts, setActs] = useState(0);
  /** @type {IncidentView | 'missing' | null} */
  const found = useFetched(`/api/incidents/${id}`, [row, acts, scene.live]);
  if (found === null || found === 'missing')
    return html`<p class="card quiet">${say(scene.lang, found === null ? 'loading' : 'noIncidentFound')}</p>`;
  return html`<div class="one"><${Incident} scene=${scene} incident=${{ ...found, ...row }} all=${all} onActed=${() => setActs(acts + 1)} /></div>`;
}

/** @param {{ scene: Scene, incident: IncidentView, all: IncidentRow[], onActed: () => void }} props */
function Incident({ scene, incident, all, onActed }) {
  const { lang, now } = scene;
  const { id, severity, scope, overAt } = incident;
  const [first, ...others] = shownFaults(incident);
  const action = first === undefined || overAt !== null ? null : actionOf(scene, first.fault, incident.outage);
  const again = clearingText(scene, incident);
  const frozenAt = first?.unknownSince ?? null;
  const site = scope
    .replace(/^maintenance:/, '')
    .split('/')
    .slice(0, 2)
    .join('/');
  return html`<article class="card incident ${overAt === null && again === null ? severity : 'past'}" data-incident=${id}>
    <p class="tags"><span class="tag ${severity}"><${Mark} is=${incidentMark(incident, scene)} />${sayWord(scene, 'severity', severity)}</span>${overAt === null ? html`<${Age} scene=${scene} since=${sinceOf(incident)} />` : html`<span class="dim">${endText(scene, incident)}</span>`}</p>
    <h2>${incidentTitle(scene, incident)}</h2>
    <p class="where">${scope.split('/').length === 3 ? html`<a href="#/site/${site}"><${Place} scene=${scene} names=${[incident.room, incident.site]} /></a>` : html`<${Place} scene=${scene} names=${[incident.room, incident.site]} />`}${first?.name ? html` · <${IsolatedText} text=${first.name} />` : null}</p>
    ${action === null ? null : html`<p class="action"><b>${say(lang, 'doFirst')}:</b> ${action}</p>`}
    ${others.map((one) => html`<p class="dim" key=${one.fault + one.device}>${say(lang, 'also', { title: titleOf(scene, one.fault) })}${one.name ? html` · <${IsolatedText} text=${one.name} />` : null}</p>`)}
    ${incident.flapping ? html`<p class="hint">${say(lang, 'flapping')}</p>` : null}
    ${again === null ? null : html`<p class="again">${again}</p>`}
    ${frozenAt === null ? null : html`<p class="hint">${say(lang, 'frozen', { time: timeText(lang, frozenAt, now) })}</p>`}
    ${incident.outage === null ? null : html`<p class="hint" data-outage=${incident.outage.cause}>${offlinePcsText(scene, incident.outage)}</p>`}
    <${ChildIncidents} scene=${scene} incident=${incident} all=${all} />
    <${People} scene=${scene} incident=${incident} />
    ${overAt === null && mayAct(scene) ? html`<${Actions} scene=${scene} incident=${incident} title=${incidentTitle(scene, incident)} onActed=${onActed} />` : null}
    <${Reasons} scene=${scene} incident=${incident} />
    <${History} scene=${scene} incident=${incident} />
  </article>`;
}

const manyAtMost = 60;

/**
 * Shows the parent incident and the incidents under it.
 * @param {{ scene: Scene, incident: IncidentView, all: IncidentRow[] }} props
 */
function ChildIncidents({ scene, incident, all }) {
  const { lang } = scene;
  const { parent, spread, id } = incident;
  const above = all.find((one) => one.id === parent);
  const below = childrenOf(all, id);
  return html`${above === undefined ? null : html`<p class="hint" data-parent=${parent}>${say(lang, 'partOf')} <a href="#/incident/${above.id}">${incidentTitle(scene, above)}, <${Place} scene=${scene} names=${[above.room, above.site]} /></a></p>`}
    ${spread === undefined ? null : html`<p class="dim">${say(lang, 'away', { n: spread.away.length, of: spread.of })}</p>`}
    ${below.length === 0 ? null : html`<ul data-children=${below.length}>${below.slice(0, manyAtMost).map((one) => html`<li key=${one.id}><a href="#/incident/${one.id}"><${Place} scene=${scene} names=${[one.room, one.site]} /></a>${one.overAt === null ? null : html` <span class="dim">${endText(scene, one)}</span>`}</li>`)}</ul>`}`;
}

/**
 * Returns the cause of the PC's outage, with its period.
 * @param {Scene} scene
 * @param {NonNullable<IncidentRow['outage']>} outage
 */
function offlinePcsText(scene, outage) {
  const { lang, now } = scene;
  const cause = outageText(scene, outage);
  const from = timeText(lang, outage.from, now);
  return outage.to === null
    ? say(lang, 'awaySince', { from, cause })
    : say(lang, 'wasAway', { from, to: timeText(lang, outage.to, now), cause });
}

/**
 * Shows who was notified of the shown faults, for which of them nobody was, and who acknowledged.
 * @param {{ scene: Scene, incident: IncidentView }} props
 */
function People({ scene, incident }) {
  const { lang, now } = scene;
  const { told, acknowledged, overAt } = incident;
  const faults = shownFaults(incident);
  const unnotified = faults.filter((one) => one.unnotified);
  return html`<ul class="people">
    ${acknowledged === null ? null : html`<li class=${overAt === null ? 'on-it' : ''}><bdi>${say(lang, overAt === null ? 'acknowledgedBy' : 'tookIt', { name: shown(acknowledged.by), time: timeText(lang, acknowledged.at, now) })}</bdi></li>`}
    ${(overAt === null ? handlingLines(scene, incident) : []).map((line) => html`<li key=${line}><bdi>${line}</bdi></li>`)}
    ${unnotified.map((one) => html`<li key=${one.fault + one.device}>${say(lang, 'nobodyToldOf', { title: titleOf(scene, one.fault) })}</li>`)}
    ${told.length === 0 ? html`<li>${say(lang, 'nobodyTold')}</li>` : unnotified.length > 0 && unnotified.length === faults.length ? null : told.map((one) => html`<li key=${one.person + one.channel + one.at}><bdi>${notifiedText(scene, one)}</bdi></li>`)}
  </ul>`;
}

/**
 * Shows for each step who was notified, or why nobody was. Same text as `sabha explain`.
 * @param {{ scene: Scene, incident: IncidentView }} props
 */
function Reasons({ scene, incident }) {
  const { lang, now } = scene;
  /** @type {IncidentReasons | 'missing' | null} */
  const found = useFetched(`/api/incidents/${incident.id}/reasons`, [incident.history.length, incident.told.length, scene.live]);
  if (found === null || found === 'missing' || found.steps.length === 0) return null;
  return html`<h3 class="dim">${say(lang, 'reasons')}</h3>
    <ol class="history" data-reasons=${found.steps.length}>${found.steps.toReversed().map((one, at) => html`<li key=${at}><time>${timeText(lang, one.at, now)}</time> ${sayWord(scene, 'kind', one.kind)}: <bdi>${shown(one.said[lang], 400)}</bdi></li>`)}</ol>`;
}

/**
 * Shows notes, answers, actions and steps. The results of the steps are in the reasons, in the reader's language; those of the tabs are
 * English.
 * @param {{ scene: Scene, incident: IncidentView }} props
 */
function History({ scene, incident }) {
  const { lang, now } = scene;
  return html`
    ${
      incident.notes.length === 0
        ? null
        : html`<ul class="notes" aria-label=${say(lang, 'notes')}>
      ${incident.notes.map((one) => html`<li key=${one.at + one.by}><q><bdi>${shown(one.text, 500)}</bdi></q> <span class="dim"><${IsolatedText} text=${one.by} />, ${timeText(lang, one.at, now)}</span></li>`)}</ul>`
    }
    <${Answers} scene=${scene} answers=${incident.answers ?? []} />
    ${
      incident.deeds.length === 0
        ? null
        : html`<h3 class="dim">${say(lang, 'deeds')}</h3>
      <ol class="history" data-deeds=${incident.deeds.length}>${incident.deeds.toReversed().map((one) => html`<li key=${one.at + one.did}><time>${timeText(lang, one.at, now)}</time> <bdi>${actionText(scene, one)}</bdi></li>`)}</ol>`
    }
    <h3 class="dim">${say(lang, 'history')}</h3>
    <ol class="history">${incident.history.toReversed().map((one) => html`<li key=${one.at + one.kind}><time>${timeText(lang, one.at, now)}</time> ${sayWord(scene, 'kind', one.kind)}${one.again === undefined ? null : ` (${say(lang, 'toldAgain')})`}</li>`)}</ol>`;
}

const sentences = /** @type {const} */ ({
  seen: 'saidSeen',
  going: 'saidGoing',
  fixed: 'saidFixed',
  'not-mine': 'saidNotMine',
  here: 'saidHere',
});

/** @param {{ scene: Scene, answers: NonNullable<IncidentView['answers']> }} props */
function Answers({ scene, answers }) {
  if (answers.length === 0) return null;
  const text = (/** @type {(typeof answers)[number]} */ { by, word, at }) =>
    filled(sayWord(scene, 'answer', sentences[word]), { name: shown(by), time: timeText(scene.lang, at, scene.now) });
  return html`<ul class="notes" data-answers>${answers.map((one) => html`<li key=${one.at + one.by + one.word}><bdi>${text(one)}</bdi></li>`)}</ul>`;
}
