import { expect, test } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { createRiseWatch, type Rise, type RiseReading } from './climate.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function setUp() {
  const clock = handClock(1_790_000_000_000);
  const words = new Map<string, string>();
  let writes = 0;
  const store = {
    recall: (key: string) => words.get(key),
    remember: (key: string, value: string) => {
      writes += 1;
      words.set(key, value);
      return true;
    },
  };
  let watch = createRiseWatch(clock);
  const usual: RiseReading = { processorCelsius: 45, roomCelsius: 20, loadRatio: 0.1, elevationM: 0 };
  /** Passes one reading a minute to the watch for the time `forMs`. Returns the last result. */
  const live = async (forMs: number, reading: Partial<RiseReading> = {}): Promise<Rise | undefined> => {
    let last: Rise | undefined;
    for (let passed = 0; passed < forMs; passed += minuteMs) {
      await clock.pass(minuteMs);
      last = watch({ ...usual, ...reading }, store);
    }
    return last;
  };
  const restart = () => {
    watch = createRiseWatch(clock);
  };
  return { live, restart, clock, writes: () => writes, bytes: () => words.get('rises')?.length ?? 0 };
}

async function daysOf({ live, clock }: ReturnType<typeof setUp>, count: number, reading: Partial<RiseReading> = {}): Promise<void> {
  for (let day = 0; day < count; day += 1) {
    await live(30 * minuteMs, reading);
    await clock.pass(24 * hourMs - 30 * minuteMs);
  }
}

test('the rise watch returns nothing for three days, then the ratio to the usual rise, and reports a blocked fan after ten minutes', async () => {
  const pc = setUp();
  await daysOf(pc, 2);
  expect(await pc.live(30 * minuteMs)).toBeUndefined();
  await pc.clock.pass(24 * hourMs - 30 * minuteMs);
  expect(await pc.live(20 * minuteMs)).toEqual({ ratio: expect.closeTo(1, 6), isHigh: false });
  expect(await pc.live(5 * minuteMs, { processorCelsius: 58 })).toMatchObject({ isHigh: false });
  expect(await pc.live(6 * minuteMs, { processorCelsius: 58 })).toEqual({ ratio: expect.closeTo(38 / 25, 1), isHigh: true });
});

test('the rise watch never counts high readings as usual, and ends the fault at a normal reading', async () => {
  const pc = setUp();
  await daysOf(pc, 4);
  await daysOf(pc, 10, { processorCelsius: 58 });
  expect(await pc.live(30 * minuteMs, { processorCelsius: 58 })).toMatchObject({ isHigh: true });
  expect(await pc.live(30 * minuteMs)).toMatchObject({ isHigh: false });
});

test('the rise watch allows 1.42 times the usual rise for a PC that is moved to the thinner air of Leh', async () => {
  const pc = setUp();
  await daysOf(pc, 4);
  const there = await pc.live(20 * minuteMs, { elevationM: 3_500, processorCelsius: 20 + 25 * 1.419 });
  expect(there).toEqual({ ratio: expect.closeTo(1, 3), isHigh: false });
  expect(await pc.live(20 * minuteMs, { elevationM: 3_500, processorCelsius: 20 + 25 * 1.419 * 1.3 })).toMatchObject({ isHigh: true });
});

test('the rise watch without a room sensor counts the rise under load from the coldest reading of a day, and ignores readings at rest', async () => {
  const pc = setUp();
  const night = { roomCelsius: null, processorCelsius: 22 };
  const day = { roomCelsius: null, processorCelsius: 45 };
  const load = { roomCelsius: null, processorCelsius: 70, loadRatio: 0.8 };
  for (let n = 0; n < 5; n += 1) {
    await pc.live(14 * hourMs, night);
    await pc.live(9 * hourMs, day);
    expect(await pc.live(hourMs, load)).not.toMatchObject({ isHigh: true });
  }
  expect(await pc.live(14 * hourMs, { ...night, processorCelsius: 38 })).not.toMatchObject({ isHigh: true });
  expect(await pc.live(20 * minuteMs, load)).toMatchObject({ isHigh: false });
  expect(await pc.live(20 * minuteMs, { ...load, processorCelsius: 105 })).toMatchObject({ isHigh: true });
});

test('the rise watch keeps the usual rise over a restart of the agent, and stores it once an hour', async () => {
  const pc = setUp();
  await daysOf(pc, 5);
  pc.restart();
  expect(await pc.live(20 * minuteMs, { processorCelsius: 60 })).toMatchObject({ isHigh: true });
  const before = pc.writes();
  await pc.live(6 * hourMs);
  expect(pc.writes() - before).toBe(6);
  expect(pc.bytes()).toBeLessThan(2_000);
});
