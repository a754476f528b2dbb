/** What edited tabs would have told, beside what the tabs that run would have. */
import { isPcPath, type TabsTrial } from '@sabha/contracts';
import type { Played, Told } from './run.ts';
import type { About } from './worker.ts';

/** Two replays of one past; `sent`: the keys that were really written down in the span. */
export type Compared = {
  before: Played;
  after: Played;
  sent: readonly string[];
  about: readonly About[];
  span: { from: number; to: number };
};

/** Longest lists of a report; what is beyond is counted. */
const listedAtMost = 200;

/** Compares message by message; what came before the span only led to it, and is not counted. */
export function compare({ before, after, sent, about, span }: Compared): TabsTrial {
  const within = ({ told }: Played) => told.filter(({ at }) => at >= span.from && at <= span.to);
  const [old, fresh] = [within(before), within(after)];
  const [oldKeys, freshKeys] = [keysOf(old), keysOf(fresh)];
  const more = fresh.filter(({ key }) => !oldKeys.has(key));
  const fewer = old.filter(({ key }) => !freshKeys.has(key));
  const facts = new Map(about.map((one) => [one.id, one]));
  const [firstOld, firstFresh] = [firstTold(old), firstTold(fresh)];
  const missed = [...firstOld].filter(([id]) => !firstFresh.has(id));
  const later = [...firstOld].flatMap(([id, at]) => {
    const byMs = (firstFresh.get(id) ?? at) - at;
    return byMs >= noticeableMs ? [{ id, at, byMs }] : [];
  });
  return {
    ...span,
    steps: after.steps,
    log: { sent: sent.length, reproduced: sent.filter((key) => oldKeys.has(key)).length },
    before: messagesIn(old),
    after: messagesIn(fresh),
    more: more.length,
    fewer: fewer.length,
    people: peopleOf(more, fewer),
    missedCount: missed.length,
    missed: missed.slice(0, listedAtMost).map(([id, at]) => named(facts.get(id), { id, at })),
    laterCount: later.length,
    later: later.slice(0, listedAtMost).map(({ id, at, byMs }) => ({ ...named(facts.get(id), { id, at }), byMs })),
    unfinished: after.unfinished,
  };
}

/** The engine looks at what waits each second: less is no difference. */
const noticeableMs = 2_000;

function keysOf(told: readonly Told[]): Set<string> {
  return new Set(told.map(({ key }) => key));
}

/** What waits for the morning goes out as one message a person. */
function messagesIn(told: readonly Told[]): number {
  return new Set(told.map((one) => (one.digest ? `${one.channel} ${one.person} ${Math.round(one.at / 60_000)}` : one.key))).size;
}

/** When people were first told of each incident. */
function firstTold(told: readonly Told[]): Map<number, number> {
  const first = new Map<number, number>();
  for (const { incident, kind, at } of told) {
    if (incident === null || (kind !== 'raised' && kind !== 'worsened')) continue;
    first.set(incident, Math.min(first.get(incident) ?? at, at));
  }
  return first;
}

function peopleOf(more: readonly Told[], fewer: readonly Told[]): TabsTrial['people'] {
  const persons = [...new Set([...more, ...fewer].map(({ person }) => person))].toSorted();
  const countOf = (told: readonly Told[], person: string) => told.filter((one) => one.person === person).length;
  return persons.map((person) => ({ person, more: countOf(more, person), fewer: countOf(fewer, person) }));
}

function named(about: About | undefined, { id, at }: { id: number; at: number }): TabsTrial['missed'][number] {
  const { scope = '', fault = '', place } = about ?? {};
  const names = place === undefined ? [] : [place.site.en, ...(isPcPath(scope) ? [place.room.en] : [])];
  return { incident: id, scope, where: names.join(', ') || scope, fault, at };
}
