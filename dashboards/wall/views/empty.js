/** The view of an installation without sites: the next steps of the setup. */
import { html } from 'htm/preact';
import { say } from '../words/words.js';

/** @import { Scene } from '../parts/parts.js' */

/** In the order of the steps, with the command of each. */
const steps = /** @type {const} */ ([
  ['empty.sites', 'npm run sabha -- sites import sites.csv --yes'],
  ['empty.roster', 'npm run sabha -- roster import roster.csv --yes'],
  ['empty.code', 'npm run sabha -- enrol-code STATE/SITE'],
]);

/**
 * Only central operations may enter sites.
 * @param {{ scene: Scene }} props
 */
export function Empty({ scene }) {
  const { lang, role, scope } = scene;
  if (role !== 'central' || scope !== '') return html`<p class="card quiet one">${say(lang, 'empty.yours')}</p>`;
  return html`<section class="card one" aria-labelledby="empty"><h2 id="empty">${say(lang, 'empty.title')}</h2>
    <ol class="steps">${steps.map(([key, words]) => html`<li key=${key}>${say(lang, key)}: <code>${words}</code></li>`)}</ol>
    <p class="dim">${say(lang, 'empty.where')}</p></section>`;
}
