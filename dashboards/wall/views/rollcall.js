/** The roll call: ready, not ready and silent rooms. Updated live during the call, then a table to print. */
import { html } from 'htm/preact';
import { useMemo, useState } from 'preact/hooks';
import { useFetched } from '../live/data.js';
import { addRows, markRank, readyMark } from '../live/model.js';
import { awayText, Bar, IsolatedText, Mark, markText, mayAct, whyText } from '../parts/parts.js';
import { ErrorMessage, useAction } from '../parts/person.js';
import { timeText } from '../words/times.js';
import { nameIn, say, sayWord, shown } from '../words/words.js';

/** @import { RollCallCounts, RollCallRow, RollCallSummary, RollCallView } from '@sabha/contracts' */
/** @import { Mark as MarkName, View } from '../live/model.js' */
/** @import { Scene } from '../parts/parts.js' */

const columns = /** @type {const} */ (['col.ready', 'col.site', 'col.room', 'col.reason', 'col.owner', 'col.after']);
/** Grace period after the end. A roll call without a result by then was lost in a restart of the server. */
const lateAnswerMs = 10_000;
/** A receive gap of the server this long before the start may still cause missing answers. */
const awayShownMs = 10 * 60 * 1_000;

/**
 * Shows the last roll call in one line, with a link.
 * @param {{ scene: Scene, view: View }} props
 */
export function RollCard({ scene, view }) {
  const { lang } = scene;
  const { rollcall } = view;
  return html`<section class="card later" aria-labelledby="roll"><h2 id="roll">${say(lang, 'roll')}</h2>
    ${
      rollcall === null
        ? html`<p class="dim">${say(lang, 'noRoll')}</p>`
        : html`<p>${lineOf(scene, view, rollcall)}</p><p class="acts"><a class="button" href="#/rollcall/${rollcall.id}">${say(lang, 'details')}</a>
          <a class="button" href=${csvOf(rollcall)} download>${say(lang, 'csv')}</a></p>`
    }</section>`;
}

/**
 * Starts a roll call of a scope and shows its results as they arrive.
 * @param {{ scene: Scene, view: View, id: string, scope: string }} props
 */
export function RollCallPage({ scene, view, id, scope }) {
  const { live } = scene;
  const current = view.rollcall !== null && (id === '' || view.rollcall.id === id) ? view.rollcall : null;
  const wanted = id === '' ? (current?.id ?? null) : id;
  /** @type {RollCallView | 'missing' | null} */
  const found = useFetched(wanted === null ? null : `/api/rollcalls/${wanted}`, [live, current?.finishedAt]);
  const full = found === 'missing' || found?.id !== wanted ? null : found;
  const summary = current ?? full;
  const rows = useMemo(
    () => addRows(addRows(new Map(), full?.rows ?? []), current === null ? [] : view.rows.values()),
    [full, view.rows, current?.id],
  );
  return html`<div class="roll">
    ${mayAct(scene) ? html`<${RollCallStarter} scene=${scene} view=${view} first=${scope} runs=${view.rollcall !== null && isRunning(view.rollcall, scene.now)} />` : null}
    ${summary !== null ? html`<${RollCallBoard} scene=${scene} view=${view} summary=${summary} rows=${rows} key=${summary.id} />` : null}
    ${summary === null ? html`<${NoRollCall} scene=${scene} id=${id} isMissing=${found === 'missing'} />` : null}
  </div>`;
}

/** @param {{ scene: Scene, id: string, isMissing: boolean }} props */
function NoRollCall({ scene, id, isMissing }) {
  if (id === '') return mayAct(scene) ? null : html`<p class="card quiet">${say(scene.lang, 'noRoll')}</p>`;
  return html`<p class="card quiet">${say(scene.lang, isMissing ? 'noRollFound' : 'loading')}</p>`;
}

/** @param {{ scene: Scene, view: View, first: string, runs: boolean }} props */
function RollCallStarter({ scene, view, first, runs }) {
  const { lang } = scene;
  const own = scene.scope;
  const [chosen, setChosen] = useState(/** @type {string | null} */ (null));
  // The reader's scope may arrive after the first render.
  const scope = chosen ?? (own === '' || `${first}/`.startsWith(`${own}/`) ? first : own);
  const { busy, error, run } = useAction(scene.act);
  const state = scope.split('/')[0] ?? '';
  const sites = (view.sites.get(state) ?? []).filter((one) => one.stage === 'live');
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const done = await run('/api/rollcalls', { scope });
    if (done !== null) location.hash = `#/rollcall/${/** @type {{ id: string }} */ (done.answer).id}`;
  };
  const choose = (/** @type {{ currentTarget: HTMLSelectElement }} */ event) => setChosen(event.currentTarget.value);
  const states = [...view.sites.keys()].sort();
  return html`<form class="card caller" onSubmit=${submit}>
    <label>${say(lang, 'scope')}<select value=${state} onChange=${choose} name="state">
      ${own === '' ? html`<option value="">${say(lang, 'nation')}</option>` : null}${states.map((one) => html`<option key=${one} value=${one}>${scopeName(scene, view, one)}</option>`)}</select></label>
    ${
      state === ''
        ? null
        : html`<label>${say(lang, 'col.site')}<select value=${scope} onChange=${choose} name="site">
      ${own.includes('/') ? null : html`<option value=${state}>${say(lang, 'allOf', { name: scopeName(scene, view, state) })}</option>`}${sites.map((one) => html`<option key=${one.site} value=${one.site}>${nameIn(lang, one.name)}</option>`)}</select></label>`
    }
    <button class="primary" disabled=${busy || runs || !scene.live}>${say(lang, 'callRoll')}</button>
    <${ErrorMessage} lang=${lang} error=${error} />
  </form>`;
}

/** @param {{ scene: Scene, view: View, summary: RollCallSummary, rows: ReadonlyMap<string, RollCallRow> }} props */
function RollCallBoard({ scene, view, summary, rows }) {
  const { lang, now, live } = scene;
  const { counts, finishedAt, startedAt, endsAt } = summary;
  const [all, setAll] = useState(false);
  const { catalogue } = scene;
  const table = useMemo(() => tableOf(scene, view, { summary, rows }), [lang, catalogue, summary, rows]);
  const seconds = finishedAt === null ? Math.max(0, Math.ceil((endsAt - now) / 1_000)) : Math.ceil((finishedAt - startedAt) / 1_000);
  return html`<section class="board ${all ? 'all' : ''}" aria-labelledby="board" data-rollcall=${summary.id} data-finished=${finishedAt !== null}>
    <div class="title"><h2 id="board">${say(lang, 'roll')} · ${scopeName(scene, view, summary.scope)} · ${timeText(lang, startedAt, 0)}</h2>
      <p class="acts"><button onClick=${() => print()}>${say(lang, 'print')}</button><a class="button" href=${csvOf(summary)} download>${say(lang, 'csv')}</a></p></div>
    <p class="progress" role="status">${finishedAt !== null || !live ? '' : isRunning(summary, now) ? say(lang, 'rollRuns', { s: Math.ceil(seconds / 5) * 5 }) : say(lang, 'rollCut')}</p>
    <p>${awayText(scene, view.away, { after: startedAt - awayShownMs, before: finishedAt ?? now })}</p>
    <p>${answersOf(scene, counts)}${finishedAt === null ? null : html` · <bdi>${say(lang, 'rollTook', { by: shown(summary.by), s: seconds })}</bdi>`}</p>
    <ul class="sum">${marksOf(counts, finishedAt !== null).map(([is, key, n]) => html`<li key=${key} data-count=${key}><${Mark} is=${is} /><b>${n}</b> ${countText(scene, key)}</li>`)}</ul>
    <${Bar} counts=${{ unproven: counts.ready, fault: counts['not-ready'], unknown: counts.expected - counts.ready - counts['not-ready'] }} />
    ${table}
    ${finishedAt === null || counts.ready === 0 ? null : html`<label class="toggle"><input type="checkbox" checked=${all} onChange=${() => setAll(!all)} /> ${say(lang, 'allRooms')} (${counts.ready})</label>`}
  </section>`;
}

/**
 * Lists all rooms by state, the worst first. Ready and silent rooms are added at the end of the call.
 * @param {Scene} scene
 * @param {View} view
 * @param {{ summary: RollCallSummary, rows: ReadonlyMap<string, RollCallRow> }} rollcall
 */
function tableOf(scene, view, { summary, rows }) {
  const { lang } = scene;
  const finished = summary.finishedAt !== null;
  const byState = Map.groupBy(rows.values(), (one) => one.state);
  const needs = (/** @type {RollCallCounts} */ one) => one['not-ready'] * 1e6 + one.unknown;
  const states = summary.states.toSorted((a, b) => needs(b) - needs(a) || a.state.localeCompare(b.state));
  return html`<table><thead><tr>${columns.map((key) => html`<th scope="col" key=${key}>${say(lang, key)}</th>`)}</tr></thead>
    ${states.map(
      (one) => html`<tbody key=${one.state} data-state=${one.state}>
      <tr class="group"><th scope="rowgroup" colspan="6"><span>${scopeName(scene, view, one.state)}</span>${marksOf(one, finished).map(([is, key, n]) => (n === 0 ? null : html`<span class="dim" key=${key}><${Mark} is=${is} />${n} ${countText(scene, key)}</span>`))}</th></tr>
      ${rowsOf(byState.get(one.state) ?? [], finished).map((row) => html`<${Row} scene=${scene} row=${row} since=${summary.startedAt} key=${row.pc} />`)}
    </tbody>`,
    )}</table>`;
}

/**
 * @param {RollCallRow[]} rows
 * @param {boolean} finished
 */
function rowsOf(rows, finished) {
  const rank = (/** @type {RollCallRow} */ one) => markRank[readyMark(one.readiness, true)];
  const wanted = finished ? rows : rows.filter((one) => one.after !== null && one.readiness !== 'ready');
  return wanted.toSorted((a, b) => rank(a) - rank(b) || a.pc.localeCompare(b.pc));
}

/** @param {{ scene: Scene, row: RollCallRow, since: number }} props */
function Row({ scene, row, since }) {
  const { lang, now } = scene;
  const mark = readyMark(row.readiness, true);
  const silent = row.after === null;
  const { heardAt } = row;
  const key = heardAt !== null && heardAt > since ? 'heardOnly' : 'silentSince';
  const heard = heardAt === null ? sayWord(scene, 'presence', 'never') : say(lang, key, { time: timeText(lang, heardAt, now) });
  return html`<tr class=${mark} data-pc=${row.pc}>
    <td><${Mark} is=${mark} /> ${silent ? say(lang, 'silent') : markText(scene, mark)}</td>
    <td><a href="#/site/${row.site}"><bdi>${nameIn(lang, row.siteName)}</bdi></a></td>
    <td><bdi>${nameIn(lang, row.room)}</bdi></td>
    <td>${silent ? heard : whyText(scene, row.why)}</td>
    <td>${row.owner === null ? null : html`<${IsolatedText} text=${row.owner} />`}</td>
    <td class="number">${row.after === null ? '–' : `${(row.after / 1_000).toFixed(1)} s`}</td>
  </tr>`;
}

/**
 * @param {Scene} scene
 * @param {CountName} name
 */
function countText(scene, name) {
  return name === 'silent' || name === 'silentSoFar' ? say(scene.lang, name) : markText(scene, name);
}

/** @typedef {MarkName | 'silent' | 'silentSoFar'} CountName */

/**
 * Returns the counts of ready, not ready, answered but unknown, and silent.
 * @param {RollCallCounts} counts
 * @param {boolean} finished
 * @returns {[MarkName, CountName, number][]}
 */
function marksOf(counts, finished) {
  const silent = counts.expected - counts.answered;
  return [
    ['unproven', 'unproven', counts.ready],
    ['fault', 'fault', counts['not-ready']],
    ['unknown', 'unknown', Math.max(0, counts.unknown - silent)],
    ['unknown', finished ? 'silent' : 'silentSoFar', silent],
  ];
}

/**
 * @param {RollCallSummary} summary
 * @param {number} now
 */
function isRunning({ finishedAt, endsAt }, now) {
  return finishedAt === null && now < endsAt + lateAnswerMs;
}

/**
 * @param {Scene} scene
 * @param {View} view
 * @param {RollCallSummary} rollcall
 */
function lineOf(scene, view, { scope, startedAt, counts }) {
  return `${scopeName(scene, view, scope)}, ${timeText(scene.lang, startedAt, scene.now)}: ${answersOf(scene, counts)}`;
}

/**
 * @param {Scene} scene
 * @param {RollCallCounts} counts
 */
function answersOf({ lang }, { expected, answered }) {
  return say(lang, 'rollAnswers', { answered, expected, silent: expected - answered });
}

/**
 * @param {Scene} scene
 * @param {View} view
 * @param {string} scope
 */
function scopeName({ lang }, view, scope) {
  if (scope === '') return say(lang, 'nation');
  const [state = ''] = scope.split('/');
  const site = view.sites.get(state)?.find((one) => one.site === scope);
  return nameIn(lang, site?.name ?? view.states.find((one) => one.state === scope)?.name ?? { en: scope, hi: '' });
}

/** @param {RollCallSummary} rollcall */
function csvOf({ id }) {
  return `/api/rollcalls/${id}/table.csv`;
}
