import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { links } from '@sabha/contracts';
import { expect, it, onTestFinished } from 'vitest';
import { randomFrom } from '../../../test/random.ts';
import { handClock } from '../../checks/agent.test-helper.ts';
import { budgetFile, type TextFile } from '../../uplink/store/data-folder.ts';
import { type Budget, createBudget, inMemoryStore, readFigures } from './data-budget.ts';

const endOfNovember = Date.UTC(2026, 10, 30, 23, 50);
const minuteMs = 60_000;

function counted(store: TextFile = inMemoryStore(), clock = handClock(endOfNovember)) {
  let saves = 0;
  const counting: TextFile = {
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

it('the data budget counts telemetry and test bytes separately, and leaves tests the limit of the link class', () => {
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

it('the data budget begins a new UTC month by the clock of the PC while no server has proven the time', async () => {
  const { budget, clock } = counted();
  budget.used('tests', 36_000_000);
  await clock.pass(11 * minuteMs);
  expect(budget.figures()).toMatchObject({ month: '2026-12', testBytes: 0 });
});

const may = Date.UTC(2026, 4, 10);

const wrongClocks = [0, may, Date.UTC(2026, 11, 31), Date.UTC(2030, 0, 1)];
const stepBytes = 3_000_000;

/**
 * Simulates about half a year of a PC with flat clock batteries, clock steps, stops, kills and server outages. Tests use all bytes that the
 * budget allows. A kill only follows a full step saved in the same month, so that the peak of ten minutes is known.
 */
async function history(seed: number): Promise<Map<string, number>> {
  const random = randomFrom(seed);
  const isOnceIn = (times: number) => random.below(times) === 0;
  const store = inMemoryStore();
  const used = new Map<string, number>();
  let truth = may;
  let isOnline = true;
  const start = () => {
    const clock = handClock(isOnceIn(3) ? random.pick(wrongClocks) : truth);
    const { budget } = counted(store, clock);
    const bootMs = truth;
    budget.follow(() => (isOnline ? bootMs + clock.up() : null));
    return { budget, clock };
  };
  const spend = (budget: Budget) => {
    if (!budget.hasRoom(stepBytes)) return;
    budget.used('tests', stepBytes);
    const month = new Date(truth).toISOString().slice(0, 7);
    used.set(month, (used.get(month) ?? 0) + stepBytes);
  };
  let { budget, clock } = start();
  budget.figures();
  for (let step = 0; step < 600; step += 1) {
    spend(budget);
    const passMs = random.pick([11 * minuteMs, 14 * 60 * minuteMs]);
    await clock.pass(passMs);
    truth += passMs;
    budget.keep();
    isOnline = isOnceIn(4) ? !isOnline : isOnline;
    if (isOnceIn(8)) clock.jump(random.pick(wrongClocks) - clock.now());
    if (!isOnceIn(6)) continue;
    if (isOnceIn(2)) spend(budget);
    if (isOnceIn(2) || new Date(truth).getUTCDate() < 3) budget.close();
    truth += random.below(2) * 24 * 60 * minuteMs;
    ({ budget, clock } = start());
  }
  return used;
}

it.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'the data budget keeps tests within the budget of every month, despite wrong clocks and kills (seed %i)',
  async (seed) => {
    const used = await history(seed);
    expect(used.size).toBeGreaterThan(5);
    for (const [month, bytes] of used) expect(bytes, month).toBeLessThanOrEqual(links.geo.budget.testBytes);
  },
);

it('the data budget saves at the first byte, then at most once in 10 min, and on close', async () => {
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

it('the data budget keeps its exact count on close, and adds the peak of ten minutes to the saved count after a kill', async () => {
  const { budget, clock, store } = counted(inMemoryStore(), handClock(Date.UTC(2026, 10, 10)));
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

it('the data budget starts from zero with a broken file, and logs one line if the file cannot be written', () => {
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
  expect(lines).toEqual([expect.stringContaining('the data budget is not stored: ')]);
  expect(readFigures(budgetFile(folder, log))).toBeUndefined();
});
