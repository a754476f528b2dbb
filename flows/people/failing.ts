/** What an outcome says of its channel: tried in vain, it fails; refused, it fails for this person, until one is taken again. */
import type { OutboxRow, Outcome } from '../records/notices.ts';

/** This many failures of one message in a row are a failing channel. */
const failingTries = 3;

/** What is to be said of `centre.channel_failing`: of which device (the channel, or the channel to a person), and whether it stands. */
export function failing({ channel, person, tries }: OutboxRow, result: Outcome['result']): { device: string; standing: boolean }[] {
  const forPerson = `${channel} to ${person}`;
  if (result === 'refused') return [{ device: forPerson, standing: true }];
  if (result === 'retry') return tries >= failingTries ? [{ device: channel, standing: true }] : [];
  return [
    { device: channel, standing: false },
    { device: forPerson, standing: false },
  ];
}
