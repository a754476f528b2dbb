import type { Check } from '@sabha/contracts';
import type { RoomFacts } from './statement.ts';

export function checkOf(component: string, edit: Partial<Check> = {}): Check {
  return { component, device: '', status: 'ok', fault: null, reason: null, ...edit };
}

export function faulty(fault: string, edit: Partial<Check> = {}): Check {
  return checkOf(fault.split('.')[0] ?? '', { status: 'fault', fault, ...edit });
}

export const working = ['camera', 'microphone', 'speaker'].map((component) => checkOf(component));

/** Returns the facts from which the room card of the hall in Leh is made. The card is in English by default. */
export function knownOf(checks: readonly Check[], edit: Partial<RoomFacts['profile']> = {}): RoomFacts {
  return {
    pc: 'ladakh/leh/hall',
    checks,
    profile: { link: 'geo', elevationM: 3_524, expected: {}, languages: ['en'], ...edit },
    place: { site: { en: 'District office Leh', hi: 'ज़िला कार्यालय लेह' }, room: { en: 'Hall', hi: 'हॉल' } },
  };
}
