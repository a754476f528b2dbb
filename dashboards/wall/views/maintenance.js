import { html } from 'htm/preact';
import { useFetched } from '../live/data.js';
import { Lines } from '../parts/parts.js';
import { timeText } from '../words/times.js';
import { say, sayWord, shown } from '../words/words.js';

/** @import { MaintenanceView, SiteDetail, SiteView } from '@sabha/contracts' */
/** @import { Line, Scene } from '../parts/parts.js' */

const lookEveryMs = 60_000;
const most = 5;

/**
 * Returns null without planned maintenance.
 * @param {{ scene: Scene, row: SiteView, detail: SiteDetail }} props
 */
export function MaintenanceCard({ scene, row }) {
  const { live, now } = scene;
  /** @type {MaintenanceView[] | 'missing' | null} */
  const found = useFetched(`/api/maintenance?scope=${row.site}`, [live, Math.floor(now / lookEveryMs)]);
  const lines = found === null || found === 'missing' ? [] : found.flatMap((one) => plannedLine(scene, one)).slice(0, most);
  if (lines.length === 0) return null;
  return html`<section class="card later" aria-labelledby="maintenance-card" data-card="maintenance"><h2 id="maintenance-card">${sayWord(scene, 'component', 'maintenance')}</h2>
    <${Lines} lines=${lines} />
  </section>`;
}

/**
 * @param {Scene} scene
 * @param {MaintenanceView} planned
 * @returns {Line[]}
 */
function plannedLine({ lang, now }, { id, title, by, next }) {
  if (next === null) return [];
  const time = (/** @type {number} */ at) => timeText(lang, at, now);
  const when =
    next.from <= now
      ? say(lang, 'goesOnUntil', { time: time(next.to) })
      : say(lang, 'plannedFor', { from: time(next.from), to: time(next.to) });
  return [[id, when, say(lang, 'plannedBy', { title: shown(title, 120), by: shown(by) })]];
}
