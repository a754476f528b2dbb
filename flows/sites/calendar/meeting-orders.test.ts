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

test('an import of many meetings yields to the event loop', async () => {
  let turns = 0;
  let next = setImmediate(function turn() {
    turns += 1;
    next = setImmediate(turn);
  });
  onTestFinished(() => clearImmediate(next));
  const { applied, difference } = await orders().import({ ...imported, text: file(2_000) });
  expect([applied, difference.added.length]).toEqual([true, 2_000]);
  expect(turns).toBeGreaterThan(100);
});
