/**
 * The faults and outages of a nation in a month, from a seed. The shares of outages are those of `bench verdicts`
 * (test/simulation/outage-stories.ts), which names the sources. The frequencies are assumptions, equal for Sabha and Alertmanager.
 */
import { faults } from '@sabha/contracts';
import type { Random } from '../random.ts';

/** `blip`: ends before anybody should be notified. `order`: a shutdown, restart or update that people or the system started. */
export type TroubleKind = 'outage' | 'device' | 'blip' | 'order';
/** Start and end in milliseconds of the month. `boots`: the PCs had no power. */
export type Trouble = {
  kind: TroubleKind;
  from: number;
  to: number;
  pcs: readonly string[];
  fault?: DeviceFault;
  model?: string;
  boots?: boolean;
};
export type DeviceFault = (typeof deviceFaults)[number];
export type Office = { path: string; pcs: number; isp: string };
export type Month = { offices: readonly Office[]; troubles: readonly Trouble[]; lengthMs: number };

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const deviceFaults = ['camera.missing', 'microphone.missing', 'speaker.missing', 'microphone.muted', 'speaker.muted'] as const;

/** Numbers for each office in 30 days. */
const perOffice = { outages: 2, devices: 3, deviceBlips: 4, lineBlips: 6 };
/** Extent and kind of a thousand outages. A clean shutdown is no outage, but is included as in the outage stories. */
const shares = [
  { share: 420, what: 'power of a site' },
  { share: 240, what: 'line of a site' },
  { share: 150, what: 'one PC' },
  { share: 50, what: 'power of a state' },
  { share: 80, what: 'line of a state or provider' },
  { share: 60, what: 'in order' },
] as const;
type What = (typeof shares)[number]['what'];
/**
 * Time without faults of a PC after each one, in milliseconds, so that each can be judged separately: this bench does not judge relapses.
 */
const restMs = 90 * minute;
/** Number of rooms that lose their camera by one update, once in the month. */
const updatedRooms = 60;
const states = 36;
const isps = ['BSNL', 'Jio', 'Airtel', 'SWAN'];

/** Creates the month. The same options give the same month. */
export function createMonth({ sites, days, random }: { sites: number; days: number; random: Random }): Month {
  const offices = Array.from({ length: sites }, (_, at) => ({
    path: `state-${at % states}/site-${at}`,
    pcs: random.pick([1, 1, 2, 3]),
    isp: random.pick(isps),
  }));
  const lengthMs = days * day;
  const plan = createPlan();
  const count = (each: number) => Math.round((sites * each * days) / 30);
  const when = () => Math.round(random.next() * (lengthMs - 12 * hour));
  const scene = { offices, random, when };
  plan.take(update(scene));
  for (let left = count(perOffice.outages); left > 0; left -= 1) plan.take(outage(scene, whatOf(random)));
  for (let left = count(perOffice.devices); left > 0; left -= 1) plan.take(device(scene));
  for (let left = count(perOffice.deviceBlips); left > 0; left -= 1) plan.take(deviceBlip(scene));
  for (let left = count(perOffice.lineBlips); left > 0; left -= 1) plan.take(lineBlip(scene));
  return { offices, troubles: plan.all(), lengthMs };
}

type Scene = { offices: readonly Office[]; random: Random; when(): number };

export function pcsOf({ path, pcs }: Office): string[] {
  return Array.from({ length: pcs }, (_, at) => `${path}/pc-${at + 1}`);
}

/** Adds a fault if its PCs are not in use by another one. A fault of many PCs affects only those that are free. */
function createPlan() {
  const taken = new Map<string, [from: number, to: number][]>();
  const troubles: Trouble[] = [];
  const isFree = (pc: string, { from, to }: Trouble) =>
    (taken.get(pc) ?? []).every(([began, ended]) => to + restMs < began || from > ended + restMs);
  return {
    take(one: Trouble): void {
      const pcs = one.pcs.filter((pc) => isFree(pc, one));
      if (pcs.length === 0 || (pcs.length < one.pcs.length && one.pcs.length <= 3)) return;
      for (const pc of pcs) taken.set(pc, [...(taken.get(pc) ?? []), [one.from, one.to]]);
      troubles.push({ ...one, pcs });
    },
    all: () => troubles.toSorted((a, b) => a.from - b.from),
  };
}

function whatOf(random: Random): What {
  return random.pick(shares.flatMap(({ share, what }) => Array.from({ length: share / 10 }, () => what)));
}

/** Returns a random duration, more often short than long. */
function spanMs(random: Random, leastMs: number, mostMs: number): number {
  return Math.round(leastMs * (mostMs / leastMs) ** random.next());
}

function outage({ offices, random, when }: Scene, what: What): Trouble {
  const office = random.pick(offices);
  const from = when();
  const to = from + spanMs(random, 10 * minute, 8 * hour);
  const own = pcsOf(office);
  if (what === 'in order') return { kind: 'order', from, to, pcs: own.slice(0, 1), boots: true };
  if (what === 'one PC') return { kind: 'outage', from, to, pcs: own.slice(0, 1), boots: true };
  const boots = what.startsWith('power');
  if (what.endsWith('of a site')) return { kind: 'outage', from, to, pcs: own, boots };
  const state = office.path.slice(0, office.path.indexOf('/') + 1);
  const ofState = offices.filter(({ path, isp }) => path.startsWith(state) && (boots || isp === office.isp));
  return { kind: 'outage', from, to, pcs: ofState.flatMap(pcsOf), boots };
}

function device({ offices, random, when }: Scene): Trouble {
  const fault = random.pick(deviceFaults);
  const from = when();
  const leastMs = faults[fault].holdMs + 5 * minute;
  return { kind: 'device', from, to: from + spanMs(random, leastMs, 10 * hour), pcs: pcsOf(random.pick(offices)).slice(0, 1), fault };
}

/** Unplugs a device, and plugs it in again well before the hold of its fault ends. */
function deviceBlip({ offices, random, when }: Scene): Trouble {
  const fault = random.pick(deviceFaults);
  const from = when();
  const to = from + Math.round(faults[fault].holdMs * (0.2 + 0.5 * random.next()));
  return { kind: 'blip', from, to, pcs: pcsOf(random.pick(offices)).slice(0, 1), fault };
}

function lineBlip({ offices, random, when }: Scene): Trouble {
  const from = when();
  return { kind: 'blip', from, to: from + spanMs(random, 5 * second, 75 * second), pcs: pcsOf(random.pick(offices)) };
}

/** Lets one camera model fail in rooms of many states. */
function update({ offices, random, when }: Scene): Trouble {
  const from = when();
  const pcs = random
    .shuffle([...offices])
    .slice(0, Math.min(updatedRooms, offices.length >> 1))
    .map((office) => `${office.path}/pc-1`);
  return { kind: 'device', from, to: from + 6 * hour, pcs, fault: 'camera.missing', model: 'Rally' };
}
