/** Stories of outages, played by real agents and a real centre, and what was said of each: while it lasted, and after the return. */
import type { OutageCause, Outage as Verdict } from '@sabha/contracts';
import { randomFrom } from '../random.ts';
import { absenceOf, outageAt } from './absences.ts';
import type { Hand, Story } from './outage-plots.ts';
import { storiesOf } from './outage-stories.ts';
import type { Pc } from './pc.ts';
import { createWorld, type World } from './world.ts';

const minute = 60_000;
/** Who waits for the line for long is back in this time. */
const returnMs = 7 * minute;
const spreadMs = minute;
/** So many are played in one world. */
const atOnce = 60;
/** What happens more than this before an outage is played in a world of its own, so that the others need not wait. */
const shortLeadMs = 10 * minute;
/** What lasts longer has one too. */
const longMs = 20 * minute;

/** What was said of one machine of a story, and whether another cause looks the same at that time. */
export type Said = Verdict & { kind: string; when: 'live' | 'after'; truth: OutageCause; isTwin: boolean };

/** Plays the stories of a seed; of each is told what was said of its first machine at the end, and after it. */
export async function playStories(seed: number, count: number, progress: (done: number) => void = () => {}): Promise<Said[]> {
  const all = storiesOf(randomFrom(seed), count);
  const isLong = ({ lastsMs }: Story) => lastsMs > longMs;
  const [soon, late] = [(one: Story) => one.leadMs <= shortLeadMs, (one: Story) => one.leadMs > shortLeadMs].map((is) =>
    all.filter((one) => is(one) && !isLong(one)),
  );
  const said: Said[] = [];
  let done = 0;
  for (const stories of [soon, late, all.filter(isLong)].flatMap((of = []) => batches(of))) {
    said.push(...(await play(seed + done, stories)));
    done += stories.length;
    progress(done);
  }
  return said;
}

function batches(stories: readonly Story[]): Story[][] {
  return Array.from({ length: Math.ceil(stories.length / atOnce) }, (_, at) => stories.slice(at * atOnce, (at + 1) * atOnce));
}

/** Plays each at sites of its own. */
async function play(seed: number, stories: readonly Story[]): Promise<Said[]> {
  const world = createWorld({ seed, further: stories.flatMap(({ sites }) => sites) });
  world.boot();
  await world.pass(3 * minute);
  const startMs = world.time.now() + Math.max(...stories.map(({ leadMs }) => leadMs));
  const said: Said[] = [];
  const hands = new Map(stories.map((story) => [story, handOf(world, story)]));
  const asked = (story: Story) => (story.hit ?? ((sites) => sites.flat()))(hands.get(story)?.sites ?? []).slice(0, 1);
  for (const [story, hand] of hands) {
    const at = startMs + world.random.next() * spreadMs;
    const then = (when: number, act: () => void) => world.time.later(when - world.time.now(), act);
    const ask = () => said.push(...asked(story).flatMap((pc) => live(world, story, pc)));
    then(at - story.leadMs, () => story.lead?.(hand));
    then(at, () => story.begin(hand));
    then(at + story.lastsMs - 1, ask);
    then(at + story.lastsMs, () => story.end(hand));
  }
  const longestMs = Math.max(...stories.map(({ lastsMs }) => lastsMs));
  await world.pass(startMs + spreadMs + longestMs + returnMs - world.time.now());
  return [...said, ...stories.flatMap((story) => asked(story).flatMap((pc) => after(world, story, pc)))];
}

function handOf(world: World, { sites }: Story): Hand {
  const pcs = (path: string): Pc[] => world.pcs.filter((pc) => pc.path.startsWith(`${path}/`));
  return { time: world.time, random: world.random, sites: sites.map(({ path }) => pcs(path)), supplies: sites.map(({ supply }) => supply) };
}

function live(world: World, { kind, truth, isTwin }: Story, { path }: Pc): Said[] {
  const outage = outageAt(world, path);
  return outage === null ? [] : [{ kind, when: 'live', cause: outage.cause, confidence: outage.confidence, truth, isTwin: isTwin.live }];
}

function after(world: World, { kind, truth, isTwin }: Story, { path }: Pc): Said[] {
  const absence = absenceOf(world, path);
  if (absence === null || absence.to === null) return [];
  return [{ kind, when: 'after', cause: absence.cause, confidence: absence.confidence, truth, isTwin: isTwin.after }];
}

type Judged = Verdict & { truth: OutageCause };

/** `This PC alone` says that neither power nor line of the site failed: that is true of a crash too, which often nobody writes down. */
export function isRight({ cause, truth }: Judged): boolean {
  return cause === truth || (cause === 'pc-off' && truth === 'crash');
}
