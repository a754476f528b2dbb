/** A room: one card for each PC, one line for each check, and the last 24 hours. */
import { html } from 'htm/preact';
import { checkMark, markRank, meetingRank, pcMark, shownStatusOf, unknownSince } from '../live/model.js';
import { Age, IsolatedText, Mark, markText, outageText, titleOf, whyText } from '../parts/parts.js';
import { deviceOf, statusText, subjectOf } from '../words/subject.js';
import { ageText, timeText } from '../words/times.js';
import { nameIn, say, sayWord } from '../words/words.js';
import { Strips } from './strips.js';

/** @import { Check, HistoryView, PcView } from '@sabha/contracts' */
/** @import { Mark as MarkName } from '../live/model.js' */
/** @import { Scene } from '../parts/parts.js' */
/** @typedef {PcView['checks'][number]} DatedCheck */

/** @param {{ scene: Scene, pc: PcView, history: HistoryView | null }} props */
export function Room({ scene, pc, history }) {
  const { lang, live } = scene;
  const { config } = pc;
  const mark = pcMark(pc, live);
  const rank = (/** @type {Check} */ check) => markRank[checkMark(check, pc, live)];
  const checks = pc.checks.toSorted((a, b) => rank(a) - rank(b) || meetingRank(a.component) - meetingRank(b.component));
  return html`<article class="card room ${mark}" data-pc=${pc.pc}>
    <header>
      <${Mark} is=${mark} />
      <div>
        <h3><bdi>${nameIn(lang, pc.room)}</bdi></h3>
        <p class="state">${stateText(scene, pc, mark)}</p>
      </div>
    </header>
    ${checks.length === 0 ? html`<p class="quiet">${say(lang, 'noChecks')}</p>` : null}
    <ul class="checks">${checks.map((check) => html`<${CheckLine} scene=${scene} pc=${pc} check=${check} key=${`${check.component}/${check.device}`} />`)}</ul>
    ${history === null ? null : html`<${Strips} scene=${scene} history=${history} pc=${pc.pc} />`}
    <p class="foot">
      <bdi>${pc.pc}</bdi> · ${pc.heardAt === null ? sayWord(scene, 'presence', 'never') : say(lang, 'heard', { age: ageText(scene, scene.now - pc.heardAt) })}
      ${pc.agent === null ? null : html` · <bdi>${say(lang, 'agent', { version: pc.agent })}</bdi>`}
    </p>
    ${config.held === config.wanted || config.held === 0 ? null : html`<p class="hint">${say(lang, 'drift', { held: config.held, wanted: config.wanted })}</p>`}
  </article>`;
}

/**
 * @param {Scene} scene
 * @param {PcView} pc
 * @param {MarkName} mark
 */
function stateText(scene, pc, mark) {
  const { lang, now, live, lostAt } = scene;
  const since = mark === 'unknown' ? unknownSince(pc, lostAt) : null;
  const state = since === null ? markText(scene, mark) : say(lang, 'unknownSince', { time: timeText(lang, since, now) });
  if (!live || pc.why === null) return state;
  return `${state} · ${whyText(scene, pc.why)}${pc.outage === null ? '' : `: ${outageText(scene, pc.outage)}`}`;
}

/** @param {{ scene: Scene, pc: PcView, check: DatedCheck }} props */
function CheckLine({ scene, pc, check }) {
  const mark = checkMark(check, pc, scene.live);
  const old = mark === 'unknown' && check.status !== 'unknown';
  const device = deviceOf(scene, check);
  const { answer, more } = statusText(scene, check.reason, mark);
  return html`<li class=${mark} data-check=${check.component}>
    <${Mark} is=${mark} />
    <div>
      <p>${mark === 'fault' ? faultText(scene, check) : `${subjectOf(scene, check)}: ${answer}`}</p>
      ${device === '' ? null : html`<p class="dim"><${IsolatedText} text=${device} /></p>`}
      ${old ? html`<p class="dim">${say(scene.lang, 'lastAnswer', { answer: answerText(scene, check) })}</p>` : null}
      ${more === null ? null : html`<p class="dim"><bdi>${more}</bdi></p>`}
    </div>
    <${Age} scene=${scene} since=${old ? (unknownSince(pc, scene.lostAt) ?? check.since) : check.since} />
  </li>`;
}

/**
 * @param {Scene} scene
 * @param {Check} check
 */
function faultText(scene, check) {
  return check.fault === null ? subjectOf(scene, check) : titleOf(scene, check.fault);
}

/**
 * @param {Scene} scene
 * @param {Check} check
 */
function answerText(scene, check) {
  return check.fault === null ? sayWord(scene, 'status', shownStatusOf(check)) : titleOf(scene, check.fault);
}
