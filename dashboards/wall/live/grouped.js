/** Hundreds of incidents as few lines: those of one fault in one state are one, and a search leaves what is meant. */
import { pathOf, shownFaults } from './model.js';

/** @import { IncidentRow } from '@sabha/contracts' */
/** Many of one fault in one state. @typedef {{ id: string, state: string, fault: string, rows: IncidentRow[] }} Group */

/** So many of one fault in one state stand one by one. */
const oneByOne = 10;

/**
 * Each group stands where the first of it would. Those of `kept` stay together however few they have become: a line under a hand does not go.
 * @param {readonly IncidentRow[]} incidents
 * @param {{ kept?: readonly (number | string)[] }} [how]
 * @returns {(IncidentRow | Group)[]}
 */
export function grouped(incidents, { kept = [] } = {}) {
  const keyOf = (/** @type {IncidentRow} */ one) => `${pathOf(one).split('/')[0]}/${shownFaults(one)[0]?.fault ?? ''}`;
  const byKey = Map.groupBy(incidents, keyOf);
  const isMany = (/** @type {string} */ key) => !key.startsWith('/') && ((byKey.get(key)?.length ?? 0) > oneByOne || kept.includes(key));
  const itemsOf = (/** @type {IncidentRow} */ one) => {
    /** @type {(IncidentRow | Group)[]} */
    const alone = [one];
    const id = keyOf(one);
    if (!isMany(id)) return alone;
    const rows = byKey.get(id) ?? [];
    const [state = '', fault = ''] = id.split('/');
    return rows[0] === one ? [{ id, state, fault, rows }] : [];
  };
  return incidents.flatMap(itemsOf);
}

/**
 * True where every word of a search stands in one of the texts.
 * @param {string} search
 * @param {readonly string[]} texts
 */
export function isMeant(search, texts) {
  const text = texts.join('\n').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/**
 * Whether somebody has an incident, or was asked to see to it, under any of the names by which it may call them.
 * @param {readonly string[]} names
 * @param {Pick<IncidentRow, 'acknowledged' | 'assigned'>} incident
 */
export function isOwn(names, { acknowledged, assigned }) {
  return [acknowledged?.by, assigned?.to].some((one) => one !== undefined && names.includes(one));
}
