/** Small pieces that rooms and incidents share. */
import { html } from 'htm/preact';
import { ageText, timeText } from './times.js';
import { say, shown } from './words.js';

/** @import { Language } from '#contracts' */
/** @import { Catalogue, Mark as MarkName } from './model.js' */
/**
 * What every piece needs to know: `now` is the centre's clock, `live` whether anything may be shown as known, `lostAt` since when it may not.
 * @typedef {{ lang: Language, now: number, live: boolean, lostAt: number | null, catalogue: Catalogue }} Scene
 */

const shapes = {
  ok: html`<circle cx="8" cy="8" r="6" fill="currentColor" />`,
  fault: html`<path d="M8 .8 15.2 8 8 15.2.8 8z" fill="currentColor" />`,
  unknown: html`<circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2" />`,
};

/**
 * State by shape and colour; the words beside it say it too.
 * @param {{ is: MarkName }} props
 */
export function Mark({ is }) {
  return html`<svg class="mark ${is}" viewBox="0 0 16 16" aria-hidden="true" data-mark=${is}>${shapes[is]}</svg>`;
}

/**
 * "for 3 min", with the clock time for those who point at it.
 * @param {{ scene: Scene, since: number }} props
 */
export function Age({ scene, since }) {
  const { lang, now } = scene;
  const stamp = new Date(since).toISOString();
  return html`<time class="age" datetime=${stamp} title=${timeText(lang, since, now)}>${say(lang, 'forAge', { age: ageText(lang, now - since) })}</time>`;
}

/**
 * Text from outside: kept apart from ours, so that a foreign writing direction ends where it ends.
 * @param {{ text: string }} props
 */
export function Foreign({ text }) {
  return html`<bdi>${shown(text)}</bdi>`;
}

/**
 * Title of a fault in the reader's language; its id where the catalogue does not know it.
 * @param {Scene} scene
 * @param {string} fault
 */
export function titleOf({ lang, catalogue }, fault) {
  return catalogue[fault]?.title[lang] ?? shown(fault);
}

/**
 * What to do first about a fault; null where the catalogue does not say.
 * @param {Scene} scene
 * @param {string} fault
 */
export function actionOf({ lang, catalogue }, fault) {
  return catalogue[fault]?.action[lang] ?? null;
}
