/** Outages of six kinds, as scripts for the PCs of one site (or of a state): what happens, what the truth is, and how it ends. */
import type { OutageCause } from '@sabha/contracts';
import type { Random } from '../random.ts';
import type { Pc } from './pc.ts';
import type { Time } from './time.ts';
import type { FurtherSite } from './world.ts';

const second = 1_000;
const minute = 60 * second;

type Kind = 'intended' | 'power cut with a UPS' | 'power cut without one' | 'link down' | 'this PC alone' | 'upstream';

export type Outage = {
  kind: Kind;
  /** Which of its shapes. */
  how: string;
  pcs: Pc[];
  /** What the label after the return is to be. */
  truth: OutageCause;
  /** The centre has a battery's word, so that it may say `power-cut` before the return. */
  canKnow: boolean;
  begin(): void;
  end(): void;
};

type Hand = { time: Time; random: Random; pcs: Pc[] };

/** To each PC, at a time of its own within `withinMs`. */
function each({ time, random, pcs }: Hand, act: (pc: Pc) => void, withinMs = 0): () => void {
  return () => {
    for (const pc of pcs) time.later(random.next() * withinMs, () => act(pc));
  };
}

/** In order: with a goodbye, by the power button of the system or for the night. */
export function intended(hand: Hand): Outage {
  const { pcs, random } = hand;
  const reason = random.pick(['shutdown', 'stopped', 'restart', 'update']);
  return {
    kind: 'intended',
    how: reason,
    pcs,
    truth: 'intended',
    canKnow: false,
    begin: each(hand, (pc) => pc.stop(reason), 20 * second),
    end: each(hand, (pc) => pc.start({ reboot: reason !== 'update' }), 30 * second),
  };
}

/** Each PC says that it runs on battery, gasps, and is gone; or one of them has a UPS and the others go at once. */
export function powerCutWithUps(hand: Hand): Outage {
  const { pcs, time, random } = hand;
  const [first, ...others] = pcs as [Pc, ...Pc[]];
  const all = random.next() < 0.5;
  const lastsMs = (3 + 10 * random.next()) * minute;
  const gasps = random.next() < 0.7;
  function runDown(pc: Pc): void {
    pc.power({ onMains: false, runtimeMs: lastsMs });
    time.later(lastsMs - minute, () => pc.power({ runtimeMs: gasps ? minute : lastsMs }));
    time.later(lastsMs, () => pc.kill({ power: true }));
  }
  return {
    ...{
      kind: 'power cut with a UPS',
      how: `${all ? 'all' : 'one'}, ${gasps ? 'gasps' : 'mute'}`,
      pcs,
      truth: 'power-cut',
      canKnow: true,
    },
    begin() {
      runDown(first);
      for (const pc of others)
        if (all) runDown(pc);
        else pc.kill({ power: true });
    },
    end: each(hand, (pc) => powerOn(pc), 90 * second),
  };
}

function powerOn(pc: Pc): void {
  pc.power({ onMains: true, runtimeMs: null });
  pc.start({ reboot: true });
}

/** All PCs of the site go dark at once, without a word. */
export function powerCut(hand: Hand): Outage {
  const { pcs } = hand;
  return {
    kind: 'power cut without one',
    how: `${pcs.length} PCs`,
    pcs,
    truth: 'power-cut',
    canKnow: false,
    begin: each(hand, (pc) => pc.kill({ power: true })),
    end: each(hand, (pc) => pc.start({ reboot: true }), 4 * minute),
  };
}

/** The line of the site: swallowed, reset, or noticed by one side first. */
export function linkDown(hand: Hand): Outage {
  const { pcs, random } = hand;
  const how = random.pick(['hole', 'reset', 'half'] as const);
  return {
    kind: 'link down',
    how,
    pcs,
    truth: 'link-down',
    canKnow: false,
    begin: each(hand, (pc) => pc.cut(how), 2 * second),
    end: each(hand, (pc) => pc.heal(), 2 * second),
  };
}

/** One PC, while the others of its site stay: it crashes, is switched off hard, its cable is pulled, or its agent is killed. */
export function alone(hand: Hand): Outage {
  const { pcs, random } = hand;
  const pc = random.pick(pcs);
  const how = random.pick(['crash', 'off', 'cable', 'killed']);
  const mine = { pcs: [pc], kind: 'this PC alone' as const, how, canKnow: false };
  if (how === 'cable') return { ...mine, truth: 'pc-off', begin: () => pc.cut('hole'), end: () => pc.heal() };
  if (how === 'killed') return { ...mine, truth: 'pc-off', begin: () => pc.kill(), end: () => pc.start() };
  return {
    ...mine,
    truth: how === 'crash' ? 'crash' : 'pc-off',
    begin() {
      if (how === 'crash') pc.crash();
      pc.kill({ power: true });
    },
    end: () => pc.start({ reboot: true }),
  };
}

/** The line of a state or a provider: most of its sites at once. */
export function upstream(hand: Hand): Outage {
  const { pcs } = hand;
  return {
    kind: 'upstream',
    how: `${pcs.length} PCs`,
    pcs,
    truth: 'upstream',
    canKnow: false,
    begin: each(hand, (pc) => pc.cut('hole'), 30 * second),
    end: each(hand, (pc) => pc.heal(), 2 * minute),
  };
}

const classes = ['fibre', '4g', 'leo', 'geo', 'floor'] as const;

/** Sites of a nation: each of the first ones alone in its state, the last five together in one. */
export const nation: readonly FurtherSite[] = [
  ...classes.map((link, at) => ({ path: `state-${at}/office`, link, pcs: 2 + (at % 2), battery: false })),
  ...classes.map((link, at) => ({ path: `hill-${at}/office`, link, pcs: 1 + (at % 3), battery: true })),
  { path: 'alone-1/office', link: 'fibre', pcs: 1 },
  { path: 'alone-2/office', link: 'geo', pcs: 1 },
  ...[1, 2, 3, 4, 5].map((at) => ({
    path: `valley/office-${at}`,
    link: at === 5 ? ('geo' as const) : ('fibre' as const),
    pcs: 1,
    isp: 'bharat',
  })),
];
