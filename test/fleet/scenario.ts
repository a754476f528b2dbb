/** The disturbances of the nation. A seed determines them before the start, so that the number of incidents can be computed. */
import { faults, type LinkClass, links, type PcPath } from '@sabha/contracts';
import { type Random, randomFrom } from '../random.ts';
import { models, type RoomFault, roomFaults } from './room.ts';
import { isLaptop } from './supply.ts';

/**
 * One disturbance: start and duration in milliseconds on the demo's clock. `link`, `power` and `crash` take the PC offline. Off the `mains`
 * a laptop runs on and reports it.
 */
export type Disturbance = { pc: PcPath; at: number; forMs: number; what: RoomFault | 'link' | 'snow' | 'power' | 'crash' | 'mains' };

export type ScenarioOptions = {
  pcs: readonly { path: PcPath; link: LinkClass }[];
  /** The PC whose microphone is missing all the time, without other disturbances. */
  silenced: PcPath;
  seed: number;
  lengthMs: number;
};

const second = 1_000;
const minute = 60 * second;

/** Length of a window in milliseconds, in which fixed shares of the PCs are disturbed. A PC has one kind of disturbance. */
const windowMs = 20 * minute;
const shares = {
  standing: 0.015,
  fault: 0.08,
  flap: 0.01,
  linkLong: 0.015,
  powerLong: 0.015,
  linkShort: 0.01,
  powerShort: 0.005,
  crash: 0.01,
  mains: 0.02,
};
/** Time at the end without new disturbances, in milliseconds. The server then has received everything before the summary. */
const quietEndMs = 3 * minute;
/** Durations in milliseconds, well below and well above the silence limit. */
const shortMs = [15 * second, 40 * second] as const;
const longMs = [5 * minute, 7 * minute] as const;
const flap = { times: 3, onMs: 40 * second, offMs: 40 * second };
/** Milliseconds, longer than any demo. */
const forGoodMs = 1e12;

/** Whether the agent notices a fault only at its next poll. */
const isPolled = (fault: RoomFault) => fault.startsWith('pc.');

/** Creates a scenario. The same options give the same scenario. */
export function createScenario({ pcs, silenced, seed, lengthMs }: ScenarioOptions): Disturbance[] {
  const random = randomFrom(seed);
  const order = random.shuffle(pcs.filter(({ path }) => path !== silenced));
  const quick = order.filter(({ link }) => links[link].silentMs < longMs[0] / 1.5);
  const slow = order.filter((pc) => !quick.includes(pc));
  const part = Math.min(1, lengthMs / windowMs);
  const take = (from: typeof order, share: number) => from.splice(0, Math.ceil(order.length * share)).map(({ path }) => path);
  const takeFor = (kind: keyof typeof shares, neededMs: number, from = quick) =>
    lengthMs >= neededMs ? take(from, shares[kind] * part) : [];
  const time = { random, lengthMs };
  const list: Disturbance[] = [{ pc: silenced, at: 0, forMs: forGoodMs, what: 'microphone.missing' }];
  for (const pc of take(quick, shares.standing)) list.push({ pc, at: 0, forMs: forGoodMs, what: random.pick(roomFaults) });
  for (const pc of takeFor('flap', 8 * minute)) list.push(...flapOf(pc, time));
  for (const pc of takeFor('linkLong', 12 * minute)) list.push(spanOf(pc, { what: 'link', ms: longMs }, time));
  for (const pc of takeFor('powerLong', 12 * minute)) list.push(spanOf(pc, { what: 'power', ms: longMs }, time));
  for (const pc of takeFor('linkShort', 6 * minute)) list.push(spanOf(pc, { what: 'link', ms: shortMs }, time));
  for (const pc of takeFor('powerShort', 6 * minute)) list.push(spanOf(pc, { what: 'power', ms: shortMs }, time));
  for (const pc of takeFor('crash', 6 * minute)) list.push(spanOf(pc, { what: 'crash', ms: shortMs }, time));
  const unplugged = takeFor(
    'mains',
    12 * minute,
    quick.filter(({ path }) => isLaptop(path)),
  );
  for (const pc of unplugged) list.push(spanOf(pc, { what: 'mains', ms: longMs }, time));
  const left = [...slow, ...quick].filter(({ path }) => !unplugged.includes(path));
  for (const pc of take(random.shuffle(left), shares.fault * part)) list.push(faultOf(pc, time));
  return list.sort((a, b) => a.at - b.at);
}

type Time = { random: Random; lengthMs: number };
type Kind = { what: Disturbance['what']; ms: readonly [number, number] };

function spanOf(pc: PcPath, { what, ms: [least, most] }: Kind, { random, lengthMs }: Time): Disturbance {
  const forMs = Math.round(least + random.next() * (most - least));
  const latest = Math.max(0, lengthMs - quietEndMs - forMs);
  return { pc, what, forMs, at: Math.round(random.next() * latest) };
}

/** Returns a fault. A short demo breaks only devices, because figures are polled every half minute. */
function faultOf(pc: PcPath, time: Time): Disturbance {
  const isShort = time.lengthMs < 5 * minute;
  const fault = time.random.pick(roomFaults.filter((one) => !(isShort && isPolled(one))));
  const most = Math.min(6 * minute, time.lengthMs / 3);
  const least = Math.min(isPolled(fault) ? 2 * minute : minute, most);
  const span = spanOf(pc, { what: fault, ms: [least, most] }, time);
  return isShort ? { ...span, at: Math.round(time.random.next() * (time.lengthMs / 3)) } : span;
}

function flapOf(pc: PcPath, time: Time): Disturbance[] {
  const period = flap.onMs + flap.offMs;
  const { at } = spanOf(pc, { what: 'microphone.missing', ms: [flap.times * period, flap.times * period] }, time);
  return Array.from({ length: flap.times }, (_, n) => ({ pc, at: at + n * period, forMs: flap.onMs, what: 'microphone.missing' as const }));
}

/** Milliseconds. A fault that returns within this time flaps, and ends only after this time without the fault (flows/engine/incidents). */
const flapWindowMs = 30 * minute;
const calmMs = 10 * minute;
/**
 * Returns the limit of the link class in milliseconds, after which a PC is silent. The limit counts from the last message, which may be one
 * beat interval old.
 */
const silentAfterMs = (link: LinkClass) => links[link].silentMs;

/**
 * Returns the number of incidents that the server must raise for each disturbed PC, from the clear times of the faults and the silence
 * limits. A room has one incident from its first fault to its last end. Only PCs in `links` raise incidents.
 */
export function expectedIncidents(disturbances: readonly Disturbance[], linkOf: ReadonlyMap<PcPath, LinkClass>): Map<PcPath, number> {
  const rooms = Map.groupBy(disturbances, ({ pc }) => pc);
  return new Map(
    [...rooms].map(([pc, list]) => {
      const link = linkOf.get(pc);
      return [pc, link === undefined ? 0 : incidentsOf(list, link)];
    }),
  );
}

/**
 * The model that each fault removes. A model that is missing from many rooms at once has one shared cause, which is one additional
 * incident.
 */
const modelOf: Partial<Record<Disturbance['what'], string>> = {
  'camera.missing': models.camera,
  'microphone.missing': models.microphone,
  'speaker.missing': models.speaker,
};
const spreadRooms = 5;

/** Returns the shared causes that the server must report: one for each fault that is in enough rooms at one time. */
export function expectedSpreads(disturbances: readonly Disturbance[], linkOf: ReadonlyMap<PcPath, LinkClass>): Map<string, number> {
  const live = disturbances.filter(({ pc, what }) => modelOf[what] !== undefined && linkOf.has(pc));
  const spread = [...Map.groupBy(live, ({ what }) => what)].filter(([, spans]) =>
    spans.some(({ at }) => new Set(spans.filter((one) => one.at <= at && one.at + one.forMs > at).map(({ pc }) => pc)).size >= spreadRooms),
  );
  return new Map(spread.map(([what]) => [`spread:${what} ${modelOf[what]}`, 1]));
}

function incidentsOf(list: readonly Disturbance[], link: LinkClass): number {
  const open = [...Map.groupBy(list, ({ what }) => what)].flatMap(([what, spans]) => openTimes(what, spans, link));
  let openUntil = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const { from, until } of open.sort((a, b) => a.from - b.from)) {
    if (from > openUntil) count += 1;
    openUntil = Math.max(openUntil, until);
  }
  return count;
}

/** Returns when a fault keeps its incident open: each time span of the fault plus its clear time. */
function openTimes(what: Disturbance['what'], spans: readonly Disturbance[], link: LinkClass): { from: number; until: number }[] {
  // Only the story of Leh has snow, and another fault keeps the incident open during the snow.
  if (what === 'crash' || what === 'snow') return [];
  if (what === 'link' || what === 'power') {
    const long = spans.filter(({ forMs }) => forMs > silentAfterMs(link));
    return long.map(({ at, forMs }) => ({ from: at + silentAfterMs(link), until: at + forMs }));
  }
  let endedAt = Number.NEGATIVE_INFINITY;
  let openUntil = Number.NEGATIVE_INFINITY;
  return spans.map(({ at, forMs }) => {
    if (openUntil > Number.NEGATIVE_INFINITY) endedAt = Math.min(at, openUntil);
    const goneAt = at + forMs;
    openUntil = goneAt + (goneAt - endedAt < flapWindowMs ? calmMs : faults[what === 'mains' ? 'power.on_battery' : what].clearMs);
    return { from: at, until: openUntil };
  });
}
