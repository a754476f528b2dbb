/** The roster: persons on duty, channels and their last proof, and the shifts of a person's day. */
import { html } from 'htm/preact';
import { useFetched } from '../live/data.js';
import { oldestProof, onDutyFirst } from '../live/roster.js';
import { IsolatedText, Mark, Phone } from '../parts/parts.js';
import { timeText, timeTextIn } from '../words/times.js';
import { say, sayWord } from '../words/words.js';

/** @import { DayView, DutyView, RosterPerson } from '@sabha/contracts' */
/** @import { Scene } from '../parts/parts.js' */

/** Refresh interval: duty changes at full minutes. */
const everyMs = 60_000;
const columns = /** @type {const} */ (['roster.person', 'roster.places', 'roster.now', 'roster.duty', 'roster.channels', 'roster.proof']);

/**
 * Shows the current recipients of a place by role, with a link to the roster.
 * @param {{ scene: Scene, row?: { site: string } }} props
 */
export function DutyCard({ scene, row }) {
  const { lang, live, now } = scene;
  const scope = row?.site ?? scene.scope;
  /** @type {DutyView | 'missing' | null} */
  const duty = useFetched(`/api/roster/duty?scope=${encodeURIComponent(scope)}`, [live, Math.floor(now / everyMs)]);
  if (duty === null || duty === 'missing' || duty.roles.length === 0) return null;
  return html`<section class="card later" aria-labelledby="duty"><h2 id="duty">${say(lang, 'toldNow')}</h2>
    <dl class="facts">${duty.roles.map(
      ({ role, persons, by }) => html`<div key=${role} data-role=${role}><dt>${roleText(lang, role)}</dt>
        <dd>${persons.map(({ id, name }, at) => html`${at === 0 ? null : ', '}<${IsolatedText} text=${name} key=${id} />`)}${by === 'duty' ? null : html` <span class="dim">${say(lang, `by.${by}`)}</span>`}</dd></div>`,
    )}</dl>
    ${scene.role === 'reader' ? null : html`<p class="acts"><a class="button" href="#/roster">${say(lang, 'roster')}</a></p>`}</section>`;
}

/**
 * Shows all persons of the reader's scope, and the day of the selected person.
 * @param {{ scene: Scene, person: string }} props
 */
export function RosterPage({ scene, person }) {
  const { lang, live, now } = scene;
  const minute = Math.floor(now / everyMs);
  /** @type {RosterPerson[] | 'missing' | null} */
  const all = useFetched('/api/roster', [live, minute]);
  /** @type {DayView | 'missing' | null} */
  const day = useFetched(person === '' ? null : `/api/roster/day?person=${person}`, [live, minute]);
  if (all === null || all === 'missing') return html`<p class="card quiet">${say(lang, all === null ? 'loading' : 'roster.notYours')}</p>`;
  const shownDay = person === '' || day === 'missing' || day?.person !== person ? null : day;
  return html`<section class="board all" aria-labelledby="roster"><div class="title"><h2 id="roster">${say(lang, 'roster')}</h2></div>
    ${shownDay === null ? null : html`<${Day} scene=${scene} day=${shownDay} />`}
    ${all.length === 0 ? html`<p class="card quiet">${say(lang, 'roster.nobody')}</p>` : null}
    <table><thead><tr>${columns.map((key) => html`<th scope="col" key=${key}>${say(lang, key)}</th>`)}</tr></thead>
      <tbody>${onDutyFirst(all).map((one) => html`<${Row} scene=${scene} person=${one} key=${one.id} />`)}</tbody></table></section>`;
}

/** @param {{ scene: Scene, person: RosterPerson }} props */
function Row({ scene, person }) {
  const { lang } = scene;
  const { id, name, now, cells, tel, reached } = person;
  const phone = cells['phone'] ?? '';
  return html`<tr class=${now === 'here' ? 'ok' : ''} data-person=${id} data-now=${now}>
    <td><a href="#/roster/${id}"><${IsolatedText} text=${name} /></a>${phone === '' ? null : html` <${Phone} lang=${lang} name=${name} phone=${phone} tel=${tel} />`}</td>
    <td>${(cells['roles'] ?? '')
      .split('|')
      .map((role) => roleText(lang, role))
      .join(', ')} · <${IsolatedText} text=${cells['scopes']} /></td>
    <td><${Mark} is=${now === 'here' ? 'ok' : 'unknown'} /> ${say(lang, `now.${now}`)}</td>
    <td><${IsolatedText} text=${cells['duty'] || say(lang, 'roster.always')} /></td>
    <td>${reached.length === 0 ? html`<b>${say(lang, 'roster.noChannel')}</b>` : reached.map((one) => sayWord(scene, 'channel', one)).join(', ')}</td>
    <td class="number">${proofText(scene, person)}</td></tr>`;
}

/**
 * @param {Scene['lang']} lang
 * @param {string} role
 */
function roleText(lang, role) {
  return say(lang, /** @type {`role.${'technician' | 'state' | 'central'}`} */ (`role.${role}`));
}

/**
 * Returns the oldest proof among the person's channels.
 * @param {Scene} scene
 * @param {RosterPerson} person
 */
function proofText(scene, person) {
  const oldest = oldestProof(person);
  if (oldest === null) return '';
  const channel = sayWord(scene, 'channel', oldest.channel);
  if (oldest.at === null) return say(scene.lang, 'roster.never', { channel });
  return `${channel}, ${timeText(scene.lang, oldest.at, scene.now)}`;
}

/** @param {{ scene: Scene, day: DayView }} props */
function Day({ scene, day }) {
  const { lang, now } = scene;
  const time = (/** @type {number} */ at) => timeTextIn({ lang, timeZone: day.timeZone }, at, now);
  return html`<section class="card" aria-labelledby="day"><h3 id="day"><${IsolatedText} text=${day.name} /> · ${say(lang, 'roster.today')}</h3>
    ${day.shifts.length === 0 ? html`<p class="dim">${say(lang, 'roster.free')}</p>` : null}
    <ul>${day.shifts.map(
      (one) =>
        html`<li key=${one.from} data-shift>${time(one.from)} – ${time(one.to)} ${one.for === null ? null : html`<span class="dim">${say(lang, 'roster.for', { name: '' })}<${IsolatedText} text=${one.for} /></span>`}</li>`,
    )}</ul></section>`;
}
