/**
 * Stories of outages in the shares of real life, for the calibration of what is said of them. Assumptions, where no source is named. The
 * supply: two hours a day without power in towns and four in villages, mostly of one feeder or transformer (report of India's government, as
 * told by magadhtoday.com); nearly every firm has some supply of its own (MAIT and Emerson, 2009); of lines, power failures and road works
 * are the main causes (geoblackout.com). So power is the greatest share, the line of one site the next. PCs that are switched off in order every
 * evening would be most absences of all; they are easy, and kept few.
 */
import type { LinkClass, OutageCause } from '#contracts';
import type { Random } from '../random.ts';
import type { Pc } from './pc.ts';
import type { Time } from './time.ts';
import type { FurtherSite } from './world.ts';

const second = 1_000;
const minute = 60 * second;

/** `seen`: a battery that the PC tells of; `mute`: a UPS that nobody can ask. */
export type Supply = { pc: 'none' | 'seen' | 'mute'; router: boolean };
type Site = FurtherSite & { supply: Supply };

/** What happens to the machines of a story, of which each is a site alone, or many sites of one state. */
export type Hand = { time: Time; random: Random; sites: Pc[][]; supplies: Supply[] };

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

type Plot = Omit<Story, 'sites' | 'kind' | 'leadMs' | 'lastsMs'> & { leadMs?: number; lastsMs?: number; sites?: Site[] };
type Scene = { random: Random; at: string };

const no = { live: false, after: false };
const whileItLasts = { live: true, after: false };
const always = { live: true, after: true };

/** Shares in a thousand. */
const shares: [share: number, kind: string, plot: (scene: Scene, site: Site) => Plot][] = [
  [360, 'power cut of a site', powerCut],
  [50, 'power cut of a state', powerCutOfState],
  [200, 'line of a site', line],
  [20, 'three lines of three providers', threeLines],
  [50, 'line of a provider', (scene, site) => upstream(scene, site, true)],
  [30, 'line of a state', (scene, site) => upstream(scene, site, false)],
  [100, 'switched off in order', intended],
  [40, 'an update that kills', update],
  [60, 'crash', crash],
  [60, 'this PC alone', alone],
  [15, 'wall switches', wallSwitches],
  [15, 'unplugged, then the line', unpluggedThenLine],
  [15, 'unplugged, then a crash', unpluggedThenCrash],
  [10, 'unplugged until the battery ended', unpluggedUntilEnd],
];

/** The stories of a seed. */
export function storiesOf(random: Random, count: number): Story[] {
  return Array.from({ length: count }, (_, at) => {
    const [kind, plot] = weighted(
      random,
      shares.map(([share, of, told]) => [share, [of, told] as const] as const),
    );
    const scene = { random, at: `story-${at}` };
    const site = siteOf(scene, 'office');
    return { kind, sites: [site], leadMs: 0, lastsMs: (5 + 11 * random.next()) * minute, ...plot(scene, site) };
  });
}

function weighted<T>(random: Random, of: readonly (readonly [share: number, T])[]): T {
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

function siteOf({ random, at }: Scene, name: string, edit: Partial<Site> = {}): Site {
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

/** What the first site has: how many machines, and whether they see their battery. */
const isLone = ({ pcs }: Site) => pcs === 1;

function powerCut({ random }: Scene, site: Site): Plot {
  const { pc, router } = site.supply;
  const speaks = pc === 'seen' && router;
  return { truth: 'power-cut', isTwin: { live: !speaks, after: pc === 'none' && isLone(site) }, ...powerOf(random, 4 * minute) };
}

function powerCutOfState(scene: Scene, _: Site): Plot {
  const sites = Array.from({ length: 8 }, (__, at) => siteOf(scene, `office-${at}`, { pcs: 1, isp: '' }));
  return { truth: 'power-cut', sites, isTwin: no, ...powerOf(scene.random, 4 * minute) };
}

/** The mains go and come back: each machine and router by what it stands on. */
function powerOf(random: Random, backWithinMs: number): Pick<Plot, 'begin' | 'end'> {
  const mains = { isGone: false };
  return {
    begin(hand) {
      mains.isGone = true;
      for (const [at, pcs] of hand.sites.entries()) {
        const supply = hand.supplies[at] as Supply;
        const lastsMs = (4 + 30 * random.next()) * minute;
        const routerLastsMs = supply.router ? (2 + 30 * random.next()) * minute : 0;
        for (const pc of pcs)
          loses(pc, { supply, lastsMs, routerLastsMs, later: (ms, act) => hand.time.later(ms, () => mains.isGone && act()) });
      }
    },
    end(hand) {
      mains.isGone = false;
      const routerMs = 20 * second + random.next() * minute;
      for (const one of hand.sites.flat()) {
        one.power({ onMains: true, runtimeMs: null });
        hand.time.later(routerMs, () => one.heal());
        hand.time.later(random.next() * backWithinMs, () => one.start({ reboot: true }));
      }
    },
  };
}

type Stock = { supply: Supply; lastsMs: number; routerLastsMs: number; later(ms: number, act: () => void): void };

/** `later` happens only while the mains are gone. */
function loses(pc: Pc, { supply, lastsMs, routerLastsMs, later }: Stock): void {
  if (supply.pc === 'none') return pc.kill({ power: true });
  if (supply.pc === 'seen') {
    pc.power({ onMains: false, runtimeMs: lastsMs });
    later(lastsMs - 90 * second, () => pc.power({ runtimeMs: 90 * second }));
  }
  later(lastsMs, () => pc.kill({ power: true }));
  later(routerLastsMs, () => pc.cut('hole'));
}

/** Within so long, each machine of all sites. */
function each(act: (pc: Pc, hand: Hand) => void, withinMs = 0): (hand: Hand) => void {
  return (hand) => {
    for (const pc of hand.sites.flat()) hand.time.later(hand.random.next() * withinMs, () => act(pc, hand));
  };
}

function line({ random }: Scene, _: Site): Plot {
  const how = random.pick(['hole', 'reset', 'half'] as const);
  const isRestarted = random.next() < 0.2;
  return {
    truth: 'link-down',
    isTwin: whileItLasts,
    begin(hand) {
      each((pc) => pc.cut(how), 2 * second)(hand);
      const [first] = hand.sites.flat();
      if (!isRestarted || first === undefined) return;
      // Somebody tries what helps at home.
      hand.time.later(5 * minute, () => first.stop('restart'));
      hand.time.later(6 * minute, () => first.start({ reboot: true }));
    },
    end: each((pc) => pc.heal(), 2 * second),
  };
}

/** A state of eight sites, of which three lines fail for reasons of their own, a minute apart. */
function threeLines(scene: Scene, _: Site): Plot {
  const sites = Array.from({ length: 8 }, (__, at) =>
    siteOf(scene, `office-${at}`, { pcs: 1, isp: `isp-${scene.at}-${at % 4}`, link: 'fibre' }),
  );
  const hit = (of: Pc[][]) => of.slice(0, 3).flat();
  const three = (hand: Hand) => hit(hand.sites);
  return {
    hit,
    truth: 'link-down',
    sites,
    isTwin: whileItLasts,
    begin: (hand) => three(hand).forEach((pc, at) => void hand.time.later(at * minute, () => pc.cut('hole'))),
    end: (hand) => three(hand).forEach((pc) => void hand.time.later(hand.random.next() * 2 * minute, () => pc.heal())),
  };
}

/** `beside`: sites of another provider stand in the same state. */
function upstream(scene: Scene, _: Site, beside: boolean): Plot {
  const down = 4 + scene.random.below(4);
  const isp = beside ? `isp-${scene.at}` : '';
  const site = (at: number, of: string) => siteOf(scene, `office-${at}`, { pcs: 1, isp: of });
  const others = Array.from({ length: 3 }, (__, at) => site(100 + at, `other-${scene.at}`));
  const sites = [...Array.from({ length: down }, (__, at) => site(at, isp)), ...(beside ? others : [])];
  const hit = (of: Pc[][]) => of.slice(0, down).flat();
  const mine = (hand: Hand) => hit(hand.sites);
  return {
    hit,
    truth: 'upstream',
    sites,
    isTwin: { live: !beside, after: false },
    begin: (hand) => mine(hand).forEach((pc) => void hand.time.later(hand.random.next() * 30 * second, () => pc.cut('hole'))),
    end: (hand) => mine(hand).forEach((pc) => void hand.time.later(hand.random.next() * 2 * minute, () => pc.heal())),
  };
}

function intended({ random }: Scene, _: Site): Plot {
  const reason = random.pick(['shutdown', 'stopped', 'restart']);
  return {
    truth: 'intended',
    isTwin: no,
    begin: each((pc) => pc.stop(reason), 20 * second),
    end: each((pc) => pc.start({ reboot: true }), 30 * second),
  };
}

/** It kills machine after machine, and each is back by itself. Of three in ten the system does not say that it had begun. */
function update({ random }: Scene, _: Site): Plot {
  const isSaid = random.next() < 0.7;
  const apartMs = (10 + 80 * random.next()) * second;
  return {
    truth: 'intended',
    isTwin: { live: true, after: !isSaid },
    leadMs: 5 * minute,
    lastsMs: 3 * minute,
    lead: each((pc) => isSaid && pc.begins('update')),
    begin: (hand) =>
      hand.sites.flat().forEach((pc, at) => {
        hand.time.later(at * apartMs, () => pc.kill({ power: true }));
        hand.time.later(at * apartMs + (100 + 60 * random.next()) * second, () => pc.start({ reboot: true }));
      }),
    end: () => {},
  };
}

function crash({ random }: Scene, site: Site): Plot {
  const isWritten = random.next() < 0.5;
  return {
    truth: 'crash',
    hit: firstOf,
    isTwin: { live: isLone(site), after: isLone(site) && !isWritten && site.supply.pc !== 'seen' },
    begin: first((pc) => {
      if (isWritten) pc.crash();
      pc.kill({ power: true });
    }),
    end: first((pc) => pc.start({ reboot: true })),
  };
}

function alone({ random }: Scene, site: Site): Plot {
  const how = random.pick(['off', 'cable', 'killed', 'asleep']);
  const mine = { truth: 'pc-off', hit: firstOf } as const;
  const isTwin = { live: isLone(site), after: isLone(site) && how === 'off' && site.supply.pc !== 'seen' };
  // The cable of the only PC is the line of its site.
  const truth = isLone(site) ? 'link-down' : 'pc-off';
  if (how === 'cable') return { ...mine, truth, isTwin, begin: first((pc) => pc.cut('hole')), end: first((pc) => pc.heal()) };
  if (how === 'killed') return { ...mine, isTwin, begin: first((pc) => pc.kill()), end: first((pc) => pc.start()) };
  if (how === 'off')
    return { ...mine, isTwin, begin: first((pc) => pc.kill({ power: true })), end: first((pc) => pc.start({ reboot: true })) };
  const lastsMs = 12 * minute;
  return { ...mine, isTwin, lastsMs, begin: first((pc) => pc.pause(lastsMs)), end: first((pc) => pc.process()?.go()) };
}

function wallSwitches({ random }: Scene, site: Site): Plot {
  const apartMs = (20 + 100 * random.next()) * second;
  return {
    truth: 'pc-off',
    isTwin: { live: isLone(site), after: isLone(site) && site.supply.pc !== 'seen' },
    begin: (hand) => hand.sites.flat().forEach((pc, at) => void hand.time.later(at * apartMs, () => pc.kill({ power: true }))),
    end: each((pc) => pc.start({ reboot: true }), 4 * minute),
  };
}

const firstOf = (sites: Pc[][]) => sites.flat().slice(0, 1);

function first(act: (pc: Pc, hand: Hand) => void): (hand: Hand) => void {
  return (hand) => {
    for (const pc of firstOf(hand.sites)) act(pc, hand);
  };
}

/** Its plug is out for so long before: for long it tells nothing, just before it is one story with a power cut but for the shares. */
function unplugged({ random, at }: Scene): Pick<Plot, 'leadMs' | 'lead'> & { sites: Site[] } {
  const sites = [siteOf({ random, at }, 'office', { battery: true, supply: { pc: 'seen', router: true } })];
  return { sites, leadMs: (5 + 85 * random.next()) * minute, lead: first((pc) => pc.power({ onMains: false, runtimeMs: 120 * minute })) };
}

const isLong = ({ leadMs }: Pick<Plot, 'leadMs'>) => (leadMs ?? 0) > 15 * minute;
const plug = (pc: Pc) => pc.power({ onMains: true, runtimeMs: null });

function unpluggedThenLine(scene: Scene): Plot {
  const mine = unplugged(scene);
  const back = each((pc) => pc.heal());
  return { ...mine, truth: 'link-down', isTwin: isLong(mine) ? always : no, begin: each((pc) => pc.cut('hole'), second), end: back };
}

function unpluggedThenCrash(scene: Scene): Plot {
  const mine = unplugged(scene);
  const isWritten = scene.random.next() < 0.3;
  const isAlike = isLong(mine) && isLone(mine.sites[0] as Site);
  const isTwin = { live: isAlike, after: isAlike && !isWritten };
  const begin = first((pc) => {
    if (isWritten) pc.crash();
    pc.kill({ power: true });
  });
  const end = first((pc) => {
    plug(pc);
    pc.start({ reboot: true });
  });
  return { ...mine, truth: 'crash', hit: firstOf, isTwin, begin, end };
}

function unpluggedUntilEnd(scene: Scene): Plot {
  const mine = unplugged(scene);
  const begin = first((pc, { time }) => {
    pc.power({ runtimeMs: 90 * second });
    time.later(80 * second, () => pc.kill({ power: true }));
  });
  const end = first((pc) => {
    plug(pc);
    pc.start({ reboot: true });
  });
  return { ...mine, truth: 'pc-off', hit: firstOf, isTwin: no, begin, end };
}
