/** Groups the incidents of one fault in one state, and filters incidents by a search. */
import { pathOf, shownFaults } from './model.js';

/** @import { IncidentRow } from '@sabha/contracts' */
/** @typedef {{ id: string, state: string, fault: string, rows: IncidentRow[] }} Group */

/** Maximum number of incidents of one group that are listed one by one. */
const maxUngrouped = 10;

/**
 * Puts each group at the place of its first incident. Groups in `kept` stay grouped even if few incidents remain, so that a line in use
 * does not vanish.
 *
 * @param {readonly IncidentRow[]} incidents
 * @param {{ kept?: readonly (number | string)[] }} [how]
 * @returns {(IncidentRow | Group)[]}
 */
export function groupIncidents(incidents, { kept = [] } = {}) {
  const keyOf = (/** @type {IncidentRow} */ one) => `${pathOf(one).split('/')[0]}/${shownFaults(one)[0]?.fault ?? ''}`;
  const byKey = Map.groupBy(incidents, keyOf);
  const isMany = (/** @type {string} */ key) =>
    !key.startsWith('/') && ((byKey.get(key)?.length ?? 0) > maxUngrouped || kept.includes(key));
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
 * Returns true if the texts contain all words in the search.
 *
 * @param {string} search
 * @param {readonly string[]} texts
 */
export function matchesSearch(search, texts) {
  const text = texts.join('\n').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/**
 * Returns true if a person with one of these names acknowledged the incident or has it assigned.
 *
 * @param {readonly string[]} names
 * @param {Pick<IncidentRow, 'acknowledged' | 'assigned'>} incident
 */
export function isOwn(names, { acknowledged, assigned }) {
  return [acknowledged?.by, assigned?.to].some((one) => one !== undefined && names.includes(one));
}
