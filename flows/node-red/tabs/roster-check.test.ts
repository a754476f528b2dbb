import { realClock } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomFrom } from '../../../test/random.ts';
import type { OfferMessage } from '../../engine/records/incidents.ts';
import { checkRoster, type PlannedMessage } from '../../notify/orders/check.ts';
import { openChannels } from '../../notify/people/channels/channels.ts';
import { createOffers } from '../../notify/people/channels/offered.ts';
import { createRoster, recipientsOf } from '../../notify/people/roster.ts';
import { groupsOfRoom, hoursLater, randomMembers } from '../../notify/roster/roster.test-helper.ts';
import { type Live, startLive, wireMessage } from '../tabs.test-helper.ts';

const scope = 'ladakh/leh/pc-1';
const places = [
  { link: 'fibre', elevationM: 53 },
  { link: 'geo', elevationM: 3_524 },
] as const;
const severities = ['critical', 'major', 'minor'] as const;
/** The wait node after which people are notified, by link class. */
const holds = { fibre: 'faults-hold', geo: 'thin-hold' } as const;
const channels = openChannels({
  settings: {},
  offers: createOffers(),
  log: () => {},
  clock: realClock(),
});

type CheckedMessage = { message: OfferMessage; node: string; tells: PlannedMessage[] };

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => live.stop());

async function expectSame(rosters: number): Promise<void> {
  const kinds = await kindsOf();
  for (let seed = 1; seed <= rosters; seed++) {
    const { checked, told } = await bothOf(kinds, seed);
    expect(told.length, `seed ${seed}`).toBeGreaterThan(0);
    expect(checked, `seed ${seed}`).toEqual(told);
  }
}

test('the roster check names the same persons as the tabs notify, for 100 random rosters', () => expectSame(100));
test('the roster check names the same persons as the tabs notify, for 10,000 random rosters', { tags: ['long'] }, () => expectSame(10_000));

/** Returns the decisions of the tabs for each kind of fault. */
async function kindsOf(): Promise<CheckedMessage[]> {
  const kinds: CheckedMessage[] = [];
  for (const place of places)
    for (const severity of severities) {
      const message = wireMessage({ severity }, { ...place, scope, state: 'ladakh', site: 'ladakh/leh', severity });
      const { notifications: tells } = await live.explainer.explain(message, live.red.watch);
      kinds.push({ message, node: holds[place.link], tells });
    }
  return kinds;
}

/** Returns for one random roster and hour the persons that the check names, and those whom the tabs notify. */
async function bothOf(kinds: readonly CheckedMessage[], seed: number): Promise<{ checked: string[]; told: string[] }> {
  const random = randomFrom(seed);
  const roster = createRoster([], groupsOfRoom);
  roster.use(randomMembers(random));
  const { message, node, tells } = random.pick(kinds);
  const from = hoursLater(random.below(14 * 24));
  const found = await checkRoster({ book: roster.book(), places: [{ scope, tells }], channels, from, hours: 1 });
  const span = found.places[0]?.spans[0];
  const at = from + Math.min(...tells.map(({ afterMs }) => afterMs));
  const checked = span === undefined ? [] : span.persons.length > 0 ? span.persons : roster.central(at).map(({ id }) => id);
  const [end] = await live.offer([{ message, node }]);
  const { recipients } = recipientsOf({ roster, channels, log: { warn() {} } });
  const acts = end?.message.acts ?? [];
  const told = acts.flatMap((act) => (act.do === 'deliver' ? recipients(act.to, act.channel, { scope, now: at, knew: [] }) : []));
  return { checked: checked.sort(), told: [...new Set(told.map(({ person }) => person))].sort() };
}
