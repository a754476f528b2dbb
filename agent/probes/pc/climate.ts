/** Checks temperature, humidity and altitude of the PC. Without a sensor there is no check. */
import { connect } from 'node:net';
import { type BeatKey, type Check, type Clock, parseJsonAs, realClock, riseFactor } from '@sabha/contracts';
import type { Probe, ProbeContext } from '../../checks/probe.ts';
import {
  type ClimateLimits,
  judgeAir,
  judgeCharging,
  judgeCold,
  judgeDevice,
  judgeRoom,
  limitsAt,
  maxAltitudeOf,
} from '../../link/analysis/climate.ts';
import {
  bandOf,
  coldestOf,
  compareRise,
  emptyMemory,
  type RiseMemory,
  riseMemory,
  usualRise,
  withHour,
  withRise,
} from '../../link/analysis/rise.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { type AskUps, createNut } from '../../link/net/nut.ts';
import type { ClimateFigures, Part, PowerFigures } from '../../platform/platform.ts';
import type { KeyValueStore } from '../../uplink/store/data-folder.ts';
import { type Ups, upsOf } from './ups.ts';

/** Uptime up to which the PC counts as just started. */
const startMs = 600_000;
/** Interval for reading the names of the devices. Names seldom change, and reading the sound devices starts several programs. */
const devicesEveryMs = 3_600_000;

type ClimateReading = { figures: ClimateFigures; power: PowerFigures; ups: Ups | null };

export type ClimateOptions = { ask?: AskUps; clock?: Clock };

/** Creates the climate probe. Guarantee: only a sensor in the room can report a warm room. A sensor that disappears gives `unknown`. */
export function createClimateProbe({ clock = realClock(), ask = createNut({ connect, clock }) }: ClimateOptions = {}): Probe {
  const watchRise = createRiseWatch(clock);
  const watchCold = createColdWatch();
  const readDevices = createDeviceLook(clock);
  const seen = new Set<string>();

  function checksOf(limits: ClimateLimits, reading: ClimateReading): Check[] {
    const room = roomOf(reading);
    const verdicts: [string, Verdict | undefined][] = [
      ['room', judgeRoom(limits, { celsius: room, caseCelsius: reading.ups?.caseCelsius ?? null })],
      ['air', judgeAir(limits, humidityOf(reading))],
      ['board', watchCold(limits, reading.figures)],
      ['battery', judgeCharging(limits, cellsOf(reading), room)],
    ];
    for (const [device, verdict] of verdicts) if (verdict !== undefined) seen.add(device);
    const known = verdicts.filter(([device]) => seen.has(device));
    return known.map(([device, verdict]) => checkOf(device, verdict ?? unknown('no sensor measures it now')));
  }

  return {
    name: 'climate',
    everyMs: 60_000,
    timeoutMs: 15_000,
    async run(context) {
      const { elevationM } = context.profile;
      const limits = limitsAt(elevationM);
      const reading = await readAll(context, ask);
      const riseReading = riseReadingOf(reading, elevationM);
      const rise = context.memory && riseReading && watchRise(riseReading, context.memory);
      const checks = [
        ...checksOf(limits, reading),
        ...(rise === undefined ? [] : [checkOf('rise', rise.isHigh ? fault('climate.rise_high') : ok)]),
        ...hardwareChecks(limits, await readDevices(context)),
      ];
      return { checks, numbers: numbersOf(reading, rise) };
    },
  };
}

async function readAll({ platform, profile, signal }: ProbeContext, ask: AskUps): Promise<ClimateReading> {
  const answer = profile.ups && (await ask(profile.ups, signal));
  return { figures: await platform.climate(signal), power: await platform.power(signal), ups: answer?.known ? upsOf(answer) : null };
}

function createColdWatch(): (limits: ClimateLimits, figures: ClimateFigures) => Verdict | undefined {
  let startedFrozen = false;
  return (limits, { sensors, uptimeSeconds }) => {
    const found = sensors.filter(({ kind }) => kind === 'board' || kind === 'disk').map(({ celsius }) => celsius);
    if (found.length === 0) return undefined;
    const coldest = Math.min(...found);
    const isStart = uptimeSeconds * 1_000 < startMs;
    startedFrozen = startedFrozen ? coldest < limits.thawedCelsius : isStart && coldest < limits.frostCelsius;
    return judgeCold(limits, coldest, startedFrozen);
  };
}

type PcParts = { disks: Part[]; others: Part[] };

function createDeviceLook(clock: Pick<Clock, 'up'>): (context: ProbeContext) => Promise<PcParts> {
  let last: (PcParts & { up: number }) | undefined;
  return async (context) => {
    if (last !== undefined && clock.up() - last.up < devicesEveryMs) return last;
    const { turningDisks, models } = await context.platform.hardware(context.signal);
    last = { disks: turningDisks, others: [...models, ...(await roomParts(context))], up: clock.up() };
    return last;
  };
}

/** Returns the known cameras and sound devices. If a list is unknown, it is left out; another probe reports why. */
async function roomParts({ platform, signal }: ProbeContext): Promise<Part[]> {
  const none = () => ({ known: false as const });
  const cameras = await platform.cameras(signal).catch(none);
  const sound = await platform.sound(signal).catch(none);
  const found = [...(cameras.known ? cameras.value : []), ...(sound.known ? [...sound.value.sources, ...sound.value.sinks] : [])];
  return found.map(({ id, name }) => ({ id, name }));
}

/** Judges the altitude limits of disks and devices. A hard disk is reported under an id that does not change. */
function hardwareChecks(limits: ClimateLimits, { disks, others }: PcParts): Check[] {
  const judged = [
    ...(limits.isTooHighForHardDisks ? disks : []).map((part) => ({ part, verdict: fault('climate.hdd_altitude') })),
    ...others.map((part) => ({ part, verdict: judgeDevice(limits, maxAltitudeOf(part.name)) })),
  ];
  return judged.flatMap(({ part, verdict }) => (verdict === undefined ? [] : [{ ...checkOf(part.id, verdict), name: part.name }]));
}

function roomOf({ figures, ups }: ClimateReading): number | null {
  return ups?.room.celsius ?? figures.sensors.find(({ kind }) => kind === 'room')?.celsius ?? null;
}

function humidityOf({ figures, ups }: ClimateReading): number | null {
  return ups?.room.humidityRatio ?? figures.humidityRatio;
}

function cellsOf({ power, ups }: ClimateReading) {
  return [
    ...(power.batteryChargeRatio === null ? [] : [{ isCharging: power.isCharging, celsius: power.batteryCelsius }]),
    ...(ups === null ? [] : [{ isCharging: ups.isCharging, celsius: ups.batteryCelsius }]),
  ];
}

/** Returns the values for the rise watch. `roomCelsius` is null without a sensor in the room. */
function riseReadingOf(reading: ClimateReading, elevationM: number) {
  const { sensors, loadRatio } = reading.figures;
  const warmest = Math.max(...sensors.filter(({ kind }) => kind === 'processor').map(({ celsius }) => celsius));
  if (!Number.isFinite(warmest) || loadRatio === null) return undefined;
  return { processorCelsius: warmest, roomCelsius: roomOf(reading), loadRatio, elevationM };
}

function numbersOf(reading: ClimateReading, rise: Rise | undefined): Partial<Record<BeatKey, number>> {
  const [room, rh] = [roomOf(reading), humidityOf(reading)];
  return { ...(room !== null && { room }), ...(rh !== null && { rh }), ...(rise !== undefined && { rise: rise.ratio }) };
}

function checkOf(device: string, verdict: Verdict): Check {
  return { component: 'climate', device, ...verdict };
}

/** Temperatures of processor and room at one moment, and the load of the processor (0 to 1). */
export type RiseReading = NonNullable<ReturnType<typeof riseReadingOf>>;
/** `ratio`: temperature rise divided by the usual rise. It is the higher one of the ratios at rest and under load. */
export type Rise = { ratio: number; isHigh: boolean };

/** Window over which load and temperature are averaged, because the temperature follows the load within minutes. */
const windowMs = 600_000;
/** A longer gap between readings means that the PC slept. */
const gapMs = 180_000;
/** Age after which the ratio at rest, or the one under load, no longer counts. */
const answerLastsMs = 24 * 3_600_000;
const memoryKey = 'rises';

type RiseSample = { up: number; rise: number };

/**
 * Compares the temperature rise with the usual rise of this PC, from one reading a minute. Undefined until three days are known.
 * Guarantee: readings above the limit do not change the usual rise. The usual rise is stored once an hour, so a crash loses at most one
 * hour.
 */
export function createRiseWatch(clock: Pick<Clock, 'now' | 'up'>): (reading: RiseReading, store: KeyValueStore) => Rise | undefined {
  let memory: RiseMemory | undefined;
  let savedHour = Math.floor(clock.now() / 3_600_000);
  let window: { key: string; samples: RiseSample[] } = { key: '', samples: [] };
  const answers = new Map<string, Rise & { up: number }>();

  function settle(held: RiseMemory, key: string, { rise, factor }: { rise: number; factor: number }): RiseMemory {
    const usual = usualRise(held, key, clock.now());
    if (usual !== null) answers.set(key, { ...compareRise(rise, usual, factor), up: clock.up() });
    return answers.get(key)?.isHigh === true ? held : withRise(held, key, { at: clock.now(), rise });
  }

  return (reading, store) => {
    let held = withHour(memory ?? parseJsonAs(riseMemory, store.recall(memoryKey)) ?? emptyMemory, clock.now(), reading.processorCelsius);
    const factor = riseFactor(reading.elevationM);
    const key = keyOf(reading);
    const room = reading.roomCelsius ?? coldestOf(held);
    if (key !== null && room !== null) {
      const samples = window.key === key ? samplesInWindow(window.samples, clock.up()) : [];
      samples.push({ up: clock.up(), rise: (reading.processorCelsius - room) / factor });
      window = { key, samples };
      if (spans(samples)) held = settle(held, key, { rise: mean(samples), factor });
    }
    memory = held;
    const hour = Math.floor(clock.now() / 3_600_000);
    if (hour !== savedHour && store.remember(memoryKey, JSON.stringify(held))) savedHour = hour;
    return worst([...answers.values()].filter(({ up }) => clock.up() - up <= answerLastsMs));
  };
}

/**
 * Returns the group of a reading. Rest and load are separate groups, with and without a room sensor. Without a room sensor the rise
 * counts from the coldest reading of the day. At rest that rise only shows the weather, so such a reading has no group.
 */
function keyOf({ loadRatio, roomCelsius }: RiseReading): string | null {
  const band = bandOf(loadRatio);
  if (band === null || (band === 'rest' && roomCelsius === null)) return null;
  return `${band}/${roomCelsius === null ? 'coldest' : 'room'}`;
}

/** Returns the samples of the last `windowMs`, including the one at its start; none after a gap. */
function samplesInWindow(samples: readonly RiseSample[], up: number): RiseSample[] {
  if (up - (samples.at(-1)?.up ?? up) > gapMs) return [];
  const first = samples.findLastIndex((one) => up - one.up >= windowMs);
  return samples.slice(Math.max(0, first));
}

function spans(samples: readonly RiseSample[]): boolean {
  return (samples.at(-1)?.up ?? 0) - (samples[0]?.up ?? 0) >= windowMs;
}

function mean(samples: readonly RiseSample[]): number {
  return samples.reduce((sum, { rise }) => sum + rise, 0) / samples.length;
}

function worst(answers: readonly Rise[]): Rise | undefined {
  const [first] = answers.toSorted((a, b) => Number(b.isHigh) - Number(a.isHigh) || b.ratio - a.ratio);
  return first && { ratio: first.ratio, isHigh: first.isHigh };
}
