/** What needs somebody: one card for each incident, with what to do first and who is on it. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { openIncidents, overIncidents, shownFaults } from './model.js';
import { Age, actionOf, Foreign, Mark, titleOf } from './parts.js';
import { ageText, timeText } from './times.js';
import { nameIn, say, sayWord, shown } from './words.js';

/** @import { FaultView, IncidentView } from '#contracts' */
/** @import { Scene } from './parts.js' */
/**
 * Does something to an incident in the reader's name; resolves to why it was not saved, '' where it was, null where no name was given.
 * @typedef {(id: number, what: 'acknowledge' | 'note', body: Record<string, string>) => Promise<string | null>} Act
 */

/** @param {{ scene: Scene, incidents: IncidentView[], act: Act, allKnown: boolean }} props */
export function Incidents({ scene, incidents, act, allKnown }) {
  const open = openIncidents(incidents);
  const over = overIncidents(incidents);
  return html`<section class="incidents" aria-labelledby="needs">
    <h2 id="needs">${say(scene.lang, scene.live || open.length === 0 ? 'needsSomebody' : 'neededSomebody')}${open.length > 0 ? html` <span class="count">${open.length}</span>` : null}</h2>
    ${open.length === 0 ? html`<${Nothing} scene=${scene} allKnown=${allKnown} />` : null}
    ${open.map((one) => html`<${Incident} scene=${scene} incident=${one} act=${act} key=${one.id} />`)}
    ${
      over.length === 0
        ? null
        : html`<details class="card over"><summary>${say(scene.lang, 'over')} (${over.length})</summary>
      <ul>${over.map((one) => html`<${OverLine} scene=${scene} incident=${one} key=${one.id} />`)}</ul></details>`
    }
  </section>`;
}

/**
 * "Nothing needs anybody" is said only where everything is known to be well.
 * @param {{ scene: Scene, allKnown: boolean }} props
 */
function Nothing({ scene, allKnown }) {
  const calm = scene.live && allKnown;
  return html`<p class="card quiet"><${Mark} is=${calm ? 'ok' : 'unknown'} />${say(scene.lang, calm ? 'nobodyNeeded' : 'notKnown')}</p>`;
}

/** @param {{ scene: Scene, incident: IncidentView, act: Act }} props */
function Incident({ scene, incident, act }) {
  const { lang, now } = scene;
  const [first, ...others] = shownFaults(incident);
  const action = first === undefined ? null : actionOf(scene, first.fault);
  const frozenAt = first?.unknownSince ?? null;
  return html`<article class="card incident ${incident.severity} ${incident.acknowledged === null ? '' : 'seen'}" data-incident=${incident.id}>
    <p class="tags"><span class="tag ${incident.severity}"><${Mark} is=${scene.live ? 'fault' : 'unknown'} />${sayWord(lang, 'severity', incident.severity)}</span><${Age} scene=${scene} since=${incident.openedAt} /></p>
    <h3>${incidentTitle(scene, incident)}</h3>
    <p class="where"><${Place} scene=${scene} incident=${incident} />${first?.name ? html` · <${Foreign} text=${first.name} />` : null}</p>
    ${action === null ? null : html`<p class="action"><b>${say(lang, 'doFirst')}:</b> ${action}</p>`}
    ${others.map((one) => html`<p class="dim" key=${one.fault + one.device}>${say(lang, 'also', { title: titleOf(scene, one.fault) })}${one.name ? html` · <${Foreign} text=${one.name} />` : null}</p>`)}
    ${incident.flapping ? html`<p class="hint">${say(lang, 'flapping')}</p>` : null}
    ${frozenAt === null ? null : html`<p class="hint">${say(lang, 'frozen', { time: timeText(lang, frozenAt, now) })}</p>`}
    <${People} scene=${scene} incident=${incident} />
    <${Actions} scene=${scene} incident=${incident} act=${act} />
    <${History} scene=${scene} incident=${incident} />
  </article>`;
}

/** @param {{ scene: Scene, incident: IncidentView }} props */
function Place({ scene, incident }) {
  const { lang } = scene;
  const names = [nameIn(lang, incident.room), nameIn(lang, incident.site)].filter(
    (name, at, all) => name !== '' && all.indexOf(name) === at,
  );
  return names.length === 0 ? say(lang, 'centre') : names.map((name, at) => html`${at === 0 ? null : ', '}<bdi>${name}</bdi>`);
}

/**
 * Who was told and who is on it.
 * @param {{ scene: Scene, incident: IncidentView }} props
 */
function People({ scene, incident }) {
  const { lang, now } = scene;
  const { told, acknowledged } = incident;
  return html`<ul class="people">
    ${acknowledged === null ? null : html`<li class="on-it"><bdi>${say(lang, 'acknowledgedBy', { name: shown(acknowledged.by), time: timeText(lang, acknowledged.at, now) })}</bdi></li>`}
    ${told.length === 0 ? html`<li>${say(lang, 'nobodyTold')}</li>` : null}
    ${told.map((one) => html`<li key=${one.person + one.channel + one.at}><bdi>${say(lang, 'told', { person: shown(one.person), channel: sayWord(lang, 'channel', one.channel), time: timeText(lang, one.at, now) })}</bdi></li>`)}
  </ul>`;
}

/** @param {{ scene: Scene, incident: IncidentView, act: Act }} props */
function Actions({ scene, incident, act }) {
  const { lang } = scene;
  const [text, setText] = useState('');
  const [state, setState] = useState(/** @type {{ busy: boolean, error: string }} */ ({ busy: false, error: '' }));
  /** @param {'acknowledge' | 'note'} what @param {Record<string, string>} body */
  async function run(what, body) {
    setState({ busy: true, error: '' });
    const error = await act(incident.id, what, body);
    setState({ busy: false, error: error ?? '' });
    if (error === '' && what === 'note') setText('');
  }
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (text.trim() !== '' && !state.busy) void run('note', { text });
  };
  const label = say(lang, 'noteLabel', { id: incident.id });
  return html`<div class="actions">
    ${incident.acknowledged === null ? html`<button class="primary" disabled=${state.busy} onClick=${() => run('acknowledge', {})}>${say(lang, 'acknowledge')}</button>` : null}
    <form onSubmit=${submit}>
      <input value=${text} maxlength="500" aria-label=${label} placeholder=${say(lang, 'notePlaceholder')} onInput=${(/** @type {{ currentTarget: HTMLInputElement }} */ event) => setText(event.currentTarget.value)} />
      <button disabled=${state.busy || text.trim() === ''}>${say(lang, 'addNote')}</button>
    </form>
    <p class="error" role="alert">${state.error === '' ? null : say(lang, 'notSaved', { why: state.error })}</p>
  </div>`;
}

/** @param {{ scene: Scene, incident: IncidentView }} props */
function History({ scene, incident }) {
  const { lang, now } = scene;
  const steps = incident.history.toReversed();
  return html`
    ${
      incident.notes.length === 0
        ? null
        : html`<ul class="notes" aria-label=${say(lang, 'notes')}>
      ${incident.notes.map((one) => html`<li key=${one.at + one.by}><q><bdi>${one.text}</bdi></q> <span class="dim"><${Foreign} text=${one.by} />, ${timeText(lang, one.at, now)}</span></li>`)}</ul>`
    }
    <details><summary>${say(lang, 'history')} (${steps.length})</summary>
      <ol class="history">${steps.map((one) => html`<li key=${one.at + one.kind}><time>${timeText(lang, one.at, now)}</time> ${sayWord(lang, 'kind', one.kind)}${one.conclusion === null ? null : html` <span class="dim"><${Foreign} text=${one.conclusion} /></span>`}</li>`)}</ol>
    </details>`;
}

/** @param {{ scene: Scene, incident: IncidentView }} props */
function OverLine({ scene, incident }) {
  const { lang, now } = scene;
  const at = incident.overAt ?? now;
  const time = timeText(lang, at, now);
  const how =
    incident.over === 'closed'
      ? say(lang, 'closedAt', { time, why: shown(incident.closedBecause ?? '') })
      : say(lang, 'clearedAt', { time });
  return html`<li><b>${incidentTitle(scene, incident)}</b>, <${Place} scene=${scene} incident=${incident} />
    <span class="dim">${how} · ${say(lang, 'lasted', { age: ageText(lang, at - incident.openedAt) })}</span></li>`;
}

/**
 * What an incident is called: its most severe fault that nothing hides.
 * @param {Scene} scene
 * @param {IncidentView} incident
 */
export function incidentTitle(scene, incident) {
  /** @type {FaultView | undefined} */
  const first = shownFaults(incident)[0];
  return first === undefined ? sayWord(scene.lang, 'severity', incident.severity) : titleOf(scene, first.fault);
}
