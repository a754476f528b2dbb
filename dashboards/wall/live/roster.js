/** What the wall makes of the roster's persons. */

/** @import { RosterPerson } from '@sabha/contracts' */

const order = /** @type {const} */ (['here', 'relieved', 'leave', 'off']);

/**
 * Those on duty first, by name.
 * @param {readonly RosterPerson[]} persons
 */
export function onDutyFirst(persons) {
  return persons.toSorted((a, b) => order.indexOf(a.now) - order.indexOf(b.now) || a.name.localeCompare(b.name));
}

/**
 * The channel that was proven longest ago, or never; null where no channel reaches the person.
 * @param {Pick<RosterPerson, 'reached' | 'proofs'>} person
 * @returns {{ channel: string, at: number | null } | null}
 */
export function oldestProof({ reached, proofs }) {
  const proven = reached.map((channel) => ({ channel, at: proofs[channel] ?? null }));
  return proven.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))[0] ?? null;
}

/**
 * A number as it is read: a mobile of India in two halves, with its country before them; any other as it was written.
 * @param {string} number
 */
export function phoneText(number) {
  return number.replace(/^(\+91)?([6-9]\d{4})(\d{5})$/, '$1 $2 $3').trimStart();
}
