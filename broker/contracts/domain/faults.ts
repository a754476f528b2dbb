/** The one catalogue of faults. It grows with the probes that exist: a fault is a row in one of the files beside this list. */
import { centreComponents, centreFaults } from './faults/centre.ts';
import { linkComponents, linkFaults } from './faults/link.ts';
import { pcComponents, pcFaults } from './faults/pc.ts';
import { powerComponents, powerFaults } from './faults/power.ts';
import { roomComponents, roomFaults } from './faults/room.ts';
import { type Fault, type Language, languages, type Words } from './faults/row.ts';

export { type Fault, type Language, languages, type Words } from './faults/row.ts';

/** All rows, by their id `component.fault`. */
export const faults = {
  ...roomFaults,
  ...pcFaults,
  ...powerFaults,
  ...linkFaults,
  ...centreFaults,
} as const satisfies Record<string, Fault>;

/** What checks are about, in words. */
export const components = {
  ...roomComponents,
  ...pcComponents,
  ...linkComponents,
  ...powerComponents,
  ...centreComponents,
} as const satisfies Record<string, Words>;

/** Those words in one language. */
export function componentsIn(language: Language): Readonly<Record<keyof typeof components, string>> {
  const words = Object.entries(components).map(([component, said]) => [component, said[language]]);
  return Object.fromEntries(words) as Record<keyof typeof components, string>;
}

export type FaultId = keyof typeof faults;
/** Every id, in the order of the files. */
export const faultIds = Object.keys(faults) as FaultId[];

/** The row of a fault; undefined for an id that this version does not know. */
export function faultOf(id: string): Fault | undefined {
  return Object.hasOwn(faults, id) ? faults[id as FaultId] : undefined;
}

const centresOnly: ReadonlySet<string> = new Set<FaultId>([
  'pc.silent',
  'pc.cloned',
  'pc.noisy',
  'agent.unreadable',
  'agent.unknown_fault',
]);

/** False for a fault that the centre alone can judge: no check of a PC reports it. */
export function isJudgedByPc(id: string): boolean {
  return !/^(centre|outage|maintenance)\./.test(id) && !centresOnly.has(id);
}

/** True for a language that people are spoken to in. */
export function isLanguage(text: string): text is Language {
  return languages.some((language) => language === text);
}

/** What central hears of transitions that no tab ended. It is about no one incident, so no link leads to it. */
export const unfinishedFault = 'centre.flow_unfinished';
