/** Watches the rise of the processor over its room: a window of readings in one band, compared with what the memory holds. */
import { type Clock, readJson, riseFactors } from '#contracts';
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
import type { Memory } from '../../uplink/store/memory.ts';

/** How warm processor and room are at one moment, and how busy the PC is (0 to 1). */
export type RiseReading = {
  processorCelsius: number;
  /** Null where nothing measures the room. */
  roomCelsius: number | null;
  loadRatio: number;
  elevationM: number;
};
/** `ratio` 1 = as usual. Of rest and load the worse. */
export type Rise = { ratio: number; isHigh: boolean };

/** A fan and the metal around it need minutes to follow the load. */
const windowMs = 600_000;
/** Between readings further apart the PC slept. */
const gapMs = 180_000;
/** What was seen at rest or under load longer ago is no answer for today. */
const answerLastsMs = 24 * 3_600_000;
const word = 'rises';

type Sample = { up: number; rise: number };

/**
 * Takes a reading a minute. Undefined until three days are known.
 * Guarantee: readings while it is too warm do not become usual; the memory is written once an hour, so that a crash costs an hour of it.
 */
export function createRiseWatch(clock: Pick<Clock, 'now' | 'up'>): (reading: RiseReading, store: Memory) => Rise | undefined {
  let memory: RiseMemory | undefined;
  let savedHour = Math.floor(clock.now() / 3_600_000);
  let window: { key: string; samples: Sample[] } = { key: '', samples: [] };
  const answers = new Map<string, Rise & { up: number }>();

  function settle(held: RiseMemory, key: string, { rise, factor }: { rise: number; factor: number }): RiseMemory {
    const usual = usualRise(held, key, clock.now());
    if (usual !== null) answers.set(key, { ...compareRise(rise, usual, factor), up: clock.up() });
    return answers.get(key)?.isHigh === true ? held : withRise(held, key, { at: clock.now(), rise });
  }

  return (reading, store) => {
    let held = withHour(memory ?? readJson(riseMemory, store.recall(word)) ?? emptyMemory, clock.now(), reading.processorCelsius);
    const factor = riseFactors(reading.elevationM).expected;
    const key = keyOf(reading);
    const room = reading.roomCelsius ?? coldestOf(held);
    if (key !== null && room !== null) {
      const samples = window.key === key ? young(window.samples, clock.up()) : [];
      samples.push({ up: clock.up(), rise: (reading.processorCelsius - room) / factor });
      window = { key, samples };
      if (spans(samples)) held = settle(held, key, { rise: mean(samples), factor });
    }
    memory = held;
    const hour = Math.floor(clock.now() / 3_600_000);
    if (hour !== savedHour && store.remember(word, JSON.stringify(held))) savedHour = hour;
    return worst([...answers.values()].filter(({ up }) => clock.up() - up <= answerLastsMs));
  };
}

/**
 * Rises over a sensor and over the coldest of the day are two different things. At rest the second is the weather: the coldest is a PC at rest
 * in a cold night, and what it is warmer by day says how much the room is.
 */
function keyOf({ loadRatio, roomCelsius }: RiseReading): string | null {
  const band = bandOf(loadRatio);
  if (band === null || (band === 'rest' && roomCelsius === null)) return null;
  return `${band}/${roomCelsius === null ? 'coldest' : 'room'}`;
}

/** Those of the window, with the one that begins it; none where a gap lies before now. */
function young(samples: readonly Sample[], up: number): Sample[] {
  if (up - (samples.at(-1)?.up ?? up) > gapMs) return [];
  const first = samples.findLastIndex((one) => up - one.up >= windowMs);
  return samples.slice(Math.max(0, first));
}

function spans(samples: readonly Sample[]): boolean {
  return (samples.at(-1)?.up ?? 0) - (samples[0]?.up ?? 0) >= windowMs;
}

function mean(samples: readonly Sample[]): number {
  return samples.reduce((sum, { rise }) => sum + rise, 0) / samples.length;
}

function worst(answers: readonly Rise[]): Rise | undefined {
  const [first] = answers.toSorted((a, b) => Number(b.isHigh) - Number(a.isHigh) || b.ratio - a.ratio);
  return first && { ratio: first.ratio, isHigh: first.isHigh };
}
