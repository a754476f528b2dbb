/** Quality of a site's link as last measured by its PC, and its last outage. */
import { html } from 'htm/preact';
import { formatNumber, Lines, titleOf } from '../parts/parts.js';
import { translateReason } from '../words/subject.js';
import { ageText, timeText } from '../words/times.js';
import { filled, say, sayWord, shown } from '../words/words.js';

/** @import { LinkReport, SiteDetail } from '@sabha/contracts' */
/** @import { Line, Scene } from '../parts/parts.js' */
/** @typedef {NonNullable<LinkReport['quality']>} Quality */

const megabyte = 1_000_000;
const warnShare = 0.8;

/**
 * Shows quality, capacity, monthly data use and the last outage.
 * @param {{ scene: Scene, detail: SiteDetail }} props
 */
export function LinkCard({ scene, detail: { link, broke } }) {
  const { lang, now } = scene;
  const { quality, capacity, budget } = link?.report ?? {};
  return html`<section class="card later" aria-labelledby="link-card" data-card="link"><h2 id="link-card">${sayWord(scene, 'component', 'link')}</h2>
    ${link === null ? html`<p class="quiet">${say(lang, 'notMeasured')}</p>` : null}
    <${Lines} lines=${[
      ...(quality === undefined ? [] : qualityLines(scene, quality)),
      ...(capacity === undefined
        ? []
        : [
            /** @type {Line} */ (['capacity', sayWord(scene, 'measure', 'capacity'), capacityText(scene, capacity)]),
            ...freeLines(scene, capacity),
          ]),
      ...(budget === undefined ? [] : budgetLines(lang, budget)),
      ...(broke === null
        ? []
        : [/** @type {Line} */ (['broke', say(lang, 'fact.broke'), `${titleOf(scene, broke.fault)}, ${timeText(lang, broke.at, now)}`])]),
    ]} />
    ${link === null ? null : html`<p class="foot">${say(lang, 'measuredBy', { pc: shown(link.pc), age: ageText(scene, now - link.at) })}</p>`}
  </section>`;
}

/**
 * @param {Scene} scene
 * @param {Quality} quality
 * @returns {Line[]}
 */
function qualityLines(scene, { up, down, roundTripMs: { median, p95 }, r, rAdjusted, mos }) {
  const { lang } = scene;
  const label = (/** @type {string} */ key) => sayWord(scene, 'measure', key);
  const percent = (/** @type {number} */ ratio) => `${formatNumber(100 * ratio, 1)} %`;
  const sound = { r: formatNumber(r), mos: formatNumber(mos, 1) };
  return [
    ['up', say(lang, 'fact.up'), tierText(scene, up)],
    ['down', say(lang, 'fact.down'), tierText(scene, down)],
    ['roundTrip', label('roundTrip'), say(lang, 'roundTrip', { ms: formatNumber(median), p95: formatNumber(p95) })],
    ['loss', label('loss'), bothWays(scene, percent(up.loss), percent(down.loss))],
    ['jitter', label('jitter'), bothWays(scene, `${formatNumber(up.jitterMs)} ms`, `${formatNumber(down.jitterMs)} ms`)],
    [
      'sound',
      label('sound'),
      rAdjusted === undefined ? say(lang, 'sound', sound) : say(lang, 'soundGeo', { ...sound, adjusted: formatNumber(rAdjusted) }),
    ],
  ];
}

/**
 * @param {Scene} scene
 * @param {Quality['up']} direction
 */
function tierText(scene, { tier, limit }) {
  const what = tier === undefined ? sayWord(scene, 'status', 'unknown') : sayWord(scene, 'tier', tier ?? 'none');
  return limit === undefined || limit === null ? what : `${what} · ${sayWord(scene, 'limit', limit)}`;
}

/**
 * Returns the sustained rates, with details, the test used and its age.
 * @param {Scene} scene
 * @param {NonNullable<LinkReport['capacity']>} capacity
 */
export function capacityText(scene, { at, how, upBps, downBps, burst, seenBytes, atLeast, reasons, udpBlocked }) {
  const { lang, now } = scene;
  const up =
    upBps === null ? unknownText(scene, reasons?.up, atLeast?.upBps) : rateText(scene, upBps, { lent: burst?.up, seen: seenBytes?.up });
  const down =
    downBps === null
      ? unknownText(scene, reasons?.down, atLeast?.downBps)
      : rateText(scene, downBps, { lent: burst?.down, seen: seenBytes?.down });
  const rates = upBps === null && downBps === null && up === down ? up : bothWays(scene, up, down);
  const ago = say(lang, 'ago', { age: ageText(scene, now - at) });
  return [rates, how === 'tcp' ? sayWord(scene, 'measure', 'overTcp') : '', udpBlocked ? sayWord(scene, 'limit', 'udp-blocked') : '', ago]
    .filter((text) => text !== '')
    .join(' · ');
}

/**
 * Returns why a rate is unknown, and its lower bound.
 * @param {Scene} scene
 * @param {string | null | undefined} reason
 * @param {number | null | undefined} atLeast
 */
function unknownText(scene, reason, atLeast) {
  const isBound = typeof atLeast === 'number';
  const what = isBound ? filled(sayWord(scene, 'measure', 'least'), { rate: mbit(atLeast) }) : sayWord(scene, 'status', 'unknown');
  return reason ? `${what} (${translateReason(scene, reason)})` : what;
}

/**
 * @param {Scene} scene
 * @param {string} up
 * @param {string} down
 */
function bothWays(scene, up, down) {
  return filled(sayWord(scene, 'measure', 'upDown'), { up, down });
}

/** @param {number} bps */
function mbit(bps) {
  return `${formatNumber(bps / 1_000_000, 1)} Mbit/s`;
}

/**
 * Returns the sustained rate with the initial burst, or with the bytes for which the rate was observed.
 *
 * @param {Scene} scene
 * @param {number} bps
 * @param {{ lent?: { bps: number, bytes: number } | null | undefined, seen?: number | null | undefined }} more
 */
function rateText(scene, bps, { lent, seen }) {
  const rate = mbit(bps);
  if (lent) return filled(sayWord(scene, 'measure', 'burst'), { rate, peak: mbit(lent.bps), kB: formatNumber(lent.bytes / 1_000) });
  return typeof seen === 'number' ? filled(sayWord(scene, 'measure', 'seen'), { rate, MB: formatNumber(seen / megabyte, 1) }) : rate;
}

/**
 * Returns the free capacity if it is less than the total.
 * @param {Scene} scene
 * @param {NonNullable<LinkReport['capacity']>} capacity
 * @returns {Line[]}
 */
export function freeLines(scene, { free, upBps, downBps }) {
  if (free === undefined || (free.upBps === upBps && free.downBps === downBps)) return [];
  const rate = (/** @type {number | null} */ bps) => (bps === null ? sayWord(scene, 'status', 'unknown') : mbit(bps));
  return [['free', sayWord(scene, 'measure', 'free'), bothWays(scene, rate(free.upBps), rate(free.downBps))]];
}

/**
 * @param {Scene['lang']} lang
 * @param {NonNullable<LinkReport['budget']>} budget
 * @returns {Line[]}
 */
function budgetLines(lang, { testBytes, testLimit, telemetryBytes, telemetryLimit }) {
  return [
    ['tests', say(lang, 'fact.tests'), html`<${Used} lang=${lang} used=${testBytes} limit=${testLimit} />`],
    ['telemetry', say(lang, 'fact.telemetry'), html`<${Used} lang=${lang} used=${telemetryBytes} limit=${telemetryLimit} />`],
  ];
}

/** @param {{ lang: Scene['lang'], used: number, limit: number }} props */
function Used({ lang, used, limit }) {
  const share = limit === 0 ? 1 : Math.min(1, used / limit);
  const mark = share >= 1 ? 'fault' : share >= warnShare ? 'minor' : 'ok';
  return html`${say(lang, 'used', { used: formatNumber(used / megabyte, 1), limit: formatNumber(limit / megabyte, 1) })}
    <span class="bar" aria-hidden="true"><i class=${mark} style=${{ flexGrow: `${share}` }}></i><i style=${{ flexGrow: `${1 - share}` }}></i></span>`;
}
