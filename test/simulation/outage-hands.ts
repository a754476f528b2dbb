/**
 * Outage stories with an ambiguous cause. A person, a dock or a worn battery looks like a power cut, or a power cut looks like an update or
 * a shutdown.
 */
import {
  always,
  each,
  first,
  firstOf,
  type Hand,
  minute,
  type Plot,
  plug,
  type Scene,
  type Site,
  second,
  siteOf,
  whileItLasts,
} from './outage-plots.ts';
import type { Pc } from './pc.ts';

const nightMs = 6.2 * 60 * minute;

/**
 * People switch off some sites of a state one by one, and nothing shows that a person did it. Only the part of the night that distinguishes
 * it from a day is simulated.
 */
export function closingTime(scene: Scene, _: Site): Plot {
  const count = 5 + scene.random.below(4);
  const sites = Array.from({ length: count }, (__, at) =>
    siteOf(scene, `office-${at}`, { isp: '', supply: { pc: 'none', router: false }, battery: false }),
  );
  const hit = (of: Pc[][]) => of.slice(0, Math.max(3, Math.floor(count / 2))).flat();
  const mine = (hand: Hand) => hit(hand.sites);
  return {
    hit,
    truth: 'pc-off',
    sites,
    isTwin: always,
    lastsMs: nightMs,
    begin: (hand) => mine(hand).forEach((pc) => void hand.time.later(hand.random.next() * 40 * second, () => pc.kill({ power: true }))),
    end: (hand) => mine(hand).forEach((pc) => void hand.time.later(hand.random.next() * 4 * minute, () => pc.start({ reboot: true }))),
  };
}

const ofLaptop = (scene: Scene) => siteOf(scene, 'office', { pcs: 1, battery: true, supply: { pc: 'seen', router: true } });

/** Somebody takes the PC out of its dock, which supplies mains and network. */
export function undocked(scene: Scene): Plot {
  const begin = first((pc) => {
    pc.power({ onMains: false, runtimeMs: 120 * minute });
    pc.cut('hole');
  });
  const end = first((pc) => {
    plug(pc);
    pc.heal();
  });
  return { truth: 'pc-off', sites: [ofLaptop(scene)], isTwin: always, begin, end };
}

/** Somebody pulled the plug of a PC with a worn battery. */
export function wornBattery(scene: Scene): Plot {
  const leadMs = (2 + 7 * scene.random.next()) * minute;
  const lead = first((pc) => pc.power({ onMains: false, runtimeMs: leadMs + minute }));
  const begin = first((pc, { time }) => {
    pc.power({ runtimeMs: minute });
    time.later(50 * second, () => pc.kill({ power: true }));
  });
  const end = first((pc) => {
    plug(pc);
    pc.start({ reboot: true });
  });
  return { truth: 'pc-off', sites: [ofLaptop(scene)], isTwin: always, leadMs, lead, begin, end };
}

/** A UPS program that the agent cannot query shuts its PC down cleanly, soon after the other PC lost power. */
export function programOfUps(scene: Scene): Plot {
  const sites = [siteOf(scene, 'office', { pcs: 2, battery: false, supply: { pc: 'mute', router: true } })];
  return {
    truth: 'power-cut',
    sites,
    hit: firstOf,
    isTwin: whileItLasts,
    begin: ({ sites: [pcs = []], time }) => {
      pcs[1]?.kill({ power: true });
      time.later(30 * second, () => pcs[0]?.stop('shutdown'));
    },
    end: each((pc) => pc.start({ reboot: true }), minute),
  };
}

/** A power cut during an update that one of two machines had begun. */
export function powerCutInUpdate(scene: Scene): Plot {
  const sites = [siteOf(scene, 'office', { pcs: 2, battery: false, supply: { pc: 'none', router: false } })];
  const lead = first((pc) => pc.begins('update'));
  const begin = each((pc) => pc.kill({ power: true }));
  const end = each((pc) => pc.start({ reboot: true }), 4 * minute);
  return { truth: 'power-cut', sites, isTwin: whileItLasts, leadMs: 2 * minute, lastsMs: 26 * minute, lead, begin, end };
}
