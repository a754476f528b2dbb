/** Stories at the edges, beside the 65: each was told wrong with certainty once, or is the twin of one that was. */
import type { OutageCause } from '@sabha/contracts';
import type { Hand, Story, Supply } from './outage-plots.ts';
import type { Pc } from './pc.ts';

const second = 1_000;
const minute = 60 * second;

const none: Supply = { pc: 'none', router: false };
const seen: Supply = { pc: 'seen', router: false };
const mute: Supply = { pc: 'mute', router: false };

type Place = { states?: number; pcs?: number; supply?: Supply; isps?: readonly string[] };
type Course = Partial<Omit<Story, 'kind' | 'sites' | 'truth'>> & Pick<Story, 'begin' | 'end'>;

/** `sites` of one state, each with so many machines; `isps` in turns. */
function story(kind: string, truth: OutageCause, { sites = 1, ...place }: Place & { sites?: number }, course: Course): Story {
  const { pcs = 1, supply = none, isps = [''] } = place;
  const state = kind
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .toLowerCase()
    .slice(0, 32)
    .replace(/-$/, '');
  const siteOf = (at: number) => ({
    path: `${state}/office-${at}`,
    link: 'fibre' as const,
    pcs,
    battery: supply.pc === 'seen',
    supply,
    isp: isps[at % isps.length] === '' ? '' : `${state}-${isps[at % isps.length]}`,
  });
  const isTwin = { live: false, after: false };
  return { kind, truth, sites: Array.from({ length: sites }, (_, at) => siteOf(at)), isTwin, leadMs: 0, lastsMs: 14 * minute, ...course };
}

const all =
  (act: (pc: Pc) => void) =>
  ({ sites }: Hand) =>
    sites.flat().forEach(act);
const one =
  (act: (pc: Pc) => void, at = 0) =>
  ({ sites }: Hand) =>
    sites
      .flat()
      .slice(at, at + 1)
      .forEach(act);
/** One after the other. */
const inTurn =
  (act: (pc: Pc) => void, apartMs: number) =>
  ({ sites, time }: Hand) =>
    sites.flat().forEach((pc, at) => void time.later(at * apartMs, () => act(pc)));

const dark = (pc: Pc) => pc.kill({ power: true });
const boots = (pc: Pc) => pc.start({ reboot: true });
const cut = (pc: Pc) => pc.cut('hole');
const heals = (pc: Pc) => pc.heal();
const unplugs = (pc: Pc) => pc.power({ onMains: false, runtimeMs: 120 * minute });
const firstOf = (sites: Pc[][]) => sites.flat().slice(0, 1);

/** The mains go, and the router with them; the machine lives on. */
function routerDies(pc: Pc): void {
  unplugs(pc);
  cut(pc);
}

function powerBack(pc: Pc): void {
  pc.power({ onMains: true, runtimeMs: null });
  pc.heal();
  boots(pc);
}

const crashes = (isWritten: boolean) =>
  one((pc) => {
    if (isWritten) pc.crash();
    dark(pc);
  });
const unplugged = { leadMs: 40 * minute, lead: one(unplugs) };

/** The line goes, somebody restarts the PC, and the line comes back. */
function restartedMeanwhile({ sites, time }: Hand): void {
  for (const pc of sites.flat()) {
    cut(pc);
    time.later(6 * minute, () => pc.stop('restart'));
    time.later(7 * minute, () => boots(pc));
  }
}

const killedByUpdate = inTurn((pc) => dark(pc), 40 * second);

/** Each with its truth. */
export const edges: readonly Story[] = [
  story('router died with the mains, PC on battery', 'power-cut', { supply: seen }, { begin: all(routerDies), end: all(powerBack) }),
  story(
    'router died with the mains, battery ended',
    'power-cut',
    { supply: seen },
    {
      begin({ sites, time }) {
        for (const pc of sites.flat()) {
          routerDies(pc);
          time.later(10 * minute, () => dark(pc));
        }
      },
      end: all(powerBack),
    },
  ),
  story(
    'router on a UPS that ended',
    'power-cut',
    { supply: { pc: 'seen', router: true } },
    {
      leadMs: 30 * minute,
      lead: all(unplugs),
      begin: all(cut),
      end: all(powerBack),
    },
  ),
  story('unplugged, then the line', 'link-down', { supply: seen }, { ...unplugged, begin: all(cut), end: all(heals) }),
  story('unplugged, then a crash', 'crash', { supply: seen }, { ...unplugged, begin: crashes(false), end: all(powerBack) }),
  story('unplugged, then a written crash', 'crash', { supply: seen }, { ...unplugged, begin: crashes(true), end: all(powerBack) }),
  story(
    'unplugged beside another, then off',
    'pc-off',
    { supply: seen, pcs: 2 },
    {
      ...unplugged,
      hit: firstOf,
      begin: one(dark),
      end: one(powerBack),
    },
  ),
  story('power cut of a state, no batteries', 'power-cut', { sites: 8 }, { begin: all(dark), end: all(boots) }),
  story('power cut of a state, mute UPS', 'power-cut', { sites: 8, supply: mute }, { begin: all(cut), end: all(heals) }),
  story('power cut of a state, on battery', 'power-cut', { sites: 8, supply: seen }, { begin: all(routerDies), end: all(powerBack) }),
  story(
    'three lines of three providers',
    'link-down',
    { sites: 3, isps: ['a', 'b', 'c'] },
    {
      begin: inTurn(cut, minute),
      end: inTurn(heals, minute),
    },
  ),
  story(
    'line of a provider',
    'upstream',
    { sites: 8, isps: ['a', 'b'] },
    {
      hit: (sites) => sites.filter((_, at) => at % 2 === 0).flat(),
      begin: ({ sites }) =>
        sites
          .filter((_, at) => at % 2 === 0)
          .flat()
          .forEach(cut),
      end: all(heals),
    },
  ),
  story('line of a state', 'upstream', { sites: 5 }, { begin: all(cut), end: all(heals) }),
  story(
    'killed by an update 40 s apart',
    'intended',
    { pcs: 2 },
    {
      leadMs: 3 * minute,
      lead: all((pc) => pc.begins('update')),
      begin: killedByUpdate,
      end: inTurn(boots, 40 * second),
    },
  ),
  story(
    'killed by a silent update 40 s apart',
    'intended',
    { pcs: 2 },
    {
      lastsMs: 2.5 * minute,
      begin: killedByUpdate,
      end: inTurn(boots, 40 * second),
    },
  ),
  story('wall switch 80 s apart', 'pc-off', { pcs: 2 }, { begin: inTurn(dark, 80 * second), end: all(boots) }),
  story(
    'one on a mute UPS, one dark',
    'power-cut',
    { pcs: 2 },
    {
      begin(hand) {
        one(cut)(hand);
        one(dark, 1)(hand);
      },
      end: all((pc) => {
        heals(pc);
        boots(pc);
      }),
    },
  ),
  story('restarted while the line was down', 'link-down', {}, { begin: restartedMeanwhile, end: all(heals) }),
  story(
    'power cut in an outage of the line',
    'link-down',
    { pcs: 2 },
    {
      begin(hand) {
        all(cut)(hand);
        hand.time.later(8 * minute, () => all(dark)(hand));
      },
      end: all((pc) => {
        heals(pc);
        boots(pc);
      }),
    },
  ),
];
