/**
 * Outage stories in realistic shares, to calibrate the confidence in a named cause. Assumptions without a named source are ours.
 * - Power is the greatest share: two hours a day without power in towns and four in villages, mostly of one feeder or transformer. Source:
 *   an Indian government report, quoted by magadhtoday.com. Nearly every firm has a backup supply (MAIT and Emerson, 2009).
 * - The line of one site is next. Its main causes are power failures and road works (geoblackout.com).
 * - Clean shutdowns in the evening would be most absences. They are easy, so their share is low.
 * - Two in a hundred are offices of a state switched off at the wall at closing time. No counts exist for docks, worn batteries, UPS
 *   programs and power cuts during an update, so their share is low.
 * - A room of several PCs that all lose power within 40 s by day is not ambiguous: people rarely switch off that fast. Nor is one whose PCs
 *   all stayed on, since few rooms have a UPS for each PC.
 */
import type { Random } from '../random.ts';
import { closingTime, powerCutInUpdate, programOfUps, undocked, wornBattery } from './outage-hands.ts';
import {
  always,
  each,
  first,
  firstOf,
  type Hand,
  isLone,
  minute,
  no,
  type Plot,
  plug,
  type Scene,
  type Site,
  type Story,
  type Supply,
  second,
  siteOf,
  weighted,
} from './outage-plots.ts';
import type { Pc } from './pc.ts';

/** Shares in a thousand. */
const shares: [share: number, kind: string, plot: (scene: Scene, site: Site) => Plot][] = [
  [360, 'power cut of a site', powerCut],
  [50, 'power cut of a state', powerCutOfState],
  [200, 'line of a site', line],
  [20, 'three lines of three providers', threeLines],
  [50, 'line of a provider', (scene, site) => upstream(scene, site, true)],
  [30, 'line of a state', (scene, site) => upstream(scene, site, false)],
  [100, 'switched off normally', intended],
  [40, 'an update that kills', update],
  [60, 'crash', crash],
  [60, 'this PC alone', alone],
  [15, 'wall switches', wallSwitches],
  [15, 'unplugged, then the line', unpluggedThenLine],
  [15, 'unplugged, then a crash', unpluggedThenCrash],
  [10, 'unplugged until the battery ended', unpluggedUntilEnd],
  [20, 'closing time at the wall', closingTime],
  [10, 'taken off its dock', undocked],
  [5, 'plug pulled, worn battery', wornBattery],
  [5, 'program of a UPS', programOfUps],
  [5, 'power cut in an update', powerCutInUpdate],
];

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

function powerCut({ random }: Scene, site: Site): Plot {
  const { pc, router } = site.supply;
  const speaks = pc === 'seen' && router && !isLone(site);
  // A battery that reported its last charge may also have been unplugged and worn out. A single PC on a UPS whose router lost power looks
  // like a PC that lost its line.
  return { truth: 'power-cut', isTwin: { live: !speaks, after: isLone(site) }, ...powerOf(random, 4 * minute) };
}

function powerCutOfState(scene: Scene, _: Site): Plot {
  const sites = Array.from({ length: 8 }, (__, at) => siteOf(scene, `office-${at}`, { pcs: 1, isp: '' }));
  return { truth: 'power-cut', sites, isTwin: no, ...powerOf(scene.random, 4 * minute) };
}

/** Cuts and restores the mains. Each machine and router runs for as long as its supply lasts. */
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

/** Lets a PC lose its mains. `later` acts only while the mains are off. */
function loses(pc: Pc, { supply, lastsMs, routerLastsMs, later }: Stock): void {
  if (supply.pc === 'none') return pc.kill({ power: true });
  if (supply.pc === 'seen') {
    pc.power({ onMains: false, runtimeMs: lastsMs });
    later(lastsMs - 90 * second, () => pc.power({ runtimeMs: 90 * second }));
  }
  later(lastsMs, () => pc.kill({ power: true }));
  later(routerLastsMs, () => pc.cut('hole'));
}

/** Whether a lost line and lost mains look the same at this site: a single PC whose supply the agent cannot query. */
const isOnMuteUps = (site: Site | undefined) => site !== undefined && isLone(site) && site.supply.pc !== 'seen';

function line({ random }: Scene, site: Site): Plot {
  const how = random.pick(['hole', 'reset', 'half'] as const);
  const isRestarted = random.next() < 0.2;
  return {
    truth: 'link-down',
    // A restart during the outage is reported, and proves that the PC had power.
    isTwin: { live: true, after: isOnMuteUps(site) && !isRestarted },
    begin(hand) {
      each((pc) => pc.cut(how), 2 * second)(hand);
      const [first] = hand.sites.flat();
      if (!isRestarted || first === undefined) return;
      // Somebody restarts the PC, a common first attempt.
      hand.time.later(5 * minute, () => first.stop('restart'));
      hand.time.later(6 * minute, () => first.start({ reboot: true }));
    },
    end: each((pc) => pc.heal(), 2 * second),
  };
}

/** Creates a state of eight sites, of which three lines fail independently, a minute apart. */
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
    isTwin: { live: true, after: isOnMuteUps(sites[0]) },
    begin: (hand) => three(hand).forEach((pc, at) => void hand.time.later(at * minute, () => pc.cut('hole'))),
    end: (hand) => three(hand).forEach((pc) => void hand.time.later(hand.random.next() * 2 * minute, () => pc.heal())),
  };
}

/** Lets a provider or a state fail. With `beside`, the state also has sites of another provider. */
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

/**
 * An update stops machine after machine, and each returns by itself. In three of ten cases the system does not report that an update had
 * begun.
 */
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
  const isTwin = { live: isLone(site), after: (how === 'off' || how === 'cable') && isOnMuteUps(site) };
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

/**
 * A PC was unplugged before the outage. If that was long before, it proves nothing; if it was shortly before, it looks like a power cut.
 */
function unplugged({ random, at }: Scene): Pick<Plot, 'leadMs' | 'lead'> & { sites: Site[] } {
  const sites = [siteOf({ random, at }, 'office', { battery: true, supply: { pc: 'seen', router: true } })];
  return { sites, leadMs: (5 + 85 * random.next()) * minute, lead: first((pc) => pc.power({ onMains: false, runtimeMs: 120 * minute })) };
}

/** Whether another PC of the site proves that the PC was only unplugged. */
const isTold = (mine: Pick<Plot, 'leadMs'> & { sites: Site[] }) => !isLong(mine) && !isLone(mine.sites[0] as Site);
const isLong = ({ leadMs }: Pick<Plot, 'leadMs'>) => (leadMs ?? 0) > 15 * minute;
function unpluggedThenLine(scene: Scene): Plot {
  const mine = unplugged(scene);
  const back = each((pc) => pc.heal());
  return { ...mine, truth: 'link-down', isTwin: isTold(mine) ? no : always, begin: each((pc) => pc.cut('hole'), second), end: back };
}

function unpluggedThenCrash(scene: Scene): Plot {
  const mine = unplugged(scene);
  const isWritten = scene.random.next() < 0.3;
  const isAlike = isLone(mine.sites[0] as Site);
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
  return { ...mine, truth: 'pc-off', hit: firstOf, isTwin: isLone(mine.sites[0] as Site) ? always : no, begin, end };
}
