/** What a story of an outage is made of: its sites, its machines, and who does what to them. */
import type { LinkClass, OutageCause } from '@sabha/contracts';
import type { Random } from '../random.ts';
import type { Pc } from './pc.ts';
import type { Time } from './time.ts';
import type { FurtherSite } from './world.ts';

/** In ms. */
export const second = 1_000;
/** In ms. */
export const minute = 60 * second;

/** `seen`: a battery that the PC tells of; `mute`: a UPS that nobody can ask. */
export type Supply = { pc: 'none' | 'seen' | 'mute'; router: boolean };
/** With what it stands on. */
export type Site = FurtherSite & { supply: Supply };

/** What happens to the machines of a story, of which each is a site alone, or many sites of one state. */
export type Hand = { time: Time; random: Random; sites: Pc[][]; supplies: Supply[] };

/** An outage with its truth. */
export type Story = {
  kind: string;
  sites: Site[];
  truth: OutageCause;
  /** Another cause looks the same from here: while it lasts, and even afterwards. */
  isTwin: { live: boolean; after: boolean };
  /** How long before it something happens that is no outage yet. */
  leadMs: number;
  lastsMs: number;
  lead?(hand: Hand): void;
  begin(hand: Hand): void;
  end(hand: Hand): void;
  /** The machines that are away by it, where that is not all of them. */
  hit?: (sites: Pc[][]) => Pc[];
};

/** What a kind of story says of one. */
export type Plot = Omit<Story, 'sites' | 'kind' | 'leadMs' | 'lastsMs'> & { leadMs?: number; lastsMs?: number; sites?: Site[] };
/** Where it is played. */
export type Scene = { random: Random; at: string };

/** Nothing else looks the same. */
export const no = { live: false, after: false };
/** Another cause does, until the return. */
export const whileItLasts = { live: true, after: false };
/** And afterwards. */
export const always = { live: true, after: true };

/** One of them, by their shares. */
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

/** A site as they are in real life. */
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

/** It has one machine. */
export const isLone = ({ pcs }: Site) => pcs === 1;

/** Within so long, each machine of all sites. */
export function each(act: (pc: Pc, hand: Hand) => void, withinMs = 0): (hand: Hand) => void {
  return (hand) => {
    for (const pc of hand.sites.flat()) hand.time.later(hand.random.next() * withinMs, () => act(pc, hand));
  };
}

/** The first machine. */
export const firstOf = (sites: Pc[][]) => sites.flat().slice(0, 1);

/** To the first machine. */
export function first(act: (pc: Pc, hand: Hand) => void): (hand: Hand) => void {
  return (hand) => {
    for (const pc of firstOf(hand.sites)) act(pc, hand);
  };
}

/** Its mains are back. */
export const plug = (pc: Pc) => pc.power({ onMains: true, runtimeMs: null });
