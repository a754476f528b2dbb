import { html } from 'htm/preact';
import { phoneText } from '../live/roster.js';
import { subjectOf, translateReason } from '../words/subject.js';
import { ageText, timeText } from '../words/times.js';
import { hasWord, nameIn, say, sayWord, shown } from '../words/words.js';

/** @import { Language, Outage, Readiness, ConfidenceLevel, WhoView, ReadinessReason, Words } from '@sabha/contracts' */
/** @import { Catalogue, Mark as MarkName, Reasons } from '../live/model.js' */
/** @import { Reader } from '../words/words.js' */
/** @import { Act } from './person.js' */
/** @import { Acknowledge } from './taking.js' */
/** A label and its value on a card. @typedef {[key: string, label: string, text: unknown]} Line */
/**
 * Context of every component. `now`: server time. `live`: whether data counts as known. `lostAt`: since when it does not. `scope`: the
 * reader's part of the tree ('' = all). `role`: the reader's rights. `names`: the reader's names in incidents. `act`: posts in the reader's
 * name. `take`: acknowledges an incident.
 *
 * @typedef {Reader & { now: number, live: boolean, lostAt: number | null, catalogue: Catalogue, reasons: Reasons, scope: string, role: WhoView['role'], names: readonly string[], act: Act, take: Acknowledge }} Scene
 */

/**
 * Returns true if the reader may act. Others see no buttons.
 * @param {Pick<Scene, 'role'>} scene
 */
export function mayAct({ role }) {
  return role !== 'reader';
}

/** Created for each mark: a cached vnode would keep the whole tree of its first use in memory. */
const shapes = {
  ok: () => html`<circle cx="8" cy="8" r="6" fill="currentColor" />`,
  unproven: () => html`<path d="M2 8a6 6 0 1 0 12 0a6 6 0 1 0-12 0M8 3.8a4.2 4.2 0 0 1 0 8.4z" fill="currentColor" fill-rule="evenodd" />`,
  fault: () => html`<path d="M8 .8 15.2 8 8 15.2.8 8z" fill="currentColor" />`,
  unknown: () => html`<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2" />`,
  commissioning: () => html`<circle cx="8" cy="8" r="3" fill="none" stroke="currentColor" stroke-width="1.5" />`,
  planned: () => html`<circle cx="8" cy="8" r="2" fill="currentColor" />`,
  closed: () => html`<path d="M4 8h8" stroke="currentColor" stroke-width="2" />`,
};

/** @type {Record<MarkName, Readiness>} */
const readinesses = { ok: 'ready', unproven: 'ready', fault: 'not-ready', unknown: 'unknown' };

/**
 * Shows a status by shape and colour. The text beside it repeats it.
 * @param {{ is: MarkName | 'commissioning' | 'planned' | 'closed' }} props
 */
export function Mark({ is }) {
  return html`<svg class="mark ${is}" viewBox="0 0 16 16" aria-hidden="true" data-mark=${is}>${shapes[is]()}</svg>`;
}

/**
 * @param {Reader} reader
 * @param {MarkName} mark
 */
export function markText(reader, mark) {
  return sayWord(reader, 'readiness', readinesses[mark]);
}

/**
 * Marks text as old when the connection is lost. The mark is for screen readers only: visible text would grow and shift the page under a
 * pointer.
 * @param {{ scene: Scene, what: string }} props
 */
export function LastKnown({ scene: { lang, now, live, lostAt }, what }) {
  return html`${live || lostAt === null ? null : html`<span class="unseen">${say(lang, 'knownThen', { time: timeText(lang, lostAt, now), what: '' })}</span>`}${what}`;
}

/**
 * Shows "for 3 min", with the clock time as a tooltip.
 * @param {{ scene: Scene, since: number }} props
 */
export function Age({ scene, since }) {
  const { lang, now } = scene;
  const stamp = new Date(since).toISOString();
  return html`<time class="age" datetime=${stamp} title=${timeText(lang, since, now)}>${say(lang, 'forAge', { age: ageText(scene, now - since) })}</time>`;
}

/**
 * Isolates foreign text, so that its writing direction does not affect ours.
 * @param {{ text: string }} props
 */
export function IsolatedText({ text }) {
  return html`<bdi>${shown(text)}</bdi>`;
}

/**
 * Shows a phone number as a link, or as plain text if it cannot be dialled.
 *
 * @param {{ lang: Language, name: string, phone: string, tel: string | null }} props
 */
export function Phone({ lang, name, phone, tel }) {
  const number = phoneText(phone);
  if (tel === null) return html`<${IsolatedText} text=${number} />`;
  const label = name === '' ? null : say(lang, 'call', { name: shown(name), number: shown(number) });
  return html`<a class="tel" href="tel:${tel}" aria-label=${label}><${IsolatedText} text=${number} /></a>`;
}

/**
 * Shows counts as one bar. The numbers are beside it as text.
 * @param {{ counts: Record<'unproven' | 'fault' | 'unknown', number> }} props
 */
export function Bar({ counts }) {
  const order = /** @type {const} */ (['unproven', 'fault', 'unknown']);
  return html`<div class="bar" aria-hidden="true">${order.map((mark) => html`<i class=${mark} key=${mark} style=${{ flexGrow: `${counts[mark]}` }}></i>`)}</div>`;
}

/**
 * Returns the title of a fault in the reader's language; its id if the catalogue lacks it.
 * @param {Scene} scene
 * @param {string} fault
 */
export function titleOf({ lang, catalogue }, fault) {
  return catalogue[fault]?.title[lang] ?? shown(fault);
}

/**
 * Returns the first action for a fault, as in the notifications; null if the catalogue has none. For an offline PC or site it depends on
 * the cause.
 * @param {Scene} scene
 * @param {string} fault
 * @param {Outage & { sureness: ConfidenceLevel, beside?: true } | null} [outage]
 */
export function actionOf(scene, fault, outage = null) {
  const isAway = fault === 'pc.silent' || fault === 'outage.site';
  const cause = outage?.sureness === 'open' ? (outage.beside ? 'pc-off' : 'undetermined') : (outage?.cause ?? '');
  if (isAway && hasWord(scene, 'outageAction', cause)) return sayWord(scene, 'outageAction', cause);
  return scene.catalogue[fault]?.action[scene.lang] ?? null;
}

/**
 * Returns the text why a room or a site is not ready; '' if it is.
 * @param {Scene} scene
 * @param {ReadinessReason | null} why
 */
export function whyText(scene, why) {
  if (why === null) return '';
  const { component, fault, reason } = why;
  if (reason !== null && hasWord(scene, 'presence', reason)) return sayWord(scene, 'presence', reason);
  const what = fault === null ? subjectOf(scene, { component, device: '' }) : titleOf(scene, fault);
  if (reason === null) return fault === null ? `${what}: ${sayWord(scene, 'status', 'unknown')}` : what;
  // The title "Another microphone is chosen" already has the word.
  return `${what}: ${translateReason(scene, reason).replace(/^(chosen|चुना हुआ): /, '')}`;
}

/**
 * @param {Reader} reader
 * @param {Outage & { sureness: ConfidenceLevel, beside?: true }} outage
 */
export function outageText(reader, { cause, sureness, beside }) {
  const isReached = cause === 'undetermined' && beside;
  const what = isReached ? sayWord(reader, 'message', 'beside') : sayWord(reader, 'outage', cause);
  return cause === 'undetermined' ? what : sayWord(reader, 'sureness', sureness).replace('{cause}', what);
}

/**
 * Returns the receive gap of the server as text if it overlaps the period shown: silence then says nothing about a PC. Null otherwise.
 *
 * @param {Pick<Scene, 'lang' | 'now'>} scene
 * @param {{ from: number, to: number } | null | undefined} away
 * @param {{ after: number, before: number }} shown
 */
export function awayText({ lang, now }, away, { after, before }) {
  if (!away || away.to < after || away.from > before) return null;
  return say(lang, 'awayBanner', { from: timeText(lang, away.from, now), to: timeText(lang, away.to, now) });
}

/**
 * Lists room and site, each name once; the server's name if there are none.
 * @param {{ scene: Scene, names: Words[] }} props
 */
export function Place({ scene, names }) {
  const texts = [...new Set(names.map((name) => nameIn(scene.lang, name)))].filter((name) => name !== '');
  if (texts.length === 0) return say(scene.lang, 'centre');
  return texts.map((name, at) => html`${at === 0 ? null : ', '}<bdi>${name}</bdi>`);
}

/** @param {{ lines: Line[] }} props */
export function Lines({ lines }) {
  return html`<dl class="facts">${lines.map(([key, label, text]) => html`<div key=${key} data-fact=${key}><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>`;
}

/**
 * Groups equal texts with their counts, in the order of first occurrence.
 * @param {readonly string[]} texts
 */
export function countEqual(texts) {
  return [...Map.groupBy(texts, (text) => text)].map(([text, all]) => /** @type {const} */ ([text, all.length]));
}

/**
 * Formats a number with at most `decimals` decimals.
 * @param {number} value
 * @param {number} [decimals]
 */
export function formatNumber(value, decimals = 0) {
  return value.toLocaleString('en-IN', { maximumFractionDigits: decimals });
}
