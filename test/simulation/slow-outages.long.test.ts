// @module-tag long
/** Tests slow outages of a region: site after site loses line or power, and each person receives few messages. */

import type { Person } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { ofTier } from '../figures.ts';
import { type Random, randomFrom } from '../random.ts';
import { type LightNation, startLightNation } from './light-nation.ts';
import { minute } from './scene.ts';

/** An outage of `lost` of the `of` sites of each state. With `battery` they first run on battery, all at once or one by one. */
type Story = {
  states: readonly string[];
  of: number;
  lost: number;
  withinMinutes: number;
  seed: number;
  battery?: 'at once' | 'one by one';
  order: 'even' | 'random';
  backWithinMinutes?: number;
};

const elsewhere = 'assam';
const offices = 736;

function peopleOf(states: readonly string[]): Person[] {
  const person = (id: string, role: Person['role'], scope: string): Person => ({
    ...{ id, name: id, role, scope, language: 'en', email: `${id}@office.test`, webhook: false, addresses: {} },
  });
  const ofStates = states.flatMap((state) => [person(`tech-${state}`, 'technician', state), person(`engineer-${state}`, 'state', state)]);
  return [...ofStates, person('central', 'central', '')];
}

/** Plays a story. Returns the most mails to a person of each role. */
async function play(story: Story): Promise<{ nation: LightNation; most: Record<string, number> }> {
  const { states, of, withinMinutes, seed } = story;
  const own = states.flatMap((state) =>
    Array.from({ length: of }, (_, at) => ({ path: `${state}/site-${at}`, pcs: at % 3 === 2 ? 2 : 1 })),
  );
  const others = Array.from({ length: offices - own.length }, (_, at) => ({ path: `${elsewhere}-${at % 20}/site-${at}` }));
  const all = new Set([...own, ...others].map(({ path }) => path.slice(0, path.indexOf('/'))));
  const nation = await startLightNation({ sites: [...own, ...others], people: peopleOf([...all]), seed, busyTickMs: 5_000 });
  await nation.pass(5 * minute);
  const random = randomFrom(seed);
  for (const state of states) plan(nation, story, { random, sites: own.flatMap(({ path }) => (path.startsWith(`${state}/`) ? path : [])) });
  await nation.pass((withinMinutes + 160) * minute);
  const most: Record<string, number> = { tech: 0, engineer: 0, central: 0 };
  for (const [person, list] of Map.groupBy(mailsOf(nation), (one) => one.person)) {
    const role = person.split('-')[0] ?? '';
    most[role] = Math.max(most[role] ?? 0, list.length);
  }
  return { nation, most };
}

/** Plans the losses, each after its battery, and the return of all sites. */
function plan(nation: LightNation, story: Story, { random, sites }: { random: Random; sites: string[] }): void {
  const { lost, withinMinutes, battery, order, backWithinMinutes = 15 } = story;
  const spanMs = withinMinutes * minute;
  const power = (path: string, fault: string | null) => {
    for (const pc of nation.at(path)) nation.device(pc, { component: 'power', fault });
  };
  for (const [at, path] of random.shuffle(sites).slice(0, lost).entries()) {
    const goesMs = order === 'even' ? (at * spanMs) / lost : random.next() * spanMs;
    const lastsMs = battery === undefined ? 0 : (4 + random.next() * 20) * minute;
    const mainsGoMs = battery === 'at once' ? random.next() * 3_000 : goesMs;
    if (battery !== undefined) nation.time.later(mainsGoMs, () => power(path, 'power.on_battery'));
    nation.time.later(goesMs + lastsMs, () => nation.powerOff(nation.at(path)));
    nation.time.later(spanMs + (40 + random.next() * backWithinMinutes) * minute, () => {
      power(path, null);
      nation.comeBack(nation.at(path));
    });
  }
}

function mailsOf({ deliveries }: LightNation): LightNation['deliveries'] {
  return deliveries.filter(({ channel }) => channel === 'email');
}

const powers = ['at once', 'one by one', undefined] as const;
const orders = ['even', 'random'] as const;

async function judge(story: Story): Promise<void> {
  const { nation, most } = await play(story);
  const mails = mailsOf(nation);
  const told = mails.map(({ at, person, subject }) => `${Math.round(at / minute)} min, ${person}: ${subject}`).join('\n');
  expect(most['tech'], told).toBeLessThanOrEqual(2);
  expect(most['engineer'], told).toBeLessThanOrEqual(4);
  expect(most['central'], told).toBeLessThanOrEqual(4);
  for (const state of story.states) {
    const own = mails.filter(({ person }) => person === `engineer-${state}`).map(({ subject }) => subject);
    expect([own[0], own.at(-1)], told).toEqual([expect.stringMatching(/: (Critical|Major): /), expect.stringMatching(/: Cleared: /)]);
  }
}

const title = 'at most 2 messages to a technician, 4 to the state and 4 to central';

const durations = [2, 5, 15, 20, 30, 60];

describe.each(durations)('R19 40 of 50 sites of a state that are lost within %i min', (withinMinutes) => {
  const isPlayed = (at: number) => (at + durations.indexOf(withinMinutes)) % ofTier(3, 2, 1) === 0;
  const all = powers.flatMap((battery) => orders.map((order) => [battery ?? 'no', order, battery] as const));
  // The nightly run plays all rows. Other runs play some of the rows, different ones for each duration.
  const rows = all.filter((_, at) => isPlayed(at));
  test.each(rows)(`are ${title}: %s batteries, %s`, async (_, order, battery) => {
    const story = { states: ['bihar'], of: 50, lost: 40, withinMinutes, seed: 100 + withinMinutes, order };
    await judge({ ...story, ...(battery && { battery }) });
  });
});

test.each([
  [30, 'random'],
  [60, 'even'],
  [60, 'random'],
  [90, 'random'],
] as const)(`R19 40 of 50 sites of a state that come back one by one within %i min are ${title}: %s`, async (backWithinMinutes, order) => {
  await judge({ states: ['bihar'], of: 50, lost: 40, withinMinutes: 5, seed: 5_000 + backWithinMinutes, order, backWithinMinutes });
});
