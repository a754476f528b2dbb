/** Plays outage stories with real agents and a real server, and collects the named causes during the outage and after it. */
import type { OutageCause, Outage as Verdict } from '@sabha/contracts';
import { randomFrom } from '../random.ts';
import { absenceOf, outageAt } from './absences.ts';
import type { Hand, Story } from './outage-plots.ts';
import { storiesOf } from './outage-stories.ts';
import type { Pc } from './pc.ts';
import { createWorld, type World } from './world.ts';

const minute = 60_000;
/** Longest time in milliseconds until a PC is back online, including a full backoff. */
const returnMs = 7 * minute;
const spreadMs = minute;
/** Number of stories that share one simulation. */
const atOnce = 60;
/** Limit in milliseconds. A story with a longer lead has a separate simulation, so that the other stories do not wait. */
const shortLeadMs = 10 * minute;
/** Limit in milliseconds. A longer outage has a separate simulation too. */
const longMs = 20 * minute;

/** The cause that the server named for one machine of a story. `isTwin` says whether another cause looks the same at that time. */
export type Said = Verdict & { kind: string; when: 'live' | 'after'; truth: OutageCause; isTwin: boolean };

/** Plays the stories of a seed. Returns the cause named for the first machine of each, at the end of the outage and after it. */
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

/** Plays stories in one simulation, each at separate sites. */
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

/** Whether the named cause is right. `pc-off` means that neither power nor line failed, which is also true of a crash without a record. */
export function isRight({ cause, truth }: Judged): boolean {
  return cause === truth || (cause === 'pc-off' && truth === 'crash');
}
