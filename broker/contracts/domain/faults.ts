/** The catalogue of faults. Each fault is one row in one of the files of the folder. */
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

export const components = {
  ...roomComponents,
  ...pcComponents,
  ...linkComponents,
  ...powerComponents,
  ...centreComponents,
} as const satisfies Record<string, Words>;

export function componentNames(language: Language): Readonly<Record<keyof typeof components, string>> {
  const words = Object.entries(components).map(([component, said]) => [component, said[language]]);
  return Object.fromEntries(words) as Record<keyof typeof components, string>;
}

export type FaultId = keyof typeof faults;
export const faultIds = Object.keys(faults) as FaultId[];

/** Returns the row of a fault; undefined for an id that this version does not know. */
export function faultOf(id: string): Fault | undefined {
  return Object.hasOwn(faults, id) ? faults[id as FaultId] : undefined;
}

const serverJudgedFaults: ReadonlySet<string> = new Set<FaultId>([
  'pc.silent',
  'pc.cloned',
  'pc.noisy',
  'agent.unreadable',
  'agent.unknown_fault',
]);

/** Returns false for a fault that only the server judges and no check reports. */
export function isJudgedByPc(id: string): boolean {
  return !/^(centre|outage|maintenance)\./.test(id) && !serverJudgedFaults.has(id);
}

export function isLanguage(text: string): text is Language {
  return languages.some((language) => language === text);
}

/** Notifies central of transitions without a conclusion. It belongs to no single incident, so it has no link. */
export const unfinishedFault = 'centre.flow_unfinished';
