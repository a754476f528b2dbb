import { expect, test } from 'vitest';
import { collectEvents, createEventsReader, eventsIn } from './events.ts';

const dayMs = 86_400_000;
const now = 1_000 * dayMs;
const ask = { path: 'la/leh/pc-1', from: 0, to: 2 * now, readings: false };

function event(seq: number, edit: { at?: number; received?: number; name?: string; grade?: string; body?: string } = {}) {
  return { pc: 'la/leh/pc-1', name: 'a', seq, received: now, boot: 'b', at: now, grade: 'event', kind: 'check', body: '{}', ...edit };
}

function seqsOf(events: ReturnType<typeof event>[], span: { from: number; to: number }): number[] {
  const gathered = collectEvents({ ...ask, ...span });
  for (const one of events) gathered.add(one);
  return gathered.end().events.map(({ seq }) => seq);
}

test('eventsIn returns an event with the time of its PC, or with the time of receipt if the PC is ahead or a month behind', () => {
  const late = event(1, { at: now - 9 * dayMs });
  const ahead = event(2, { at: now + 60_000, received: now });
  const behind = event(3, { at: 0 });
  const all = [behind, ahead, late];
  expect(seqsOf(all, { from: now - 10 * dayMs, to: now })).toEqual([1]);
  expect(seqsOf(all, { from: now, to: now + 1 })).toEqual([2, 3]);
  expect(seqsOf(all, { from: 0, to: now + 1 })).toEqual([1, 2, 3]);
});

test('eventsIn returns each event once, sorted by time, and readings only on request', () => {
  const some = [event(1), event(2), event(1, { name: 'b' }), event(3, { at: now - 1 }), event(4, { grade: 'reading' })];
  const shown = [3, 1, 2, 1];
  expect(seqsOf([...some, ...some], { from: 0, to: now + 1 })).toEqual(shown);
  expect(seqsOf(some.toReversed(), { from: 0, to: now + 1 })).toEqual(shown);
});

test('eventsIn limits the number and bytes of events, and names the first event beyond the limit', () => {
  const gathered = collectEvents(ask);
  for (let seq = 60_000; seq >= 1; seq -= 1) gathered.add(event(seq, { at: now - 60_000 + seq }));
  const { events, next } = gathered.end();
  expect([events.length, events[0]?.seq, events.at(-1)?.seq, next?.seq]).toEqual([20_000, 1, 20_000, 20_001]);
  const heavy = collectEvents(ask);
  const body = JSON.stringify({ text: 'x'.repeat(60_000) });
  for (let seq = 1; seq <= 900; seq += 1) heavy.add(event(seq, { body }));
  const found = heavy.end();
  expect(found.events.length * body.length).toBeLessThan(17 * 1024 * 1024);
  expect(found.next?.seq).toBe(found.events.length + 1);
});

test('eventsIn stops reading archives at the time limit, and names the first unread month', async () => {
  const months = ['2026-06', '2026-07'].map((month) => ({ pc: ask.path, name: 'a', month, a: 1, count: 9, newest: now, expired: false }));
  const segments = months.map(({ month }) => ({ month, at: 0, bytes: 1, sha256: '' }));
  const at = { folder: '/nowhere', passphrase: undefined, keptMonths: 13, held: { known: true, months, segments } };
  let upMs = 0;
  const clock = { up: () => (upMs += 200_000) };
  const found = await eventsIn({ ask, ledger: [event(7)], at }, clock);
  expect(found).toMatchObject({ events: [{ seq: 7, time: now, spool: 'a', body: {} }], next: null });
  expect(found.missing).toEqual([
    '2026-06.archive is missing: up to 9 events of la/leh/pc-1 are not shown',
    'archives from 2026-07 on were not read to their end, it took too long: ask for a shorter span',
  ]);
});

test('eventsIn reports an archive with fewer events than the ledger records as unreadable', async () => {
  const months = [{ pc: ask.path, name: 'a', month: '2026-06', a: 1, count: 9, newest: now, expired: false }];
  const at = { folder: '/nowhere', passphrase: undefined, keptMonths: 13, held: { known: true, months, segments: [] } };
  const { missing } = await eventsIn({ ask, ledger: [], at }, { up: () => 0 });
  expect(missing).toEqual([
    '2026-06.archive cannot be read (it holds less than the ledger says): up to 9 events of la/leh/pc-1 are not shown',
  ]);
});

test('the events reader refuses a second read at the same time, and reads again after an aborted read', async () => {
  const held = { known: true, months: [], segments: [] };
  const ledger = { page: async () => ({ events: [], next: null }), held: async () => held };
  const reader = createEventsReader({ ledger, folder: '', keptMonths: 13, passphrase: () => undefined, has: () => true });
  const gone = new AbortController();
  const first = reader.read(ask, gone.signal);
  expect(await reader.read(ask, gone.signal)).toMatchObject({
    ok: false,
    missing: false,
    line: expect.stringContaining('another person reads events now'),
  });
  gone.abort();
  expect(await first).toMatchObject({ ok: false, line: 'the reading was ended' });
  expect(await reader.read(ask, new AbortController().signal)).toEqual({ ok: true, json: '{"events":[],"next":null,"missing":[]}' });
});
