/** A day in Leh in three minutes: what happens to one room behind a satellite, 3,524 m high, in snow. */
import { type FaultId, faults, type IncidentView, type PcPath } from '#contracts';
import type { Disturbance } from './scenario.ts';

const second = 1_000;

export type Chapter = { at: number; words: string };

/** Length of the story on the demo's clock. */
export const storyMs = 1_620 * second;

/** What happens, in milliseconds from the beginning on the demo's clock. */
export function lehStory(pc: PcPath): { disturbances: Disturbance[]; chapters: Chapter[]; ending: Chapter } {
  return {
    disturbances: [
      { pc, at: 150 * second, forMs: 40 * second, what: 'link' },
      { pc, at: 300 * second, forMs: 1_150 * second, what: 'microphone.missing' },
      { pc, at: 600 * second, forMs: 650 * second, what: 'power' },
    ],
    chapters: [
      { at: 0, words: 'Leh, 3,524 m. It snows. The room hangs on a satellite: 64 kbit/s, 700 ms there and back.' },
      { at: 150 * second, words: 'Snow on the dish: the link is gone.' },
      { at: 190 * second, words: 'The dish is swept. What the room said meanwhile waited in its spool and arrives now.' },
      { at: 300 * second, words: 'Somebody clears the table and pulls the cable of the microphone.' },
      { at: 600 * second, words: 'Power cut. Nobody tells the centre: a PC without power says nothing.' },
      { at: 1_250 * second, words: 'The power is back. The PC boots with the spool it had, and tells what it knew.' },
      { at: 1_450 * second, words: 'The technician plugs the microphone in again.' },
    ],
    // Said as soon as the centre says so; from this time on it may.
    ending: { at: 1_250 * second, words: 'The room is ready for the next meeting.' },
  };
}

/** What the centre made of it since the last look, in plain words. */
export function createListener(): (incidents: readonly IncidentView[]) => string[] {
  const said = new Set<string>();
  return (incidents) => {
    const fresh = incidents.flatMap(linesOf).filter((line) => !said.has(line));
    for (const line of fresh) said.add(line);
    return fresh;
  };
}

function linesOf({ id, faults: standing, told, history }: IncidentView): string[] {
  const title = (fault: string) => (Object.hasOwn(faults, fault) ? faults[fault as FaultId].title.en : fault);
  return [
    ...standing.map(({ fault }) => `incident ${id}: ${title(fault)}`),
    ...standing.flatMap(({ fault, unknownSince }) =>
      unknownSince === null ? [] : [`incident ${id}: "${title(fault)}" is frozen, nobody can say how it stands`],
    ),
    ...history.flatMap(({ kind, conclusion }, at) =>
      conclusion === null ? [] : [`incident ${id}, news ${at + 1} (${kind}): ${conclusion}`],
    ),
    ...told.map(({ person, channel }) => `incident ${id}: ${person} knows of it by ${channel}`),
  ];
}
