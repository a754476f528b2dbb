/** What the node *when* does to a message of the wires, as a pure function: it goes on, more urgent or in a digest, or waits. */
import { meetingComponents } from '@sabha/contracts';
import type { Act, HoursFields, WireMessage } from '../../engine/records/incidents.ts';
import type { Moment } from './when.ts';

/** `go`: on to who is told. Else it waits, for what stands in `how`. In both cases the message is changed: its severity, `hours` and acts. */
export type HoursAnswer = { go: boolean; how: string };

/** Without a meeting or an hour to wait for, a fault that was told is looked at again after this time: meetings are imported day by day. */
const lookAgainMs = 24 * 3_600_000;
const dayWords = {
  until: 'critical until the meeting is over',
  waits: 'waits for the morning',
  back: 'waits for the opening of the office',
  told: 'told; looked at again before a meeting',
};

/** Judges a message at a moment. `node` = the node that goes on when the time has come. */
export function actByHours(message: WireMessage, moment: Moment, { node, now }: { node: string; now: number }): HoursAnswer {
  if (message.transition.kind !== 'raised' && message.transition.kind !== 'worsened') return { go: true, how: '' };
  const before = message.hours;
  if (before?.was !== undefined) message.severity = before.was;
  if ((moment.is === 'meeting' || moment.is === 'soon') && countsInMeeting(message)) return urgent(message, moment, { node, now });
  // What is told and has not become urgent is not told again; after a meeting it goes its usual way anew.
  if (before?.waits === 'told') return wait(message, { node, dueAt: lookAt(moment, now), hours: { waits: 'told' } }, dayWords.told);
  if (isSwitchedOff(message, moment) && moment.backAt > now) return wait(message, until(moment, moment.backAt, node), dayWords.back);
  if (moment.digestAt > now) return wait(message, until(moment, moment.digestAt, node), dayWords.waits);
  return usual(message, moment, { node, now });
}

/** At once and critical, until the meeting is over; people of the higher levels are told as from now. */
function urgent(message: WireMessage, { meeting, lookAt: ends }: Moment, { node, now }: { node: string; now: number }): HoursAnswer {
  const was = message.severity;
  const { waits } = message.hours ?? {};
  const dueAt = Math.max(ends ?? now, now + 1);
  // What was critical before the meeting goes no usual way anew after it: it waits for the next one.
  addWait(message, { node, dueAt, hours: was === 'critical' ? { waits: 'told' } : { waits: 'meeting', was } });
  message.severity = 'critical';
  if (waits === 'meeting') return { go: false, how: dayWords.until };
  message.hours = {
    ...(waits !== undefined && { countsFrom: now }),
    ...(waits === 'told' && was === 'critical' && { known: true }),
    ...(meeting && { meeting: { at: meeting.from, title: meeting.title } }),
  };
  return { go: true, how: '' };
}

/** By day: as always, in the digest where it has waited; and it is looked at again when a meeting comes near. */
function usual(message: WireMessage, moment: Moment, { node, now }: { node: string; now: number }): HoursAnswer {
  const { waits } = message.hours ?? {};
  // What is told once more as critical is reminded of by the step that told it first.
  const isRepeated = message.severity === 'critical' && message.transition.again !== undefined;
  if (countsInMeeting(message) && moment.lookAt !== null && !isRepeated) {
    addWait(message, { node, dueAt: lookAt(moment, now), hours: { waits: 'told' } });
  }
  if (waits === undefined) return { go: true, how: '' };
  message.hours = { countsFrom: now, ...(waits === 'held' && { digest: true }) };
  return { go: true, how: '' };
}

function until(moment: Moment, at: number, node: string): Waiting {
  return { node, dueAt: Math.min(at, moment.lookAt ?? at), hours: { waits: 'held' } };
}

type Waiting = { node: string; dueAt: number; hours: HoursFields };

function wait(message: WireMessage, waiting: Waiting, how: string): HoursAnswer {
  addWait(message, waiting);
  return { go: false, how };
}

function addWait(message: WireMessage, { node, dueAt, hours }: Waiting): void {
  const { severity, holdMs, to } = message;
  const act: Act = { do: 'wait', node, dueAt, unlessAcknowledged: false, message: { severity, holdMs, to: [...to], hours } };
  message.acts = [...message.acts, act];
}

function lookAt(moment: Moment, now: number): number {
  return Math.max(now + 1, Math.min(moment.lookAt ?? Number.POSITIVE_INFINITY, now + lookAgainMs));
}

/** What a meeting sees, hears or stands on; what only informs is no more urgent for it. */
function countsInMeeting({ severity, faults, fault }: WireMessage): boolean {
  if (severity === 'info') return false;
  const touches = [fault, ...faults].some((id) => meetingParts.includes(id.slice(0, id.indexOf('.'))));
  return severity === 'critical' || severity === 'major' || touches;
}

const meetingParts = [...meetingComponents, 'display', 'pc', 'power', 'path', 'link'];

/** Of the PCs of an office that closes, one by one, the last makes it a site of which none answers. */
const ofOne: ReadonlySet<string> = new Set(['pc.silent', 'outage.site']);
/** Offices that close at one time look like a region that went. */
const ofMany: ReadonlySet<string> = new Set(['outage.link', 'outage.provider', 'outage.state', 'outage.nation', 'centre.plane']);

/**
 * A PC that says goodbye or just goes is switched off with its office; a line that breaks, or a state that is gone, is not. Of many offices
 * that went while most of them close, that they went together says nothing of a line: only what one of them knew does. In the morning it counts
 * when it went: what stood for many is over before the last of them should be there.
 */
function isSwitchedOff({ fault, outage }: WireMessage, { isNearClosing, isClosing, closed }: Moment): boolean {
  const { cause = 'undetermined', from = Number.NaN } = outage ?? {};
  if (cause === 'link-down' || cause === 'crash') return false;
  if (ofMany.has(fault)) return isClosing && cause !== 'power-cut';
  if (!ofOne.has(fault)) return false;
  const isOfNight = closed !== null && from >= closed.from && from < closed.to;
  return isOfNight || (isNearClosing && cause !== 'upstream');
}
