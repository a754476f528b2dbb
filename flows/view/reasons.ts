/** Why people were told of an incident, or not: from the ledger, so that it is known of one that is long over, and whatever the tabs are by now. */
import type { IncidentReasons } from '#contracts';
import type { Transition } from '../records/incidents.ts';
import type { Ledger } from '../records/ops.ts';
import type { Past, Sent } from '../records/past.ts';

/** The reasons of an incident; undefined where there is none of this number. */
export type Reasons = (incident: number) => Promise<IncidentReasons | undefined>;

/** Reads them from the ledger. */
export function createReasons(ledger: Pick<Ledger, 'past'>): Reasons {
  return async (id) => {
    const page = await ledger.past({ since: 0, after: id - 1, most: 1 });
    if (page.last !== id) return undefined;
    const { incidents, transitions, sent, acknowledged } = JSON.parse(page.json) as Past;
    const [incident] = incidents;
    return {
      incident: id,
      scope: incident?.scope ?? '',
      parent: incident?.parent ?? null,
      acknowledged: acknowledged.map(({ at, by }) => ({ at, by })),
      steps: transitions.map((one) => stepOf(one, sent)),
    };
  };
}

function stepOf(
  { id, at, kind, about, severity, conclusion, passes = [] }: Transition,
  sent: readonly Sent[],
): IncidentReasons['steps'][number] {
  const own = sent.filter(({ key }) => key.startsWith(`${id}/`));
  const faults = [...new Set(about.map(({ fault }) => fault))];
  return { at, kind, faults, severity, conclusion, passes, sent: own.map(sentOf) };
}

/** The key of the outbox names transition, channel and person. */
function sentOf({ key, createdAt: at }: Sent): IncidentReasons['steps'][number]['sent'][number] {
  const [, channel = '', person = ''] = key.split('/');
  return { channel, person, at };
}
