/** What a message to a person is made of (PROTOCOL R23); `people/words.ts` makes the text. */
import type { Severity } from '#contracts';
import type { FaultNews, Incident, Transition } from '../records/incidents.ts';
import type { Notice } from '../records/notices.ts';
import type { Place } from '../records/place.ts';

/** What people are told of a transition. */
export function noticeOf(at: {
  transition: Transition;
  incident: Incident;
  place: Place;
  faults: FaultNews[];
  severity: Severity;
}): Notice {
  const { transition, incident, place, faults, severity } = at;
  return {
    kind: transition.kind,
    incident: incident.id,
    severity,
    scope: incident.scope,
    ...place,
    faults,
    at: transition.at,
    flapping: incident.flapping,
    ...(faults.some(({ fault }) => fault === 'pc.silent') && incident.outage && { outage: incident.outage }),
    lines: incident.over === 'closed' && incident.closedBecause !== null ? [incident.closedBecause] : [],
  };
}

/** A notice of the centre's own, past any incident: what the default route bundles, or a word told directly. */
export function centralNotice(at: { kind: 'unfinished' | 'direct'; lines: string[]; place: Place; now: number }): Notice {
  return {
    kind: at.kind,
    incident: null,
    severity: 'major',
    scope: 'centre',
    ...at.place,
    faults: [],
    at: at.now,
    flapping: false,
    lines: at.lines,
  };
}
