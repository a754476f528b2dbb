/** What the tests of the card share: a room of which something is known. */
import type { Check } from '@sabha/contracts';
import type { Known } from './statement.ts';

/** A check that works, as far as nothing else is said. */
export function checkOf(component: string, edit: Partial<Check> = {}): Check {
  return { component, device: '', status: 'ok', fault: null, reason: null, ...edit };
}

/** A check in fault. */
export function faulty(fault: string, edit: Partial<Check> = {}): Check {
  return checkOf(fault.split('.')[0] ?? '', { status: 'fault', fault, ...edit });
}

/** All that a meeting needs, and works. */
export const working = ['camera', 'microphone', 'speaker'].map((component) => checkOf(component));

/** The hall of Leh, whose card is in English alone unless it says otherwise. */
export function knownOf(checks: readonly Check[], edit: Partial<Known['profile']> = {}): Known {
  return {
    pc: 'ladakh/leh/hall',
    checks,
    profile: { link: 'geo', elevationM: 3_524, expected: {}, languages: ['en'], ...edit },
    place: { site: { en: 'District office Leh', hi: 'ज़िला कार्यालय लेह' }, room: { en: 'Hall', hi: 'हॉल' } },
  };
}
