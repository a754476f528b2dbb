/** Parts of outage stories: sites, machines, and events that affect them. */
import type { LinkClass, OutageCause } from '@sabha/contracts';
import type { Random } from '../random.ts';
import type { Pc } from './pc.ts';
import type { Time } from './time.ts';
import type { FurtherSite } from './world.ts';

/** In milliseconds. */
export const second = 1_000;
/** In milliseconds. */
export const minute = 60 * second;

/** `seen`: a battery that the PC reports; `mute`: a UPS that cannot be queried. */
export type Supply = { pc: 'none' | 'seen' | 'mute'; router: boolean };
export type Site = FurtherSite & { supply: Supply };

/** The machines of a story by site. The events of the story act on them. */
export type Hand = { time: Time; random: Random; sites: Pc[][]; supplies: Supply[] };

export type Story = {
  kind: string;
  sites: Site[];
  truth: OutageCause;
  /** Whether another cause looks the same, during the outage and after it. */
  isTwin: { live: boolean; after: boolean };
  /** Time before the outage in which something else happens. */
  leadMs: number;
  lastsMs: number;
  lead?(hand: Hand): void;
  begin(hand: Hand): void;
  end(hand: Hand): void;
  /** Returns the machines that go offline. Absent: all. */
  hit?: (sites: Pc[][]) => Pc[];
};

/** A story without the parts that have defaults. */
export type Plot = Omit<Story, 'sites' | 'kind' | 'leadMs' | 'lastsMs'> & { leadMs?: number; lastsMs?: number; sites?: Site[] };
/** The random source and the state of a story. */
export type Scene = { random: Random; at: string };

/** No other cause looks the same. */
export const no = { live: false, after: false };
/** Another cause looks the same until the return. */
export const whileItLasts = { live: true, after: false };
/** Another cause looks the same even after the return. */
export const always = { live: true, after: true };

/** Picks one item by its share. */
export function weighted<T>(random: Random, of: readonly (readonly [share: number, T])[]): T {
  let left = random.next() * of.reduce((sum, [share]) => sum + share, 0);
  for (const [share, one] of of) {
    left -= share;
    if (left < 0) return one;
  }
  throw new Error('nothing to choose from');
}

const classes: [number, LinkClass][] = [
  [55, 'fibre'],
  [25, '4g'],
  [5, 'leo'],
  [12, 'geo'],
  [3, 'floor'],
];

/** Creates a site with realistic shares of equipment. */
export function siteOf({ random, at }: Scene, name: string, edit: Partial<Site> = {}): Site {
  const pc = weighted(random, [
    [50, 'none'],
    [33, 'seen'],
    [17, 'mute'],
  ] as const);
  const router = pc !== 'none' && random.next() < 0.55;
  const pcs = weighted(random, [
    [45, 1],
    [30, 2],
    [25, 3],
  ]);
  const isp = random.next() < 0.6 ? `isp-${at}` : '';
  return { path: `${at}/${name}`, link: weighted(random, classes), pcs, battery: pc === 'seen', isp, supply: { pc, router }, ...edit };
}

export const isLone = ({ pcs }: Site) => pcs === 1;

/** Acts on each machine of all sites, at random times within `withinMs`. */
export function each(act: (pc: Pc, hand: Hand) => void, withinMs = 0): (hand: Hand) => void {
  return (hand) => {
    for (const pc of hand.sites.flat()) hand.time.later(hand.random.next() * withinMs, () => act(pc, hand));
  };
}

export const firstOf = (sites: Pc[][]) => sites.flat().slice(0, 1);

export function first(act: (pc: Pc, hand: Hand) => void): (hand: Hand) => void {
  return (hand) => {
    for (const pc of firstOf(hand.sites)) act(pc, hand);
  };
}

export const plug = (pc: Pc) => pc.power({ onMains: true, runtimeMs: null });
