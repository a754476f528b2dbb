/**
 * All stored times must follow the clock: R29 (clock of the server). Two servers get the same input; the clock of one is set repeatedly.
 * Both must write the same at the same moments. Otherwise a part that stores times is missing from `followers` of the engine.
 */
import { expect, it } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { type Random, randomFrom } from '../../../test/random.ts';
import type { Op } from '../records/ops.ts';
import {
  createStage,
  type EngineStage,
  fault,
  holdFirst,
  hour,
  minute,
  ok,
  type Path,
  second,
  tellTechnician,
} from './stage.test-helper.ts';

const pcs = ['a', 'b', 'c', 'd'].map((site) => `la/${site}/room-1`);
const known = pcs.map((pc) => ({ pc, link: 'fibre', elevationM: 0, alerts: true }) as const);
const faults = ['microphone.missing', 'camera.missing', 'speaker.muted', 'microphone.muted', 'x.unheard-of'];

type Twin = { stage: EngineStage; random: Random; pc: string };
type Scene = (twin: Twin) => void;

const paths: Path[] = [tellTechnician, holdFirst, holdFirst, () => 'nothing'];
const live = ({ stage }: Twin, ms: number) => {
  for (let left = ms; left > 0; left -= 20 * second) {
    stage.pass(Math.min(left, 20 * second), 5 * second);
    for (const pc of pcs) if (stage.engine.memory.pcs.get(pc)?.presence === 'online') stage.beat(pc);
  }
};
const gap: Scene = (twin) => {
  twin.stage.apply({ type: 'unsubscribed', ...(twin.random.next() < 0.5 && { slow: true as const }) });
  if (twin.random.next() < 0.3) twin.stage.pass(90 * second, 5 * second);
  twin.stage.subscribe();
};
const again = ({ stage, pc }: Twin) => stage.birth(pc, { session: (stage.engine.memory.pcs.get(pc)?.session ?? 0) + 1 });
const times =
  (most: number, scene: Scene, ms: number): Scene =>
  (twin) => {
    for (let left = 1 + twin.random.below(most); left > 0; left -= 1) {
      scene(twin);
      live(twin, twin.random.below(ms));
    }
  };

/** Random kinds of events; each leaves times in memory for a while. */
const scenes: Record<string, Scene> = {
  rest: (twin) => live(twin, twin.random.below(20 * minute)),
  state: ({ stage, pc, random }) => stage.state([random.pick([ok('camera'), fault(random.pick(faults))]), ok('microphone')], pc),
  flapping: times(14, ({ stage, pc, random }) => stage.state([random.pick([ok('camera'), fault(random.pick(faults))])], pc), minute),
  dropping: times(
    4,
    (twin) => {
      twin.stage.lost(twin.pc);
      twin.stage.pass(5 * second);
      again(twin);
    },
    2 * minute,
  ),
  away: (twin) => {
    twin.stage.lost(twin.pc);
    live(twin, twin.random.below(4 * minute));
    again(twin);
  },
  unreadable: times(4, ({ stage, pc }) => stage.apply({ type: 'unreadable', pc, leaf: 'state' }), 15 * second),
  asked: times(3, ({ stage, pc }) => stage.apply({ type: 'beat', pc, session: 1, digest: 'x' }), 15 * second),
  gaps: times(4, gap, 3 * minute),
  hung: times(
    3,
    ({ stage }) => {
      for (let seconds = 0; seconds < 12; seconds += 1) stage.apply({ type: 'tick', hung: true });
    },
    15 * second,
  ),
  noisy: ({ stage, pc, random }) => stage.apply({ type: 'noisy', of: pc, what: random.pick(['words', 'events', 'spools']) }),
  unexpected: (twin) => {
    const { stage, pc } = twin;
    stage.setKnown(known.map((one) => ({ ...one, alerts: one.pc !== pc })));
    live(twin, twin.random.below(minute));
    stage.setKnown([...known]);
  },
  path: (twin) => twin.stage.setPath(twin.random.pick(paths)),
  channel: ({ stage, random }) =>
    stage.apply({ type: 'centre', fault: 'centre.channel_failing', device: 'email', standing: random.next() < 0.5 }),
};

/** Plays random events, and returns all output. Each line has its time in seconds by a clock that is never set. */
function play(seed: number, isSet: boolean): string[] {
  const random = randomFrom(seed);
  const steps = randomFrom(seed + 1_000);
  const stage = createStage({ known: [...known], at: 10_000 * hour });
  let offsetMs = 0;
  let seen = { ops: 0, offers: 0, asks: 0 };
  const said: string[] = [];
  const concluded = new Set<string>();
  // Setting the clock writes all transitions again, so only the first row of each conclusion counts.
  const isNews = (op: Op) =>
    op.op !== 'transition' || concluded.size < concluded.add(`${op.transition.id} ${op.transition.conclusion}`).size;
  const listen = () => {
    const up = Math.round((stage.now() - offsetMs) / second);
    const fresh = [
      ...stage.ops.slice(seen.ops).filter(isNews).flatMap(wordsOf),
      ...stage.offers
        .slice(seen.offers)
        .map(({ message, node }) => `offer ${message.transition.kind} of ${message.incident.id} to ${node}`),
      ...stage.asks.slice(seen.asks).map(({ pc, want }) => `ask ${pc} for ${want}`),
    ];
    seen = { ops: stage.ops.length, offers: stage.offers.length, asks: stage.asks.length };
    said.push(...fresh.map((words) => `${up} ${words}`));
  };
  const pass = stage.pass.bind(stage);
  stage.pass = (...how) => {
    pass(...how);
    listen();
  };
  const apply: Scene[] = Object.values(scenes);
  stage.subscribe();
  for (const pc of pcs) {
    stage.birth(pc);
    stage.state([ok('camera'), ok('microphone')], pc);
  }
  for (let turn = 0; turn < 60; turn += 1) {
    const byMs = steps.below(10 * hour) - 5 * hour;
    if (isSet && steps.next() < 0.7) {
      stage.setClock(byMs);
      offsetMs += byMs;
    }
    const twin = { stage, random, pc: random.pick(pcs) };
    random.pick(apply)(twin);
    listen();
    live(twin, random.below(3 * minute));
  }
  return said;
}

function wordsOf(op: Op): string[] {
  if (op.op === 'outbox') return [`tell ${op.row.notice.kind} ${op.row.notice.scope} ${op.row.notice.lines}`];
  if (op.op === 'change') return [`${op.pc} ${op.component} ${op.status}`];
  if (op.op === 'transition' && op.transition.state === 'concluded') return [`concluded ${op.transition.kind} ${op.transition.conclusion}`];
  return op.op === 'audit' || op.op === 'step' ? [`audit ${op.who} ${op.what} ${op.about}`] : [];
}

for (let seed = 1; seed <= ofTier(2, 12); seed += 1) {
  it(`R29 a server whose clock is set repeatedly has the same output as a server with a steady clock: seed ${seed}`, () => {
    expect(play(seed, true)).toEqual(play(seed, false));
  });
}
