/**
 * Stories beside the edges: of the line of the centre, laptops in hands, UPSs that end in order, forced restarts and clocks. The truth is
 * `undetermined` where no cause of ours is true, so that whatever is said for sure is wrong.
 */
import { createHash } from 'node:crypto';
import type { LinkClass, OutageCause } from '#contracts';
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

/** Longer than a forced restart takes. */
const laterOn = { lastsMs: 26 * minute };
/** The first of each of three rooms. */
const firsts = (sites: Pc[][]) => sites.slice(0, 3).flatMap((pcs) => pcs.slice(0, 1));

/** Each with its truth. */
export const further: readonly Story[] = [
  story('the line of the centre, 9 sites, 3 states, 3 providers', 'undetermined', threeStates, { begin: all(cut), end: all(heals) }),
  story(
    'the line of the centre, PCs see mains',
    'undetermined',
    threeStates.map((one) => ({ ...one, supply: seen })),
    { begin: all(cut), end: all(heals) },
  ),
  story(
    'the line of the centre, one provider in each state',
    'undetermined',
    ['a', 'b', 'c'].flatMap((state) => times(3, { state, isp: state })),
    { begin: all(cut), end: all(heals) },
  ),
  story('laptop carried away, unplugged a minute before', 'link-down', lone, {
    leadMs: minute,
    lead: all(unplug),
    begin: all(cut),
    end: all(comes),
  }),
  story('laptop carried away, still on battery at its return', 'link-down', lone, {
    leadMs: minute,
    lead: all(unplug),
    begin: all(cut),
    end: all(heals),
  }),
  story('laptop unplugged 5 min, then the line', 'link-down', lone, {
    leadMs: 5 * minute,
    lead: all(unplug),
    begin: all(cut),
    end: all(heals),
  }),
  story('laptop unplugged 9 min, then a crash', 'crash', lone, {
    leadMs: 9 * minute,
    lead: all(unplug),
    begin: all(dark),
    end: all(comes),
  }),
  story('laptop unplugged, lid closed', 'pc-off', lone, {
    leadMs: 2 * minute,
    lead: all(unplug),
    begin: all((pc) => pc.pause(14 * minute)),
    end: all((pc) => pc.process()?.go()),
  }),
  story('laptop of two carried away', 'pc-off', [{ supply: seen, pcs: 2 }], {
    leadMs: minute,
    lead: of(first(1), unplug),
    hit: (s) => flat(s).slice(0, 1),
    begin: of(first(1), cut),
    end: of(first(1), comes),
  }),
  story('home time: laptop unplugged, desktop switched off at the wall', 'pc-off', [{ supply: seen, pcs: 2 }], {
    hit: (s) => flat(s).slice(0, 1),
    begin: then([0, of((p) => p.slice(1, 2), unplug)], [20 * second, of(first(1), dark)]),
    end: all(comes),
  }),
  story('home time: laptop unplugged a minute after the switch', 'pc-off', [{ supply: seen, pcs: 2 }], {
    hit: (s) => flat(s).slice(0, 1),
    begin: then([0, of(first(1), dark)], [40 * second, of((p) => p.slice(1, 2), unplug)], [6 * minute, of((p) => p.slice(1, 2), plug)]),
    end: all(comes),
  }),
  story('UPS runs low and shuts the PC down in order', 'power-cut', lone, {
    leadMs: 6 * minute,
    lead: all(unplug),
    begin: then([0, all((pc) => pc.power({ runtimeMs: 60 * second }))], [30 * second, all((pc) => pc.stop('shutdown'))]),
    end: all(comes),
  }),
  story('UPS shuts down after 2 min in order, two PCs', 'power-cut', [{ supply: seen, pcs: 2 }], {
    leadMs: 2 * minute,
    lead: all(unplug),
    begin: all((pc) => pc.stop('shutdown')),
    end: all(comes),
  }),
  story('laptop low, hibernates in order, mains gone 20 min', 'power-cut', lone, {
    leadMs: 20 * minute,
    lead: all(unplug),
    begin: then([0, all((pc) => pc.power({ runtimeMs: 60 * second }))], [20 * second, all((pc) => pc.stop('stopped'))]),
    end: all(comes),
  }),
  story('forced restart of a state, back in 7 min', 'intended', times(5, {}), {
    lastsMs: 7 * minute,
    begin: apart(5 * second, dark),
    end: apart(9 * second, boots),
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
  story('power of a district of one provider, no battery', 'power-cut', [...times(4, { isp: 'x' }), ...times(3, { isp: 'y' })], {
    ...open,
    hit: (s) => flat(s.slice(0, 4)),
    begin: of(first(4), dark),
    end: of(first(4), boots),
  }),
  story('power of a district of one provider, PCs on a mute UPS', 'power-cut', [...times(4, { isp: 'x' }), ...times(3, { isp: 'y' })], {
    ...open,
    hit: (s) => flat(s.slice(0, 4)),
    begin: of(first(4), cut),
    end: of(first(4), heals),
  }),
  story(
    'grid of two states, mute UPS',
    'power-cut',
    ['a', 'b'].flatMap((state) => ['x', 'x', 'y', 'y'].map((isp) => ({ state, isp }))),
    { begin: all(cut), end: all(heals) },
  ),
  story(
    'grid of two states, dark',
    'power-cut',
    ['a', 'b'].flatMap((state) => ['x', 'x', 'y', 'y'].map((isp) => ({ state, isp }))),
    { begin: all(dark), end: all(boots) },
  ),
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
  story('line of a provider, one of its PCs switched off just then', 'upstream', [...times(5, { isp: 'x' }), ...times(2, { isp: 'y' })], {
    hit: (s) => flat(s.slice(1, 5)),
    begin: then([0, of(first(5), cut)], [second, of(first(1), dark)]),
    end: all((pc) => {
      heals(pc);
      boots(pc);
    }),
  }),
  story('the rack is unplugged, laptops live on', 'link-down', [{ pcs: 2, supply: seen }], { begin: all(cut), end: all(heals) }),
  story('line, clock a day on meanwhile', 'link-down', lone, {
    begin: then([0, all(cut)], [3 * minute, all((pc) => pc.machine.jump(86_400_000))]),
    end: all(heals),
  }),
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
  story('generator took over before the line went', 'link-down', lone, {
    leadMs: 3 * minute,
    lead: then([0, all(unplug)], [minute, all(plug)]),
    begin: all(cut),
    end: all(heals),
  }),
  story('line comes and goes', 'link-down', [{ pcs: 2 }], {
    begin: then([0, all(cut)], [4 * minute, all(heals)], [4.5 * minute, all(cut)], [8 * minute, all(heals)], [8.5 * minute, all(cut)]),
    end: all(heals),
  }),
  story('agent killed by a scanner', 'pc-off', [{ pcs: 1 }], { begin: all((pc) => pc.kill()), end: all((pc) => pc.start()) }),
  story('line down, agent killed and started again on the same boot', 'link-down', [{ pcs: 1 }], {
    begin: then([0, all(cut)], [5 * minute, all((pc) => pc.kill())], [6 * minute, all((pc) => pc.start())]),
    end: all(heals),
  }),
  story('closing time: 3 of 5 sites switched off at the wall, on again later', 'pc-off', times(5, {}), {
    ...open,
    ...laterOn,
    hit: (s) => flat(s).slice(0, 3),
    begin: apart(14 * second, dark, first(3)),
    end: apart(100 * second, boots, first(3)),
  }),
  story('closing time: one PC of two in three rooms, its neighbour stays', 'pc-off', times(4, { pcs: 2 }), {
    ...laterOn,
    hit: firsts,
    begin: ({ sites, time }) => firsts(sites).forEach((pc, at) => void time.later(at * 14 * second, () => dark(pc))),
    end: ({ sites, time }) => firsts(sites).forEach((pc, at) => void time.later(at * minute, () => boots(pc))),
  }),
  story('power cut while one of two installs updates', 'power-cut', [{ pcs: 2 }], {
    ...laterOn,
    leadMs: 2 * minute,
    lead: of(first(1), (pc) => pc.begins('update')),
    begin: all(dark),
    end: apart(minute, boots),
  }),
  story('power cut while a PC installs updates, which sees its mains go', 'power-cut', lone, {
    ...open,
    ...laterOn,
    leadMs: 2 * minute,
    lead: all((pc) => pc.begins('update')),
    begin: then([0, all((pc) => pc.power({ onMains: false, runtimeMs: 60 * second }))], [50 * second, all(dark)]),
    end: all(comes),
  }),
  story('mains gone, the only PC on a mute UPS, its router dark', 'power-cut', [{}], { ...open, begin: all(cut), end: all(heals) }),
  story('mains gone, the only PC and its router on a mute UPS, the router ends first', 'power-cut', [{}], {
    ...open,
    leadMs: 5 * minute,
    begin: then([0, all(cut)], [6 * minute, all(dark)]),
    end: all(comes),
  }),
  story('laptop taken off its dock, which holds mains and cable', 'pc-off', lone, {
    ...open,
    ...laterOn,
    begin: all((pc) => {
      unplug(pc);
      cut(pc);
    }),
    end: all((pc) => {
      plug(pc);
      heals(pc);
    }),
  }),
  story('plug pulled, worn battery ends 8 min later', 'pc-off', [{ supply: { pc: 'seen', router: true } }], {
    ...open,
    ...laterOn,
    leadMs: 8 * minute,
    lead: all((pc) => pc.power({ onMains: false, runtimeMs: 9 * minute })),
    begin: then([0, all((pc) => pc.power({ runtimeMs: minute }))], [50 * second, all(dark)]),
    end: all(comes),
  }),
  story('program of a mute UPS shuts one down in order, the other is dark', 'power-cut', [{ pcs: 2 }], {
    ...laterOn,
    hit: (s) => flat(s).slice(1, 2),
    begin: then(
      [0, of(first(1), dark)],
      [
        5 * second,
        of(
          (pcs) => pcs.slice(1),
          (pc) => pc.stop('shutdown'),
        ),
      ],
    ),
    end: all(boots),
  }),
];
