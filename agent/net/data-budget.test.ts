import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { links } from '#contracts';
import { handClock } from '../checks/agent.test-helper.ts';
import { budgetFile, type KeptFile } from '../store/kept-file.ts';
import { createBudget, memoryStore, readFigures } from './data-budget.ts';

const endOfNovember = Date.UTC(2026, 10, 30, 23, 50);
const minuteMs = 60_000;

function counted(store: KeptFile = memoryStore(), clock = handClock(endOfNovember)) {
  let saves = 0;
  const counting: KeptFile = {
    load: store.load,
    save: (text) => {
      saves += 1;
      return store.save(text);
    },
  };
  const budget = createBudget({ clock, store: counting });
  budget.limit(links.geo.budget);
  return { budget, clock, store, saves: () => saves };
}

it('counts by cause, and leaves the tests what their class may', () => {
  const { budget } = counted();
  budget.used('telemetry', 1_000);
  budget.used('tests', 6_000_000);
  expect(budget.figures()).toEqual({
    month: '2026-11',
    telemetryBytes: 1_000,
    telemetryLimit: 8_000_000,
    testBytes: 6_000_000,
    testLimit: 36_000_000,
  });
  expect([budget.left(), budget.hasRoom(30_000_000), budget.hasRoom(30_000_001)]).toEqual([30_000_000, true, false]);
});

it('what telemetry uses beyond its own share is taken from the tests, and nothing is left below 0', () => {
  const { budget } = counted();
  budget.used('telemetry', 10_000_000);
  expect(budget.left()).toBe(34_000_000);
  budget.used('tests', 40_000_000);
  expect([budget.left(), budget.hasRoom(0), budget.hasRoom(1)]).toEqual([0, true, false]);
});

it('begins anew with the month of UTC, in the running and after a night off', async () => {
  const { budget, clock, store } = counted();
  budget.used('tests', 36_000_000);
  await clock.pass(11 * minuteMs);
  expect(budget.figures()).toMatchObject({ month: '2026-12', testBytes: 0 });
  budget.used('tests', 500);
  budget.close();
  const { budget: rested } = counted(store, handClock(Date.UTC(2027, 0, 2)));
  rested.follow(() => Date.UTC(2027, 0, 2));
  expect(rested.figures()).toMatchObject({ month: '2027-01', testBytes: 0 });
});

it('one boot with a clock of 2030 takes no month: neither before the centre says what time it is, nor after, nor at the next start', async () => {
  const now = Date.UTC(2026, 10, 10);
  const { budget, store } = counted(memoryStore(), handClock(now));
  budget.used('tests', 7_000);
  budget.close();
  const clock = handClock(Date.UTC(2030, 0, 1));
  const { budget: wrong } = counted(store, clock);
  let centre: number | null = null;
  wrong.follow(() => centre);
  wrong.used('tests', 1_000);
  await clock.pass(23 * 3_600_000);
  expect(wrong.figures()).toMatchObject({ month: '2026-11', testBytes: 8_000 });
  centre = now;
  await clock.pass(30 * 3_600_000);
  wrong.close();
  const { budget: right } = counted(store, handClock(now));
  expect(right.figures()).toMatchObject({ month: '2026-11', testBytes: 8_000 });
  expect(right.left()).toBe(36_000_000 - 8_000);
});

it('a book that a wrong clock left in another year follows the centre as soon as it speaks', () => {
  const { budget, store } = counted(memoryStore(), handClock(Date.UTC(2030, 0, 1)));
  budget.used('tests', 36_000_000);
  budget.close();
  const { budget: right } = counted(store, handClock(Date.UTC(2026, 10, 10)));
  expect(right.left()).toBe(0);
  right.follow(() => Date.UTC(2026, 10, 10));
  expect(right.figures()).toMatchObject({ month: '2026-11', testBytes: 0 });
});

it('a clock that is set to the next month in the running is not believed at once, and one that runs there is', async () => {
  const { budget, clock } = counted();
  budget.used('tests', 500);
  clock.jump(40 * 24 * 3_600_000);
  expect(budget.figures()).toMatchObject({ month: '2026-11', testBytes: 500 });
  clock.jump(-40 * 24 * 3_600_000);
  budget.figures();
  await clock.pass(11 * minuteMs);
  expect(budget.figures()).toMatchObject({ month: '2026-12', testBytes: 0 });
});

const may = Date.UTC(2026, 4, 10);

it('two days without a centre lost the month where the clock said 2030, in the running and after a start', async () => {
  const clock = handClock(Date.UTC(2030, 0, 1));
  const { budget, store } = counted(memoryStore(), clock);
  let centre: number | null = may;
  budget.follow(() => centre);
  budget.used('tests', 30_000_000);
  centre = null;
  for (let hour = 0; hour < 48; hour += 1) {
    budget.keep();
    await clock.pass(60 * minuteMs);
  }
  budget.used('tests', 2_000_000);
  expect(budget.figures()).toMatchObject({ month: '2026-05', testBytes: 32_000_000 });
  budget.close();
  const { budget: again } = counted(store, clock);
  for (let hour = 0; hour < 48; hour += 1) {
    again.keep();
    await clock.pass(60 * minuteMs);
  }
  expect(again.figures()).toMatchObject({ month: '2026-05', testBytes: 32_000_000 });
});

it('while the centre is away its month ends when its clock, as it ran on, says so', async () => {
  const clock = handClock(Date.UTC(2030, 0, 1));
  const { budget } = counted(memoryStore(), clock);
  let centre: number | null = endOfNovember;
  budget.follow(() => centre);
  budget.used('tests', 500);
  centre = null;
  await clock.pass(11 * minuteMs);
  expect(budget.figures()).toMatchObject({ month: '2026-12', testBytes: 0 });
});

it('a start in the month after that of the centre is believed after a day, or a PC without a line would stay in its last month', async () => {
  const { budget, store } = counted();
  budget.follow(() => endOfNovember);
  budget.used('tests', 36_000_000);
  budget.close();
  const clock = handClock(Date.UTC(2026, 11, 1, 8));
  const { budget: rested } = counted(store, clock);
  expect(rested.left()).toBe(0);
  await clock.pass(25 * 60 * minuteMs);
  expect(rested.figures()).toMatchObject({ month: '2026-12', testBytes: 0 });
});

it('what was used after a start in the next month, before the centre said so, was counted in the month before alone', async () => {
  for (const isTold of [true, false]) {
    const { budget, store } = counted();
    budget.follow(() => endOfNovember);
    budget.used('tests', 36_000_000);
    budget.close();
    const clock = handClock(Date.UTC(2026, 11, 1, 8));
    const { budget: offline } = counted(store, clock);
    offline.used('tests', 500);
    offline.close();
    const { budget: again } = counted(store, clock);
    again.used('tests', 70);
    again.figures();
    if (isTold) again.follow(clock.now);
    await clock.pass(25 * 60 * minuteMs);
    expect(again.figures()).toMatchObject({ month: '2026-12', testBytes: 570 });
    again.used('tests', 1);
    expect(again.figures()).toMatchObject({ month: '2026-12', testBytes: 571 });
  }
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e18, -1e18, 8.64e15])('%d is no time, and ended whoever counted a byte', (noTime) => {
  const clock = handClock(may);
  const { budget, store } = counted(memoryStore(), clock);
  budget.used('tests', 500);
  budget.follow(() => noTime);
  budget.used('tests', 500);
  clock.jump(noTime);
  budget.used('tests', 500);
  expect(budget.figures()).toMatchObject({ month: '2026-05', testBytes: 1_500 });
  budget.close();
  const { budget: again } = counted(store, clock);
  again.follow(() => may);
  expect(again.figures()).toMatchObject({ month: '2026-05', testBytes: 1_500 });
  const { budget: fresh } = counted(memoryStore(), clock);
  fresh.follow(() => may);
  expect(fresh.figures()).toMatchObject({ month: '2026-05', testBytes: 0 });
});

it('a day with a clock of 1970 gave a second budget of the month that was before, to the centre and to a clock that was set', async () => {
  for (const isTold of [true, false]) {
    const { budget, store } = counted(memoryStore(), handClock(may));
    budget.used('tests', 7_000);
    budget.close();
    const clock = handClock(0);
    const { budget: back } = counted(store, clock);
    await clock.pass(25 * 3_600_000);
    back.used('tests', 1_000);
    expect(back.figures()).toMatchObject({ month: '1970-01', testBytes: 8_000 });
    clock.jump(may);
    if (isTold) back.follow(() => may);
    else back.figures();
    await clock.pass(25 * 3_600_000);
    expect(back.figures()).toMatchObject({ month: '2026-05', testBytes: 8_000 });
  }
});

it('what was used in a month that never was belongs to the one in which it was begun, and is not left in 2030', async () => {
  const clock = handClock(endOfNovember);
  const { budget, store } = counted(memoryStore(), clock);
  budget.used('tests', 5_000_000);
  budget.close();
  // A boot with a flat battery, and nobody who tells it the time.
  const wrong = handClock(Date.UTC(2030, 0, 10));
  const { budget: alone } = counted(store, wrong);
  await wrong.pass(25 * 60 * minuteMs);
  alone.keep();
  await wrong.pass(25 * 60 * minuteMs);
  alone.used('tests', 3_000_000);
  expect(alone.figures().month).toBe('2030-01');
  alone.follow(() => endOfNovember);
  expect(alone.figures()).toMatchObject({ month: '2026-11', testBytes: 8_000_000 });
});

it('a centre whose clock stood in 2027 for a moment gave a second budget of the same month', () => {
  const { budget } = counted(memoryStore(), handClock(may));
  let centre = may;
  budget.follow(() => centre);
  budget.used('tests', 35_000_000);
  centre = Date.UTC(2027, 0, 1);
  budget.keep();
  centre = may + 3_600_000;
  expect(budget.figures()).toMatchObject({ month: '2026-05', testBytes: 35_000_000 });
});

it('a centre that was set back by five minutes over the end of a month gave a second budget of both', async () => {
  const clock = handClock(endOfNovember);
  const { budget } = counted(memoryStore(), clock);
  let offsetMs = 0;
  budget.follow(() => clock.now() + offsetMs);
  budget.used('tests', 10_000_000);
  await clock.pass(12 * minuteMs);
  budget.keep();
  budget.used('tests', 5_000_000);
  offsetMs = -5 * minuteMs;
  expect(budget.figures()).toMatchObject({ month: '2026-11', testBytes: 10_000_000 });
  await clock.pass(7 * minuteMs);
  expect(budget.figures()).toMatchObject({ month: '2026-12', testBytes: 5_000_000 });
});

it('a book of a version that knew no other months opens and goes on', () => {
  const store = memoryStore();
  const limits = links.geo.budget;
  const none = { telemetry: 0, tests: 0 };
  store.save(JSON.stringify({ telemetry: 5, tests: 7_000, month: '2026-05', peak: none, clean: true, limits }));
  expect(counted(store, handClock(may)).budget.figures()).toMatchObject({ month: '2026-05', telemetryBytes: 5, testBytes: 7_000 });
});

it('is written with the first byte, at most once in 10 min after that, and at the stop', async () => {
  const { budget, clock, saves } = counted();
  for (let minute = 0; minute < 60; minute += 1) {
    if (minute < 25) budget.used('telemetry', 10);
    budget.keep();
    await clock.pass(minuteMs);
  }
  expect(saves()).toBe(1 + 3);
  budget.close();
  expect(saves()).toBe(5);
});

it('an agent that ends before it ever spoke, as one that finds another on its data, leaves the file as it was', () => {
  const { budget, saves } = counted();
  budget.keep();
  budget.close();
  expect(saves()).toBe(0);
});

it('a stop loses nothing; after a kill the dearest ten minutes of the month are added to what was written', async () => {
  const { budget, clock, store } = counted(memoryStore(), handClock(Date.UTC(2026, 10, 10)));
  const again = () => counted(store, clock).budget;
  budget.used('tests', 240_000);
  await clock.pass(10 * minuteMs);
  budget.keep();
  budget.used('tests', 5_000);
  budget.close();
  const second = again();
  expect(second.figures().testBytes).toBe(245_000);
  second.used('tests', 200_000);
  const third = again();
  expect(third.figures().testBytes).toBe(245_000 + 240_000);
  third.close();
  expect(again().figures().testBytes).toBe(485_000);
});

it('a clock that starts in 1970 and is then set brings no new budget; one that stays back for a day is believed', async () => {
  const { budget, store } = counted(memoryStore(), handClock(Date.UTC(2026, 10, 10)));
  budget.used('tests', 7_000);
  budget.close();
  const clock = handClock(0);
  const started = counted(store, clock).budget;
  started.used('tests', 1_000);
  expect(started.figures()).toMatchObject({ month: '2026-11', testBytes: 8_000 });
  clock.jump(Date.UTC(2026, 10, 11));
  expect(started.figures()).toMatchObject({ month: '2026-11', testBytes: 8_000 });
  clock.jump(-Date.UTC(2026, 10, 11));
  started.figures();
  await clock.pass(25 * 60 * minuteMs);
  expect(started.figures()).toMatchObject({ month: '1970-01', testBytes: 8_000 });
});

it('a file that is broken or cannot be written costs the count and one line, never the agent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-budget-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const lines: string[] = [];
  const log = { warn: (_: object, line: string) => void lines.push(line) };
  const file = join(folder, 'budget.json');
  writeFileSync(file, '{"month":"2026-11","tests":-3');
  const { budget } = counted(budgetFile(folder, log));
  budget.used('tests', 300);
  budget.close();
  expect(readFigures(budgetFile(folder, log))).toMatchObject({ testBytes: 300, testLimit: 36_000_000 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(lines).toEqual([]);
  rmSync(folder, { recursive: true });
  const gone = budgetFile(folder, log);
  expect([gone.save('{}'), gone.save('{}')]).toEqual([false, false]);
  expect(lines).toEqual([expect.stringContaining('the data budget is not kept: ')]);
  expect(readFigures(budgetFile(folder, log))).toBeUndefined();
});
