/**
 * Outages that no random story plays: the server's own line, a UPS that shuts down in order, forced restarts, wrong clocks, an unsteady line.
 * The truth is `undetermined` where no cause of ours is true, so that every sure verdict is wrong.
 */
import { createHash } from 'node:crypto';
import type { LinkClass, OutageCause } from '@sabha/contracts';
import type { Hand, Story, Supply } from './outage-plots.ts';
import type { Pc } from './pc.ts';

const second = 1_000;
const minute = 60 * second;

const none: Supply = { pc: 'none', router: false };
const seen: Supply = { pc: 'seen', router: false };

type Place = { state?: string; pcs?: number; supply?: Supply; isp?: string; link?: LinkClass };
type Course = Partial<Omit<Story, 'kind' | 'sites' | 'truth'>> & Pick<Story, 'begin' | 'end'>;

/** A short mark of the kind: two stories never share a state. */
function markOf(kind: string): string {
  return createHash('sha256').update(kind).digest('hex').slice(0, 12);
}

function story(kind: string, truth: OutageCause, places: readonly Place[], course: Course): Story {
  const slug = `s${markOf(kind)}`;
  const sites = places.map(({ state = 'a', pcs = 1, supply = none, isp = '', link = 'fibre' }, at) => ({
    path: `${slug}-${state}/office-${at}`,
    link,
    pcs,
    battery: supply.pc === 'seen',
    supply,
    isp: isp === '' ? '' : `${slug}-${isp}`,
  }));
  return { kind, truth, sites, isTwin: { live: false, after: false }, leadMs: 0, lastsMs: 14 * minute, ...course };
}

const times = (count: number, place: Place): Place[] => Array.from({ length: count }, () => place);
const flat = (sites: Pc[][]) => sites.flat();
const all =
  (act: (pc: Pc) => void) =>
  ({ sites }: Hand) =>
    flat(sites).forEach(act);
const of =
  (which: (pcs: Pc[]) => Pc[], act: (pc: Pc) => void) =>
  ({ sites }: Hand) =>
    which(flat(sites)).forEach(act);
const first = (count: number) => (pcs: Pc[]) => pcs.slice(0, count);
const apart =
  (ms: number, act: (pc: Pc) => void, which = (pcs: Pc[]) => pcs) =>
  ({ sites, time }: Hand) =>
    which(flat(sites)).forEach((pc, at) => void time.later(at * ms, () => act(pc)));
const then =
  (...steps: [number, (hand: Hand) => void][]) =>
  (hand: Hand) => {
    for (const [ms, act] of steps) hand.time.later(ms, () => act(hand));
  };

const dark = (pc: Pc) => pc.kill({ power: true });
const boots = (pc: Pc) => pc.start({ reboot: true });
const cut = (pc: Pc) => pc.cut('hole');
const heals = (pc: Pc) => pc.heal();
const unplug = (pc: Pc) => pc.power({ onMains: false, runtimeMs: 120 * minute });
const plug = (pc: Pc) => pc.power({ onMains: true, runtimeMs: null });
const comes = (pc: Pc) => {
  plug(pc);
  heals(pc);
  boots(pc);
};
const lone = [{ supply: seen }];
/** Nobody can tell it from another, at any time. */
const open = { isTwin: { live: true, after: true } };
const threeStates = ['a', 'b', 'c'].flatMap((state) => ['x', 'y', 'z'].map((isp) => ({ state, isp })));

/** Each with its truth. */
export const further: readonly Story[] = [
  story(
    'the line of the centre, PCs see mains',
    'undetermined',
    threeStates.map((one) => ({ ...one, supply: seen })),
    { begin: all(cut), end: all(heals) },
  ),
  story('UPS shuts down after 2 min in order, two PCs', 'power-cut', [{ supply: seen, pcs: 2 }], {
    leadMs: 2 * minute,
    lead: all(unplug),
    begin: all((pc) => pc.stop('shutdown')),
    end: all(comes),
  }),
  story('forced restart of a state, two a site, back in 12 min', 'intended', times(4, { pcs: 2 }), {
    lastsMs: 12 * minute,
    begin: apart(3 * second, dark),
    end: apart(9 * second, boots),
  }),
  story('forced restart of a site, back in 6 min', 'intended', [{ pcs: 2 }], {
    ...open,
    lastsMs: 6 * minute,
    begin: apart(5 * second, dark),
    end: apart(9 * second, boots),
  }),
  story('three of four PCs behind an access point that died', 'link-down', [{ pcs: 4 }], {
    ...open,
    hit: (s) => flat(s).slice(0, 3),
    begin: of(first(3), cut),
    end: of(first(3), heals),
  }),
  story('power of a district of one provider, PCs on a mute UPS', 'power-cut', [...times(4, { isp: 'x' }), ...times(3, { isp: 'y' })], {
    ...open,
    hit: (s) => flat(s.slice(0, 4)),
    begin: of(first(4), cut),
    end: of(first(4), heals),
  }),
  story(
    'grid of two states, one machine sees it',
    'power-cut',
    [{ state: 'a', isp: 'x', supply: seen }, ...['a', 'b'].flatMap((state) => ['x', 'x', 'y', 'y'].map((isp) => ({ state, isp })))],
    {
      begin: ({ sites }) =>
        flat(sites).forEach((pc, at) => {
          if (at === 0) unplug(pc);
          cut(pc);
        }),
      end: all((pc) => {
        plug(pc);
        heals(pc);
      }),
    },
  ),
  story('line, clock half an hour back meanwhile, unplugged 40 min ago', 'link-down', lone, {
    leadMs: 40 * minute,
    lead: all(unplug),
    begin: then([0, all(cut)], [3 * minute, all((pc) => pc.machine.jump(-30 * minute))]),
    end: all(comes),
  }),
  story('line, then the mains 5 min later, all back at once', 'link-down', lone, {
    begin: then([0, all(cut)], [5 * minute, all(unplug)]),
    end: all((pc) => {
      plug(pc);
      heals(pc);
    }),
  }),
  story('line comes and goes', 'link-down', [{ pcs: 2 }], {
    begin: then([0, all(cut)], [4 * minute, all(heals)], [4.5 * minute, all(cut)], [8 * minute, all(heals)], [8.5 * minute, all(cut)]),
    end: all(heals),
  }),
];
