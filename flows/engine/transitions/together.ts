/** Several steps of an incident: those that are one message, and whether they leave people with a fault that is over. */
import { bySeverity } from '@sabha/contracts';
import type { Incident, Timer, Transition } from '../records/incidents.ts';
import { isEnd } from './incident.ts';
import { type Hand, judge } from './offer.ts';
import { faultKey } from './standing.ts';

/** What breaks at once, such as all that hangs on one hub, a PC says in two states, which are at most this far apart. */
const momentMs = 2_000;

/** One transition that tells of all of these. */
export function together([first, ...others]: [Transition, ...Transition[]]): Transition {
  const all = [first, ...others];
  const about = new Map(all.flatMap((one) => one.about).map((one) => [faultKey(one.fault, one.device), one]));
  const [severity = first.severity] = all.map((one) => one.severity).sort(bySeverity);
  const kind = all.some((one) => one.kind === 'raised') ? 'raised' : first.kind;
  const was = first.was ?? { kind: first.kind, at: first.at, about: first.about, severity: first.severity };
  const grew = all.flatMap((one) => one.grew ?? []);
  const news = { kind, at: Math.max(...all.map(({ at }) => at)), about: [...about.values()], severity };
  const whole = { ...first, ...news, ...(grew.length > 0 && { grew }) };
  return others.length > 0 ? { ...whole, was } : whole;
}

/**
 * What is due takes with it what broke in the same moment and would be told a moment later, where the tabs made the same of both.
 * Guarantee: nothing is told more than `momentMs` before its hold is over, and each counts as news of its room (R27).
 */
export function withHeld(
  { memory, options, now }: Hand,
  { transition, timer, incident }: { transition: Transition; timer: Timer; incident: Incident },
): Transition {
  if (!isHeld(transition)) return transition;
  const held = memory.liveOf(incident.id).flatMap((one) => {
    const [own, ...more] = memory.timersOf(one.id);
    if (one.id === transition.id || own === undefined || more.length > 0 || !isHeld(one)) return [];
    const apartMs = Math.max(Math.abs(one.at - transition.at), own.dueAt - timer.dueAt);
    return apartMs <= momentMs && markOf(own) === markOf(timer) && judge(one, incident).next === 'go' ? [{ one, own }] : [];
  });
  for (const { one, own } of held) {
    options.pace.cameNews(incident.scope, now);
    memory.dropTimer(own);
    memory.putTransition({ ...one, state: 'concluded', conclusion: `${one.conclusion}; ${toldTogether}` });
  }
  return together([transition, ...held.map(({ one }) => one)]);
}

const toldTogether = 'told with what broke in the same moment';

/** News that waits for its hold, and that nobody was told of. */
function isHeld(one: Transition): boolean {
  return !isEnd(one) && one.state === 'waiting' && one.sent.length === 0 && one.again === undefined;
}

/** Two timers with one mark wait at one node, for the same to be done. */
function markOf({ node, unlessAcknowledged, message: { severity, to, hours } }: Timer): string {
  return JSON.stringify([node, unlessAcknowledged, severity, to, hours ?? null]);
}

/** People were told of a fault in these steps of an incident, and nothing told them, or is on its way to tell them, that it is over. */
export function owesAnEnd(steps: readonly Transition[]): boolean {
  const known = new Set<string>();
  for (const one of steps) {
    const keys = one.about.map(({ fault, device }) => faultKey(fault, device));
    if (isEnd(one) && (one.sent.length > 0 || one.state !== 'concluded')) for (const key of keys) known.delete(key);
    if (!isEnd(one) && one.sent.length > 0) for (const key of keys) known.add(key);
  }
  return known.size > 0;
}
