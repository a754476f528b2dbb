/** Acknowledges an incident: at once if nobody has it, after a confirmation if somebody has it, with an undo for ten seconds. */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { timeText } from '../words/times.js';
import { say, sayWord, shown } from '../words/words.js';
import { Dialog } from './dialog.js';

/** @import { Language } from '@sabha/contracts' */
/** @import { Reader } from '../words/words.js' */
/** @import { Act, ActionResult } from './person.js' */
/** @typedef {{ id: number, title: string }} IncidentToTake */
/**
 * Returns null if no name was given, or if somebody has the incident and a confirmation is open.
 *
 * @typedef {(wanted: IncidentToTake, takeOver?: boolean) => Promise<ActionResult | null>} Acknowledge
 */

/** Time in which the acknowledgement can be undone. The server allows some seconds more for the network delay. */
const undoMs = 10_000;

/**
 * `take` acknowledges, `undo` withdraws within the limit, and `pieces` are the elements to render.
 * @param {Reader} reader
 * @param {Act} act
 */
export function useAcknowledge(reader, act) {
  const { lang } = reader;
  const [asked, setAsked] = useState(/** @type {(IncidentToTake & { by: string, at: number }) | null} */ (null));
  const [given, setGiven] = useState(/** @type {(IncidentToTake & { error: string }) | null} */ (null));
  useEffect(() => {
    const timer = setTimeout(() => setGiven(null), undoMs);
    return () => clearTimeout(timer);
  }, [given]);
  /** @type {Acknowledge} */
  const take = async (wanted, takeOver = false) => {
    const done = await act(`/api/incidents/${wanted.id}/acknowledge`, takeOver ? { takeOver } : {});
    if (done?.code === 'taken') {
      setAsked({ ...wanted, by: shown(String(done.about?.['by'])), at: Number(done.about?.['at']) });
      return null;
    }
    if (done?.error === '') setGiven({ ...wanted, error: '' });
    return done;
  };
  const isAsking = useRef(false);
  const undo = async () => {
    // A second click must not report "too late" for what the first one undid.
    if (given === null || given.error !== '' || isAsking.current) return;
    isAsking.current = true;
    const done = await act(`/api/incidents/${given.id}/withdraw`, {});
    isAsking.current = false;
    setGiven(done === null || done.error === '' ? null : { ...given, error: done.error });
  };
  const answer = (/** @type {boolean} */ isWanted) => {
    setAsked(null);
    if (asked !== null && isWanted) void take(asked, true);
  };
  const pieces = html`<div class="undo" role="status">${given === null ? null : html`<${UndoMessage} lang=${lang} given=${given} onUndo=${undo} />`}</div>
    ${asked === null ? null : html`<${TakeOverDialog} reader=${reader} asked=${asked} onAnswer=${answer} />`}`;
  return { take, undo, pieces };
}

/** @param {{ lang: Language, given: IncidentToTake & { error: string }, onUndo: () => void }} props */
function UndoMessage({ lang, given: { title, error }, onUndo }) {
  if (error !== '') return html`<p>${say(lang, 'notSaved', { why: error })}</p>`;
  return html`<p><bdi>${say(lang, 'takenNow', { title })}</bdi> <button onClick=${onUndo}>${say(lang, 'undo')}</button></p>`;
}

/** @param {{ reader: Reader, asked: IncidentToTake & { by: string, at: number }, onAnswer: (isWanted: boolean) => void }} props */
function TakeOverDialog({ reader, asked: { title, by, at }, onAnswer }) {
  const { lang } = reader;
  return html`<${Dialog} titleId="taken" onClose=${() => onAnswer(false)}>
    <h2 id="taken">${sayWord(reader, 'answer', 'takeOverAsk')}</h2>
    <p><bdi>${title}</bdi>: <bdi>${say(lang, 'takenAlready', { by, time: timeText(lang, at, Date.now()) })}</bdi></p>
    <p class="buttons"><button onClick=${() => onAnswer(false)}>${say(lang, 'leaveIt')}</button><button class="primary" onClick=${() => onAnswer(true)}>${sayWord(reader, 'answer', 'takeOver')}</button></p>
  <//>`;
}
