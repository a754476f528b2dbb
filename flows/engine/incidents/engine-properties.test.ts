/** Properties that hold for any sequence of events: random outages, dead PCs, faults and restarts. A failure names the random seed. */
import { expect, it } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { type Random, randomFrom } from '../../../test/random.ts';
import { live, nation, restarted, told } from './nation.test-helper.ts';
import { type EngineStage, fault, minute, ok } from './stage.test-helper.ts';

const plan = { sites: 10, pcs: 2, state: (site: number) => (site < 5 ? 'bihar' : 'goa'), isp: (site: number) => `isp-${site % 3}` };
const broken = { ...fault('camera.missing'), name: 'Logi Rally' };

type EventPlay = {
  stage: EngineStage;
  random: Random;
  pcs: readonly string[];
  away: Set<string>;
  session: number;
  ofEach(site: number): string[];
};

/** Random events: a PC, a site or many PCs go offline; some or all PCs return; cameras break or are repaired. */
const acts: ((play: EventPlay) => void)[] = [
  (play) => leave(play, [play.random.pick(play.pcs)]),
  (play) => leave(play, play.ofEach(play.random.below(plan.sites))),
  (play) => leave(play, play.pcs.slice(play.random.below(6)).slice(0, 8)),
  (play) =>
    arrive(
      play,
      play.pcs.filter(() => play.random.next() < 0.7),
    ),
  (play) => arrive(play, play.pcs),
  ({ stage, random, pcs, away }) => {
    for (const pc of pcs.filter((one) => !away.has(one)).slice(random.below(10))) stage.state([broken], pc);
  },
  ({ stage, random, pcs, away }) => stage.state([ok('camera')], random.pick(pcs.filter((one) => !away.has(one)).concat(pcs[0] ?? ''))),
];

function leave({ stage, away }: EventPlay, pcs: readonly string[]): void {
  for (const pc of pcs.filter((one) => !away.has(one))) {
    away.add(pc);
    stage.lost(pc);
  }
}

function arrive(play: EventPlay, pcs: readonly string[]): void {
  play.session += 1;
  for (const pc of pcs.filter((one) => play.away.delete(one))) play.stage.birth(pc, { session: play.session, apartMs: minute });
}

/** Returns scopes with more than one open incident. */
function twice({ engine }: EngineStage): string[] {
  const open = [...engine.memory.incidents.values()].filter(({ over }) => over === null).map(({ scope }) => scope);
  return open.filter((scope, at) => open.indexOf(scope) !== at);
}

/** Returns scopes whose last message does not report an end. */
function unended(lines: readonly string[]): string[] {
  const standing = new Set<string>();
  for (const line of lines) {
    const [kind = '', scope = ''] = line.split(/ (.*)/);
    if (kind === 'cleared' || kind === 'closed') standing.delete(scope);
    else standing.add(scope);
  }
  return [...standing];
}

it.each(Array.from({ length: ofTier(2, 6) }, (_, at) => at + 1))(
  'R19a, R20 after random events (seed %d) no scope has had two open incidents, and a message has reported the end of every incident',
  (seed) => {
    const random = randomFrom(seed);
    const { stage, known, of } = nation(plan);
    const pcs = known.map(({ pc }) => pc);
    const play: EventPlay = { stage, random, pcs, away: new Set(), session: 1, ofEach: of };
    const lines: string[] = [];
    const there = () => pcs.filter((pc) => !play.away.has(pc));
    for (let turn = 0; turn < 12; turn += 1) {
      random.pick(acts)(play);
      live(play.stage, random.below(6) * minute, there());
      expect(twice(play.stage)).toEqual([]);
      if (turn === 5) {
        lines.push(...told(play.stage));
        play.stage = restarted(play.stage, known);
        play.session += 1;
        for (const pc of there()) play.stage.birth(pc, { session: play.session });
      }
    }
    arrive(play, pcs);
    for (const pc of pcs) play.stage.state([ok('camera')], pc);
    live(play.stage, 75 * minute, pcs);
    const open = [...play.stage.engine.memory.incidents.values()].filter(({ over }) => over === null);
    expect([open.map(({ scope }) => scope), unended([...lines, ...told(play.stage)])]).toEqual([[], []]);
  },
);
