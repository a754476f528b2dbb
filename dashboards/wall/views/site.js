/** One site: its rooms with the last 24 hours, open incidents, and the checklist during the setup. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { useFetched } from '../live/data.js';
import { overIncidents, pcMark, readyMark, worstFirst } from '../live/model.js';
import { actionOf, countEqual, LastKnown, Mark, markText, mayAct, Phone, titleOf, whyText } from '../parts/parts.js';
import { ErrorMessage, useAction } from '../parts/person.js';
import { subjectOf } from '../words/subject.js';
import { timeText } from '../words/times.js';
import { amount, nameIn, say, sayWord, shown } from '../words/words.js';
import { HeightCard } from './height.js';
import { EndedList } from './incidents.js';
import { LinkCard } from './link.js';
import { MaintenanceCard } from './maintenance.js';
import { ActionList } from './nation.js';
import { Room } from './rooms.js';
import { DutyCard } from './roster.js';

/** @import { ChecklistItem, HistoryView, SiteDetail, SiteView } from '@sabha/contracts' */
/** @import { View } from '../live/model.js' */
/** @import { Scene } from '../parts/parts.js' */

/**
 * The cards of a site, from top to bottom. Each receives the scene, the row and the details of the site. A new card is one file and one
 * entry here.
 */
const cards = [DutyCard, MaintenanceCard, LinkCard, HeightCard, Facts];

const detailEveryMs = 15_000;
const surroundingsEveryMs = 60_000;
const historyEveryMs = 60_000;

/** @param {{ scene: Scene, view: View, at: string }} props */
export function SitePage({ scene, view, at }) {
  const { lang, live, now } = scene;
  const [acts, setActs] = useState(0);
  const row = view.sites.get(at.split('/')[0] ?? '')?.find((one) => one.site === at);
  const settingUp = row?.stage === 'planned' || row?.stage === 'commissioning';
  useEffect(() => {
    if (settingUp) return;
    const timer = setInterval(() => setActs((times) => times + 1), surroundingsEveryMs);
    return () => clearInterval(timer);
  }, [settingUp]);
  /** @type {SiteDetail | 'missing' | null} */
  const detail = useFetched(`/api/sites/${at}`, [row?.stage, acts, live, settingUp ? Math.floor(now / detailEveryMs) : 0]);
  /** @type {HistoryView | 'missing' | null} */
  const history = useFetched(`/api/sites/${at}/history?hours=24`, [live, Math.floor(now / historyEveryMs)]);
  if (row === undefined) return html`<p class="card quiet">${say(lang, 'noSiteFound')}</p>`;
  const full = detail === 'missing' ? null : detail;
  const pcs = worstFirst(
    view.pcs.filter((one) => one.site === at),
    (one) => pcMark(one, live),
    (one) => one.pc,
  );
  const allKnown = pcs.length > 0 && pcs.length === row.pcs && pcs.every((one) => pcMark(one, live) === 'unproven');
  return html`<div class="site">
    <${Title} scene=${scene} row=${row} state=${nameIn(lang, view.states.find((one) => one.state === row.state)?.name ?? { en: row.state, hi: '' })} />
    <section class="rooms" aria-labelledby="rooms">
      <h2 id="rooms">${say(lang, 'rooms')}</h2>
      ${pcs.length === 0 ? html`<p class="card quiet">${say(lang, row.pcs === 0 ? 'noRooms' : 'loading')}</p>` : null}
      <div class="cards">${pcs.map((pc) => html`<${Room} scene=${scene} pc=${pc} history=${history === 'missing' ? null : history} key=${pc.pc} />`)}</div>
    </section>
    <aside>
      ${full !== null && settingUp ? html`<${Checklist} scene=${scene} detail=${full} onActed=${() => setActs(acts + 1)} />` : null}
      <${ActionList} scene=${scene} view=${view} within=${at} allKnown=${allKnown} />
      ${full === null ? null : cards.map((Card) => html`<${Card} scene=${scene} row=${row} detail=${full} key=${Card.name} />`)}
      <${EndedList} scene=${scene} incidents=${overIncidents(view.incidents, at)} />
    </aside>
  </div>`;
}

/** @param {{ scene: Scene, row: SiteView, state: string }} props */
function Title({ scene, row, state }) {
  const { lang } = scene;
  const mark = readyMark(row.readiness, true);
  return html`<div class="title" data-site=${row.site}>
    <p><a href="#/nation/${row.state}">← <bdi>${state}</bdi></a></p>
    <h2><${Mark} is=${row.stage === 'live' ? mark : row.stage} /> <bdi>${nameIn(lang, row.name)}</bdi> ${row.stage === 'live' ? null : html`<span class="tag stage">${sayWord(scene, 'stage', row.stage)}</span>`}</h2>
    <p class="dim state"><${LastKnown} scene=${scene} what=${`${markText(scene, mark)}${row.why === null ? '' : ` · ${whyText(scene, row.why)}`}`} /></p>
  </div>`;
}

/** @param {{ scene: Scene, detail: SiteDetail, onActed: () => void }} props */
function Checklist({ scene, detail, onActed }) {
  const { lang, now, live } = scene;
  const { site, facts, checklist } = detail;
  const { waits, error, run } = useAction(scene.act);
  const open = checklist.filter(({ done }) => !done).length;
  const accept = async () => {
    if (open > 0) return;
    if ((await run(`/api/sites/${site.site}/stage`, { stage: 'live' })) !== null) onActed();
  };
  return html`<section class="card checklist" aria-labelledby="checklist">
    <h2 id="checklist">${say(lang, 'stillToDo')}</h2>
    ${open === 0 ? null : html`<p><b>${say(lang, 'nextPoint', { what: nextSetupStep(scene, detail) })}</b></p>`}
    <ul>${checklist.map(
      ({ item, done, about }) => html`<li key=${item} data-item=${item}><${Mark} is=${done && live ? 'ok' : 'unknown'} />
        <span>${sayWord(scene, 'checklist', item)} <span class="unseen">(${say(lang, done ? 'done' : 'open')})</span>
          ${countEqual(about.map((one) => aboutText(scene, detail, one))).map(([text, n]) => html`<span class="dim about" key=${text}><bdi>${text}</bdi>${n === 1 ? null : ` × ${n}`}</span>`)}
          ${item === 'installed' && site.pcs === 0 ? html`<span class="dim about">${say(lang, 'noRooms')}</span>` : null}</span></li>`,
    )}</ul>
    <p class="dim">${facts.cleanSince === null ? say(lang, 'quietDay') : say(lang, 'cleanSince', { time: timeText(lang, facts.cleanSince, now) })}</p>
    ${mayAct(scene) ? html`<button class="primary" aria-disabled=${open > 0 ? 'true' : waits} aria-describedby=${open > 0 ? 'not-yet' : null} onClick=${accept}>${say(lang, 'accept')}</button>` : null}
    ${open > 0 ? html`<p class="dim" id="not-yet">${say(lang, 'openPoints', { n: open })}</p>` : null}
    <${ErrorMessage} lang=${lang} error=${error} />
  </section>`;
}

/**
 * Returns the first open checklist item as an action with its room; '' if none is open.
 * @param {Scene} scene
 * @param {Pick<SiteDetail, 'checklist' | 'pcs'>} detail
 */
export function nextSetupStep(scene, { checklist, pcs }) {
  const { lang } = scene;
  const next = checklist.find(({ done }) => !done);
  if (next === undefined) return '';
  const [first] = next.about;
  if (first === undefined) return say(lang, 'todo.rooms');
  const { pc, component, fault } = first;
  const where = roomText(scene, pcs, pc);
  if (fault !== null) return `${where}: ${titleOf(scene, fault)}. ${actionOf(scene, fault) ?? ''}`.trimEnd();
  const isMute = component === null && (next.item === 'no-fault' || next.item === 'all-known');
  const what = component === null ? '' : subjectOf(scene, { component, device: '' });
  return `${where}: ${say(lang, isMute ? 'todo.mute' : `todo.${next.item}`, { what })}`;
}

/**
 * @param {Scene} scene
 * @param {SiteDetail['pcs']} pcs
 * @param {string} pc
 */
function roomText({ lang }, pcs, pc) {
  const room = pcs.find((one) => one.pc === pc)?.room;
  return room === undefined ? shown(pc) : nameIn(lang, room);
}

/**
 * @param {Scene} scene
 * @param {SiteDetail} detail
 * @param {ChecklistItem['about'][number]} about
 */
function aboutText(scene, { pcs }, { pc, component, fault }) {
  const where = roomText(scene, pcs, pc);
  if (fault !== null) return `${where}: ${titleOf(scene, fault)}`;
  return component === null ? where : `${where}: ${subjectOf(scene, { component, device: '' })}`;
}

/** @param {{ scene: Scene, row: SiteView, detail: SiteDetail }} props */
function Facts({ scene, row, detail: { facts } }) {
  const { lang, now } = scene;
  const { contact } = facts;
  const stage = `${sayWord(scene, 'stage', row.stage)}, ${timeText(lang, facts.stageAt, now)}`;
  /** @type {[key: string, label: string, text: string][]} */
  const lines = [
    ['elevation', say(lang, 'fact.elevation'), amount(scene, 'metres', row.elevationM.toLocaleString('en-IN'))],
    ['link', sayWord(scene, 'component', 'link'), sayWord(scene, 'link', row.link)],
    ['isp', say(lang, 'fact.isp'), [facts.isp, facts.linkId].filter((one) => one !== '').join(' · ')],
    ['groups', say(lang, 'fact.groups'), facts.groups?.join(' · ') ?? ''],
    ['contact', say(lang, 'fact.contact'), [contact.name, contact.phone, contact.email].filter((one) => one !== '').join(' · ')],
    ['place', say(lang, 'fact.place'), facts.latitude === null || facts.longitude === null ? '' : `${facts.latitude}, ${facts.longitude}`],
    ['zone', say(lang, 'fact.zone'), facts.timeZone],
    ['stage', say(lang, 'fact.stage'), stage],
  ];
  return html`<section class="card later" aria-labelledby="facts"><h2 id="facts">${say(lang, 'facts')}</h2>
    <dl class="facts">${lines.filter(([, , text]) => text !== '').map(([key, label, text]) => html`<div key=${key}><dt>${label}</dt><dd>${key === 'contact' ? html`<${Contact} lang=${lang} contact=${contact} />` : html`<bdi>${shown(text)}</bdi>`}</dd></div>`)}</dl></section>`;
}

/** @param {{ lang: Scene['lang'], contact: SiteDetail['facts']['contact'] }} props */
function Contact({ lang, contact: { name, phone, tel, email } }) {
  const pieces = [
    name === '' ? null : html`<bdi>${shown(name)}</bdi>`,
    phone === '' ? null : html`<${Phone} lang=${lang} name=${name} phone=${phone} tel=${tel} />`,
    email === '' ? null : html`<bdi>${shown(email)}</bdi>`,
  ];
  return pieces.filter((one) => one !== null).map((one, at) => [at === 0 ? null : ' · ', one]);
}
