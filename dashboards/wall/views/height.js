/** Effects of a site's elevation on its PCs, and their room, mains and UPS values. */
import { html } from 'htm/preact';
import { formatNumber, Lines } from '../parts/parts.js';
import { ageText } from '../words/times.js';
import { amount, nameIn, say, sayWord } from '../words/words.js';

/** @import { PcView, SiteDetail } from '@sabha/contracts' */
/** @import { Line, Scene } from '../parts/parts.js' */

/** Below this elevation the air cools a PC as at sea level. */
const thinAirFromM = 900;

/**
 * Returns null for a low site without measurements.
 * @param {{ scene: Scene, detail: SiteDetail }} props
 */
export function HeightCard({ scene, detail: { limits, numbers, pcs } }) {
  const { lang, live } = scene;
  const said = pcs.filter(({ pc }) => Object.keys(numbers[pc] ?? {}).length > 0);
  if (limits.elevationM <= thinAirFromM && said.length === 0) return null;
  const named = said.length > 1;
  return html`<section class="card later" aria-labelledby="height-card" data-card="height"><h2 id="height-card">${say(lang, 'heightCard')}</h2>
    <${Lines} lines=${limitLines(scene, limits)} />
    ${said.map((pc) => html`<div key=${pc.pc}>${named ? html`<h4><bdi>${nameIn(lang, pc.room)}</bdi></h4>` : null}<${Lines} lines=${live ? roomLines(scene, pc, { limits, numbers }) : []} /></div>`)}
  </section>`;
}

/**
 * @param {Scene} scene
 * @param {SiteDetail['limits']} limits
 * @returns {Line[]}
 */
function limitLines(scene, { elevationM, densityRatio, roomLimitC, riseFactor }) {
  if (elevationM <= thinAirFromM) return [];
  const { lang } = scene;
  return [
    ['elevation', say(lang, 'fact.elevation'), amount(scene, 'metres', formatNumber(elevationM))],
    ['air', say(lang, 'fact.air'), say(lang, 'airText', { percent: formatNumber(100 * densityRatio) })],
    [
      'roomLimit',
      say(lang, 'fact.roomLimit'),
      html`${say(lang, 'atMost', { limit: formatNumber(roomLimitC, 1) })} <span class="dim about">${say(lang, 'atMostWhy')}</span>`,
    ],
    ['rise', say(lang, 'fact.rise'), say(lang, 'riseText', { factor: formatNumber(riseFactor, 2) })],
  ];
}

/**
 * Returns the values of one PC for its room and power. A missing battery has no line.
 * @param {Scene} scene
 * @param {PcView} pc
 * @param {Pick<SiteDetail, 'limits' | 'numbers'>} around
 * @returns {Line[]}
 */
function roomLines(scene, { pc }, { limits, numbers }) {
  const { lang } = scene;
  const { room, rh, ac, bat, uc, ur } = numbers[pc] ?? {};
  const percent = (/** @type {number} */ ratio) => `${formatNumber(100 * ratio)} %`;
  const power = [ac === undefined ? '' : sayWord(scene, 'supply', ac > 0 ? 'mains' : 'battery'), bat === undefined ? '' : percent(bat)];
  const ups = [uc === undefined ? '' : percent(uc), ur === undefined ? '' : say(lang, 'lasts', { age: ageText(scene, 1_000 * ur) })];
  /** @type {[string, string, string][]} */
  const lines = [
    ['room', say(lang, 'fact.room'), room === undefined ? '' : roomText(lang, room, limits)],
    ['humidity', say(lang, 'fact.humidity'), rh === undefined ? '' : percent(rh)],
    ['power', sayWord(scene, 'component', 'power'), power.filter((text) => text !== '').join(' · ')],
    ['ups', sayWord(scene, 'component', 'power.ups'), ups.filter((text) => text !== '').join(' · ')],
  ];
  return lines.filter(([, , text]) => text !== '');
}

/**
 * @param {Scene['lang']} lang
 * @param {number} room
 * @param {SiteDetail['limits']} limits
 */
function roomText(lang, room, { roomLimitC }) {
  return room > roomLimitC ? say(lang, 'tooWarm', { n: formatNumber(room, 1) }) : `${formatNumber(room, 1)} °C`;
}
