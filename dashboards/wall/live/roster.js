/** @import { RosterPerson } from '@sabha/contracts' */

const order = /** @type {const} */ (['here', 'relieved', 'leave', 'off']);

/**
 * Sorts persons on duty first, then by name.
 * @param {readonly RosterPerson[]} persons
 */
export function onDutyFirst(persons) {
  return persons.toSorted((a, b) => order.indexOf(a.now) - order.indexOf(b.now) || a.name.localeCompare(b.name));
}

/**
 * Returns the channel whose proof is oldest or missing; null if no channel reaches the person.
 *
 * @param {Pick<RosterPerson, 'reached' | 'proofs'>} person
 * @returns {{ channel: string, at: number | null } | null}
 */
export function oldestProof({ reached, proofs }) {
  const proven = reached.map((channel) => ({ channel, at: proofs[channel] ?? null }));
  return proven.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))[0] ?? null;
}

/**
 * Formats an Indian mobile number as two halves after its country code. Other numbers stay unchanged.
 * @param {string} number
 */
export function phoneText(number) {
  return number.replace(/^(\+91)?([6-9]\d{4})(\d{5})$/, '$1 $2 $3').trimStart();
}
