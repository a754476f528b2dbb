/** Explains why people were notified of an incident or not. It reads only the ledger, so a later change of the tabs does not matter. */
import { fillIn, type IncidentReasons, type Language, pathOfScope, vocabularyIn, wordFor } from '@sabha/contracts';
import type { Transition } from '../engine/records/incidents.ts';
import type { Ledger, PastIncidents, SentRow } from '../engine/records/ops.ts';
import { vocabularyOf } from '../notify/people/channels/channels.ts';

export type Reasons = (incident: number) => Promise<IncidentReasons | undefined>;

type ReasonStep = IncidentReasons['steps'][number];

/** Reads the reasons from the ledger. `nameOf`: name of the person of an id. */
export function createReasonsReader(ledger: Pick<Ledger, 'past'>, nameOf: (person: string) => string): Reasons {
  return async (id) => {
    const page = await ledger.past({ since: 0, after: id - 1, most: 1 });
    if (page.last !== id) return undefined;
    const { incidents, transitions, sent } = JSON.parse(page.json) as PastIncidents;
    const [incident] = incidents;
    const scope = incident?.scope ?? '';
    const deeds = incident?.deeds ?? [];
    const taken = deeds.filter(({ did }, at) => (did === 'acknowledged' || did === 'taken-over') && deeds[at + 1]?.did !== 'withdrawn');
    return {
      incident: id,
      scope,
      path: incident?.spread?.path ?? pathOfScope(scope),
      parent: incident?.parent ?? null,
      acknowledged: taken.map(({ at, by }) => ({ at, by })),
      steps: transitions.map((one) => stepOf(one, sent, nameOf)),
    };
  };
}

function stepOf(
  { id, at, kind, about, severity, conclusion, grew = [], passes = [] }: Transition,
  all: readonly SentRow[],
  nameOf: (person: string) => string,
): ReasonStep {
  // The key of an outbox row contains transition, channel and person.
  const sent = all.flatMap(({ key, createdAt }) => {
    const [transition, channel = '', person = ''] = key.split('/');
    return transition === `${id}` ? [{ channel, person, at: createdAt }] : [];
  });
  const faults = [...new Set(about.map(({ fault }) => fault))];
  /** Returns a sentence with the persons notified of the transition, or the reason why nobody was. `explain` and the wall show it. */
  const sentence = (language: Language) => {
    const { why } = vocabularyIn(language);
    const channels = vocabularyOf(language).channel;
    const one = ({ person, channel }: ReasonStep['sent'][number]) => `${nameOf(person)} (${channels[channel] ?? channel})`;
    if (sent.length > 0) return fillIn(why.told, { list: [...new Set(sent.map(one))].join(', ') });
    if (conclusion === null) return why.onItsWay;
    // The last part of a conclusion is its final result.
    const last = wordFor(language, 'conclusion', conclusion) ?? conclusion.split('; ').at(-1) ?? '';
    return fillIn(why.nobody, { why: wordFor(language, 'conclusion', last) ?? last });
  };
  const said = (language: Language) => {
    const grown = grew.length > 0 ? `${fillIn(vocabularyIn(language).why.grew, { n: grew.length })} ` : '';
    return grown + sentence(language);
  };
  return { at, kind, faults, severity, conclusion, passes, sent, said: { en: said('en'), hi: said('hi') } };
}
