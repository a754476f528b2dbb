/** A day in Leh in three minutes: one room behind a satellite link, at 3,524 m, in snow. */
import { type FaultId, faults, type IncidentView, outageText, type PcPath } from '@sabha/contracts';
import type { Disturbance } from './scenario.ts';

const second = 1_000;

export type Chapter = { at: number; words: string };

/** Length of the story on the demo's clock, in milliseconds. */
export const storyMs = 1_840 * second;

/** Returns the events of the story, in milliseconds on the demo's clock. */
export function lehStory(pc: PcPath): { disturbances: Disturbance[]; chapters: Chapter[]; ending: Chapter } {
  return {
    disturbances: [
      { pc, at: 100 * second, forMs: 1_490 * second, what: 'microphone.missing' },
      { pc, at: 160 * second, forMs: 260 * second, what: 'snow' },
      { pc, at: 500 * second, forMs: 40 * second, what: 'link' },
      { pc, at: 600 * second, forMs: 835 * second, what: 'mains' },
      { pc, at: 840 * second, forMs: 600 * second, what: 'power' },
    ],
    chapters: [
      {
        at: 0,
        words:
          'Leh, 3,524 m. The room hangs on a satellite: 2 Mbit/s, 700 ms there and back, good for SD video. A small UPS stands under the table.',
      },
      { at: 100 * second, words: 'Somebody clears the table and pulls the cable of the microphone.' },
      { at: 160 * second, words: 'Snow on the dish: one packet in four is lost, and the link carries not even sound.' },
      { at: 420 * second, words: 'The dish is swept.' },
      { at: 500 * second, words: 'More snow: the link is gone.' },
      { at: 540 * second, words: 'Swept again. What the room said meanwhile waited in its spool and arrives now.' },
      { at: 600 * second, words: 'Power cut. The PC runs on its UPS, and says so.' },
      { at: 840 * second, words: 'The UPS is empty. With its last gasp the PC told the centre why it goes.' },
      { at: 1_440 * second, words: 'The power is back. The PC boots with the spool it had, and tells how it ended.' },
      { at: 1_590 * second, words: 'The technician plugs the microphone in again.' },
    ],
    // Printed when the server shows the room as ready, but not before this time.
    ending: { at: 1_440 * second, words: 'The room is ready for the next meeting.' },
  };
}

/** Returns a function that describes what is new in the incidents since the last call. */
export function createListener(): (incidents: readonly IncidentView[]) => string[] {
  const said = new Set<string>();
  return (incidents) => {
    const fresh = incidents.flatMap(linesOf).filter((line) => !said.has(line));
    for (const line of fresh) said.add(line);
    return fresh;
  };
}

function linesOf({ id, faults: standing, outage, told, history }: IncidentView): string[] {
  const title = (fault: string) => (Object.hasOwn(faults, fault) ? faults[fault as FaultId].title.en : fault);
  return [
    ...standing.map(({ fault }) => `incident ${id}: ${title(fault)}`),
    ...(outage === null ? [] : [`incident ${id}: ${outageText(outage, 'en')}`]),
    ...standing.flatMap(({ fault, unknownSince }) =>
      unknownSince === null ? [] : [`incident ${id}: "${title(fault)}" is frozen, nobody can say how it stands`],
    ),
    ...history.flatMap(({ kind, conclusion }, at) =>
      conclusion === null ? [] : [`incident ${id}, news ${at + 1} (${kind}): ${conclusion}`],
    ),
    ...told.map(({ person, channel }) => `incident ${id}: ${person} knows of it by ${channel}`),
  ];
}
