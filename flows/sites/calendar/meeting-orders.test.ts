import type { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { smallTree } from '../sites.test-helper.ts';
import { createSiteTable } from '../table.ts';
import { createCalendar } from './calendar.ts';
import { createMeetingOrders } from './meeting-orders.ts';

const table = createSiteTable(smallTree());
const now = Date.UTC(2027, 0, 1);

function orders() {
  let calendar = createCalendar([], () => table);
  const apply = async (all: Parameters<typeof createCalendar>[0]) => {
    calendar = createCalendar(all, () => table);
  };
  return createMeetingOrders({ calendar: () => calendar, table: () => table, apply, now: () => now });
}

const event = (at: number) =>
  `BEGIN:VEVENT\r\nUID:m${at}@office.test\r\nDTSTART;TZID=Asia/Kolkata:20270115T110000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\nSUMMARY:Review ${at}\r\nLOCATION:ladakh\r\nEND:VEVENT\r\n`;
const file = (count: number) => `BEGIN:VCALENDAR\r\n${Array.from({ length: count }, (_, at) => event(at)).join('')}END:VCALENDAR\r\n`;
const imported = { rooms: '', replace: false, apply: true, by: 'meera' };

test('an import of many meetings reads the file in a worker thread, and the event loop turns meanwhile', async () => {
  const workers: Worker[] = [];
  const note = (worker: Worker) => void workers.push(worker);
  process.on('worker', note);
  let turns = 0;
  let next = setImmediate(function turn() {
    turns += 1;
    next = setImmediate(turn);
  });
  onTestFinished(() => {
    process.off('worker', note);
    clearImmediate(next);
  });
  const { applied, difference } = await orders().import({ ...imported, text: file(2_000) });
  expect([applied, difference.added.length]).toEqual([true, 2_000]);
  expect(workers).toHaveLength(1);
  // A plan in this thread lets the loop turn at most a few times.
  expect(turns).toBeGreaterThan(100);
});

test('the thread answers as this one does, for what is held, what is wrong, and a change of what is held', async () => {
  const { import: take } = orders();
  await take({ ...imported, text: file(2) });
  const again = await take({ ...imported, text: file(3).replace('Review 1', 'Audit') });
  expect(again.difference).toMatchObject({ added: [{ title: 'Review 2' }], changed: [{ title: 'Audit' }], same: 1 });
  const wrong = await take({ ...imported, text: file(1).replace('LOCATION:ladakh', 'LOCATION:goa/panaji') });
  expect([wrong.applied, wrong.problems.map(({ what }) => what)]).toEqual([false, ['there is no site or room goa/panaji']]);
});
