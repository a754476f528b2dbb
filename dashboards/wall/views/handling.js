/** Actions on an incident, and the record of what was done. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { ErrorMessage, useAction } from '../parts/person.js';
import { timeText } from '../words/times.js';
import { say, sayWord, shown } from '../words/words.js';

/** @import { IncidentRow, IncidentView } from '@sabha/contracts' */
/** @import { Scene } from '../parts/parts.js' */

/** Durations of a snooze with one click, hours. */
const snoozeHours = [1, 4, 24];
const hourMs = 3_600_000;

/**
 * Returns lines on the assignment, the reported fix, the snooze and the maintenance.
 * @param {Scene} scene
 * @param {Pick<IncidentRow, 'assigned' | 'fixed' | 'snoozed' | 'maintenance' | 'until' | 'overAt'>} incident
 */
export function handlingLines({ lang, now }, { assigned, fixed, snoozed, maintenance, until, overAt }) {
  const time = (/** @type {number} */ at) => timeText(lang, at, now);
  return [
    ...(assigned ? [say(lang, 'assignedTo', { to: shown(assigned.to), by: shown(assigned.by), time: time(assigned.at) })] : []),
    ...(fixed ? [say(lang, 'saidFixed', { by: shown(fixed.by), time: time(fixed.until) })] : []),
    ...(snoozed ? [say(lang, 'quietUntil', { by: shown(snoozed.by), time: time(snoozed.until) })] : []),
    ...(maintenance ? [say(lang, 'maintainedUntil', { time: time(maintenance.until) })] : []),
    ...(until !== undefined && overAt === null ? [say(lang, 'goesOnUntil', { time: time(until) })] : []),
  ];
}

/**
 * @param {Scene} scene
 * @param {IncidentView['deeds'][number]} deed
 */
export function actionText({ lang, now }, { did, by, to = '', until }) {
  return say(lang, `deed.${did}`, { by: shown(by), to: shown(to), until: until === undefined ? '' : timeText(lang, until, now) });
}

/** @param {{ scene: Scene, incident: IncidentView, title: string, onActed: () => void }} props */
export function Actions({ scene, incident, title, onActed }) {
  const { lang, now } = scene;
  const { acknowledged, fixed } = incident;
  const { busy, waits, error, run, doing } = useAction(scene.act);
  const act = async (/** @type {string} */ what, /** @type {Parameters<Scene['act']>[1]} */ body = {}) => {
    const done = (await run(`/api/incidents/${incident.id}/${what}`, body)) !== null;
    if (done) onActed();
    return done;
  };
  const take = async () => {
    if ((await doing(() => scene.take({ id: incident.id, title }, acknowledged !== null))) !== null) onActed();
  };
  return html`<div class="actions">
    <p class="acts">
      ${acknowledged !== null && scene.names.includes(acknowledged.by) ? null : html`<button class=${acknowledged === null ? 'primary' : ''} aria-disabled=${waits} onClick=${take}>${acknowledged === null ? say(lang, 'acknowledge') : sayWord(scene, 'answer', 'takeOver')}</button>`}
      ${fixed ? null : html`<button aria-disabled=${waits} onClick=${() => act('fixed')}>${sayWord(scene, 'answer', 'fixed')}</button>`}
      ${snoozeHours.map((n) => html`<button key=${n} aria-disabled=${waits} onClick=${() => act('snooze', { until: Math.floor(now) + n * hourMs })}>${say(lang, 'snoozeHours', { n })}</button>`)}
    </p>
    <${Line} busy=${busy} most=${80} label=${say(lang, 'assignLabel')} button=${say(lang, 'assign')} onText=${(/** @type {string} */ to) => act('assign', { to })} />
    <${Line} busy=${busy} most=${500} label=${say(lang, 'noteLabel', { id: incident.id })} hint=${say(lang, 'notePlaceholder')} button=${say(lang, 'addNote')} onText=${(/** @type {string} */ text) => act('note', { text })} />
    <${ErrorMessage} lang=${lang} error=${error} />
  </div>`;
}

/**
 * A text field with a send button. It is cleared after it is sent.
 * @param {{ busy: boolean, most: number, label: string, hint?: string, button: string, onText: (text: string) => Promise<boolean> }} props
 */
function Line({ busy, most, label, hint, button, onText }) {
  const [text, setText] = useState('');
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (text.trim() !== '' && !busy && (await onText(text))) setText('');
  };
  return html`<form onSubmit=${submit}>
    <input value=${text} maxlength=${most} aria-label=${label} placeholder=${hint ?? label} onInput=${(/** @type {{ currentTarget: HTMLInputElement }} */ event) => setText(event.currentTarget.value)} />
    <button disabled=${busy || text.trim() === ''}>${button}</button>
  </form>`;
}
