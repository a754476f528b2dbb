/** The rooms: one card for each PC, one line for each check. */
import { html } from 'htm/preact';
import { checkMark, pcMark, sortedPcs, tally, unknownSince } from './model.js';
import { Age, Foreign, Mark, titleOf } from './parts.js';
import { deviceOf, subjectOf } from './subject.js';
import { ageText, timeText } from './times.js';
import { nameIn, say, sayWord } from './words.js';

/** @import { Check, PcView } from '#contracts' */
/** @import { Scene } from './parts.js' */
/** @typedef {PcView['checks'][number]} DatedCheck */

const marks = /** @type {const} */ (['fault', 'unknown', 'ok']);

/**
 * How many rooms are ready, need somebody, are unknown.
 * @param {{ scene: Scene, pcs: PcView[] }} props
 */
export function Tally({ scene, pcs }) {
  const counts = tally(pcs, scene.live);
  const order = /** @type {const} */ (['ok', 'fault', 'unknown']);
  return html`<section class="tally" aria-label=${say(scene.lang, 'tally')}>
    ${order.map(
      (mark) => html`<p class="tile ${mark} ${counts[mark] === 0 ? 'none' : ''}" data-tally=${mark} key=${mark}>
        <strong>${counts[mark]}</strong><span><${Mark} is=${mark} />${say(scene.lang, mark)}</span>
      </p>`,
    )}
  </section>`;
}

/** @param {{ scene: Scene, pcs: PcView[] }} props */
export function Rooms({ scene, pcs }) {
  return html`<section class="rooms" aria-labelledby="rooms">
    <h2 id="rooms">${say(scene.lang, 'rooms')}</h2>
    ${pcs.length === 0 ? html`<p class="card quiet">${say(scene.lang, 'noRooms')}</p>` : null}
    <div class="cards">${sortedPcs(pcs, scene.live).map((pc) => html`<${Room} scene=${scene} pc=${pc} key=${pc.pc} />`)}</div>
  </section>`;
}

/** @param {{ scene: Scene, pc: PcView }} props */
function Room({ scene, pc }) {
  const { lang, live } = scene;
  const mark = pcMark(pc, live);
  const rank = (/** @type {Check} */ check) => marks.indexOf(checkMark(check, pc, live));
  const checks = pc.checks.toSorted((a, b) => rank(a) - rank(b));
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
    <p class="foot">
      <bdi>${pc.pc}</bdi> · ${heardText(scene, pc)}
      ${pc.agent === null ? null : html` · <bdi>${say(lang, 'agent', { version: pc.agent })}</bdi>`}
    </p>
  </article>`;
}

/**
 * @param {Scene} scene
 * @param {PcView} pc
 * @param {'ok' | 'fault' | 'unknown'} mark
 */
function stateText({ lang, now, live, lostAt }, pc, mark) {
  const since = mark === 'unknown' ? unknownSince(pc, lostAt) : null;
  const state = since === null ? say(lang, mark) : say(lang, 'unknownSince', { time: timeText(lang, since, now) });
  return live && pc.presence !== 'online' ? `${state} · ${sayWord(lang, 'presence', pc.presence)}` : state;
}

/** @param {{ scene: Scene, pc: PcView, check: DatedCheck }} props */
function CheckLine({ scene, pc, check }) {
  const mark = checkMark(check, pc, scene.live);
  const old = mark === 'unknown' && check.status !== 'unknown';
  const device = deviceOf(scene.lang, check);
  return html`<li class=${mark} data-check=${check.component}>
    <${Mark} is=${mark} />
    <div>
      <p>${checkText(scene, check, mark)}</p>
      ${device === '' ? null : html`<p class="dim"><${Foreign} text=${device} /></p>`}
      ${old ? html`<p class="dim">${say(scene.lang, 'lastAnswer', { answer: answerText(scene, check) })}</p>` : null}
      ${check.reason === null ? null : html`<p class="dim"><${Foreign} text=${check.reason} /></p>`}
    </div>
    <${Age} scene=${scene} since=${old ? (unknownSince(pc, scene.lostAt) ?? check.since) : check.since} />
  </li>`;
}

/**
 * @param {Scene} scene
 * @param {Check} check
 * @param {'ok' | 'fault' | 'unknown'} mark
 */
function checkText(scene, check, mark) {
  const what = subjectOf(scene.lang, check);
  if (mark === 'ok') return say(scene.lang, 'works', { what });
  if (mark === 'unknown') return say(scene.lang, 'cannotTell', { what });
  return check.fault === null ? what : titleOf(scene, check.fault);
}

/**
 * @param {Scene} scene
 * @param {Check} check
 */
function answerText(scene, check) {
  return check.fault === null ? sayWord(scene.lang, 'answer', check.status) : titleOf(scene, check.fault);
}

/**
 * @param {Scene} scene
 * @param {PcView} pc
 */
function heardText({ lang, now }, pc) {
  return pc.heardAt === null ? say(lang, 'neverHeard') : say(lang, 'heard', { age: ageText(lang, now - pc.heardAt) });
}
