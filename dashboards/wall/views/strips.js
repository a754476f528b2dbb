/** Status of each component over the last 24 hours as a strip, from the state changes in the ledger. */
import { html } from 'htm/preact';
import { meetingRank, shownStatusOf } from '../live/model.js';
import { subjectOf } from '../words/subject.js';
import { ageText, timeText } from '../words/times.js';
import { say } from '../words/words.js';

/** @import { HistorySpan, HistoryView } from '@sabha/contracts' */
/** @import { Scene } from '../parts/parts.js' */
/** @typedef {Omit<HistorySpan, 'status'> & { status: HistorySpan['status'] | 'unproven' }} Span */

const order = /** @type {const} */ (['fault', 'unknown', 'away', 'unproven', 'ok']);
/** Top and height of a bar, so that its shape shows the status too. */
const bars = { ok: [9, 5], unproven: [7, 7], fault: [0, 14], unknown: [5, 4], away: [11, 2] };

/** Minimum length of the time axis. */
const shortestMs = 60_000;

/** @param {{ scene: Scene, history: HistoryView, pc: string }} props */
export function Strips({ scene, history, pc }) {
  const { lang, now } = scene;
  const mine = history.pcs.find((one) => one.pc === pc);
  if (mine === undefined || mine.strips.length === 0) return html`<p class="quiet">${say(lang, 'noHistory')}</p>`;
  const known = knownPart(history);
  const strips = mine.strips.toSorted((a, b) => meetingRank(a.component) - meetingRank(b.component)).map(withShownStatus);
  const from = timeText(lang, known.from, now);
  return html`<h4>${known === history ? say(lang, 'day') : say(lang, 'sinceThen', { time: from })}</h4>
    <ul class="strips">${strips.map(
      ({ component, spans }) => html`<li key=${component} data-strip=${component}>
        <span>${subjectOf(scene, { component, device: '' })}</span>
        <svg class="strip" viewBox="0 0 1440 14" preserveAspectRatio="none" aria-hidden="true">${lengths(spans, known).map(
          ({ status, at, share }) =>
            html`<rect key=${at} class=${status} x=${(at * 1440).toFixed(1)} width=${(share * 1440).toFixed(1)} y=${bars[status][0]} height=${bars[status][1]} />`,
        )}</svg>
        <span class="dim">${durationTexts(scene, spans, known)}</span>
      </li>`,
    )}</ul>
    <p class="dim ends"><span>${from}</span><span>${timeText(lang, history.to, now)}</span></p>`;
}

/** Maps the statuses of a component's spans with `shownStatusOf`. @param {{ component: string, spans: HistorySpan[] }} strip */
const withShownStatus = ({ component, spans }) => ({
  component,
  spans: spans.map((one) => ({ ...one, status: shownStatusOf({ component, ...one }) })),
});

/**
 * Shortens the time axis to the first known state, so that data of a young installation is readable.
 * @param {HistoryView} history
 * @returns {HistoryView}
 */
export function knownPart(history) {
  const firsts = history.pcs.flatMap(({ strips }) => strips.map(({ spans }) => spans[0]?.from ?? history.to));
  const from = Math.min(...firsts, history.to - shortestMs);
  return from > history.from ? { ...history, from } : history;
}

/**
 * Returns start and length of each span as shares of the whole.
 * @param {Span[]} spans
 * @param {HistoryView} history
 */
export function lengths(spans, { from, to }) {
  const whole = to - from;
  return spans.map((span, at) => {
    const start = Math.max(span.from, from);
    return { status: span.status, at: (start - from) / whole, share: Math.max(0, (spans[at + 1]?.from ?? to) - start) / whole };
  });
}

/**
 * @param {Scene} scene
 * @param {Span[]} spans
 * @param {HistoryView} history
 */
function durationTexts(scene, spans, history) {
  const all = lengths(spans, history);
  return order
    .map((status) => ({
      status,
      // Rounded to whole seconds: sums of shares can be slightly below a full hour.
      ms:
        1_000 *
        Math.round((all.reduce((sum, one) => sum + (one.status === status ? one.share : 0), 0) * (history.to - history.from)) / 1_000),
    }))
    .filter(({ ms }) => ms > 0)
    .map(({ status, ms }) => say(scene.lang, `span.${status}`, { age: ageText(scene, ms) }))
    .join(' · ');
}
