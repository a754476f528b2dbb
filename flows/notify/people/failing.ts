/** What an outcome says of its channel: tried in vain, it fails; refused, it fails for this person; where only the console is left, nothing reaches this person; locked, it lets us not in; until one is taken again. */
import type { OutboxRow, SendOutcome } from '../../engine/records/notices.ts';
import { lastChannel } from './channels/channels.ts';

/** This many failures of one message in a row are a failing channel. */
const failingTries = 3;

/** A fault of a channel, and whether it stands. */
type Finding = { fault: 'centre.channel_failing' | 'centre.channel_login'; device: string; standing: boolean; reason?: string };

/** What refuses our login where a message was locked out: the channel, or what one person joined it with. */
export function loginOf({ channel, person }: Pick<OutboxRow, 'channel' | 'person'>, joined = false): string {
  return joined ? `${channel} to ${person}` : channel;
}

/**
 * What is to be said of which device: the channel, or the channel to a person. On one that persons join by themselves (`joined`) a refusal is no
 * fault, since a phone that is off, or left, is nothing that central could mend, and a lock is that of the person's own devices.
 */
export function failing(row: OutboxRow, outcome: SendOutcome, joined = false): Finding[] {
  const { channel, person, tries, lost = false } = row;
  const { result } = outcome;
  const fails = (device: string, standing: boolean): Finding => ({ fault: 'centre.channel_failing', device, standing });
  const forPerson = `${channel} to ${person}`;
  const locked = loginOf(row, joined);
  if (result === 'locked') return [{ fault: 'centre.channel_login', device: locked, standing: true, reason: outcome.reason }];
  if (result === 'refused') return joined ? [] : [fails(forPerson, true)];
  if (result === 'retry') return tries >= failingTries ? [fails(channel, true)] : [];
  const works: Finding[] = [fails(channel, false), { fault: 'centre.channel_login', device: locked, standing: false }];
  // Taken is not arrived: what did not reach the person last time may not now.
  if (result === 'accepted') return works;
  // The console takes everything, and reaches nobody who is elsewhere.
  const isReached = channel !== lastChannel;
  const found = isReached || lost ? [fails(`nothing reaches ${person}`, !isReached)] : [];
  return [...works, fails(forPerson, false), ...found];
}
