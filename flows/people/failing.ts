/** What an outcome says of its channel: tried in vain, it fails; refused, it fails for this person; locked, it lets us not in; until one is taken again. */
import type { OutboxRow, SendOutcome } from '../records/notices.ts';

/** This many failures of one message in a row are a failing channel. */
const failingTries = 3;

/** A fault of a channel, and whether it stands. */
type Finding = { fault: 'centre.channel_failing' | 'centre.channel_login'; device: string; standing: boolean; reason?: string };

/** What is to be said of which device: the channel, or the channel to a person. */
export function failing({ channel, person, tries }: OutboxRow, outcome: SendOutcome): Finding[] {
  const { result } = outcome;
  const fails = (device: string, standing: boolean): Finding => ({ fault: 'centre.channel_failing', device, standing });
  const forPerson = `${channel} to ${person}`;
  if (result === 'locked') return [{ fault: 'centre.channel_login', device: channel, standing: true, reason: outcome.reason }];
  if (result === 'refused') return [fails(forPerson, true)];
  if (result === 'retry') return tries >= failingTries ? [fails(channel, true)] : [];
  const works: Finding[] = [fails(channel, false), { fault: 'centre.channel_login', device: channel, standing: false }];
  // Taken is not arrived: what did not reach the person last time may not now.
  return result === 'accepted' ? works : [...works, fails(forPerson, false)];
}
