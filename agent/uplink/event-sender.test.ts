import { encode } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { reportFigure } from '../../test/figures.ts';
import { setUp } from './uplink.test-helper.ts';

test('R3 no event is sent before the ack of the birth; then all stored events are sent as backlog, and new events at once', async () => {
  const { uplink, clock, net, ack, session, event } = setUp();
  event('early');
  uplink.start();
  await clock.pass(300_000);
  event('later');
  expect([...net.take('event'), ...net.take('backlog')]).toEqual([]);
  ack(0, { session: session() });
  expect(net.take('backlog').map((one) => one.message.map(({ kind }) => kind))).toEqual([['spool-new', 'early', 'later']]);
  event('now');
  expect(net.take('event')).toMatchObject([{ message: { kind: 'now', seq: 4 } }]);
  expect(net.take('backlog')).toEqual([]);
});

test('R6 a long backlog is sent in batches of at most 500 events and 64 KB, each after the ack of the one before', async () => {
  const { uplink, clock, net, ack, session, spool } = setUp();
  for (let n = 0; n < 1_200; n += 1) spool.append('e', { n, text: n > 500 && n < 600 ? 'x'.repeat(1_000) : '' });
  uplink.start();
  await clock.pass(0);
  ack(0, { session: session() });
  const sizes: number[] = [];
  for (let [batch] = net.take('backlog'); batch; [batch] = net.take('backlog')) {
    sizes.push(batch.message.length);
    expect(encode('backlog', batch.message).length).toBeLessThan(62_000);
    ack(batch.message.at(-1)?.seq ?? 0);
  }
  expect(sizes.reduce((sum, n) => sum + n, 0)).toBe(1_201);
  expect(Math.max(...sizes)).toBeGreaterThan(400);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  expect(spool.figures().waiting).toBe(0);
  await clock.pass(3_600_000);
  expect([...net.take('backlog'), ...net.take('event')]).toEqual([]);
});

test.each([
  ['fibre', 30_000],
  ['geo', 120_000],
] as const)(
  'R6 on %s an unacknowledged event is sent again after %i ms, and the interval doubles up to one hour',
  async (linkClass, resendMs) => {
    const { uplink, clock, net, ack, session, event } = setUp({ link: linkClass });
    uplink.start();
    await clock.pass(0);
    ack(1, { session: session() });
    event('a');
    const first = net.take('event')[0]?.at ?? 0;
    await clock.pass(6 * 3_600_000);
    const times = net.take('event').map((one) => one.at - first);
    expect(times.slice(0, 3)).toEqual([resendMs, 3 * resendMs, 7 * resendMs]);
    const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0));
    expect(Math.max(...gaps)).toBe(3_600_000);
  },
);

test('R6 after the ack of a birth, all unacknowledged events are sent at once', async () => {
  const { uplink, clock, net, ack, session, event } = setUp();
  uplink.start();
  await clock.pass(0);
  ack(1, { session: session() });
  event('a');
  net.take('event');
  ack(1, { session: session() });
  expect(net.take('backlog')).toMatchObject([{ message: [{ kind: 'a' }] }]);
});

test('R8, F16 an event that the server never accepts is quarantined after three refusals, and later events still arrive', async () => {
  const { uplink, clock, net, ack, session, event, spool } = setUp();
  uplink.start();
  await clock.pass(0);
  ack(1, { session: session() });
  const poison = event('poison').seq;
  /** Returns the events that reach the server. The server cannot decode a message that contains the `poison` event. */
  const arrived = () => [...net.take('event').map((one) => [one.message]), ...net.take('backlog').map((one) => one.message)];
  const taken = new Set<number>();
  const centre = () => {
    const readable = arrived().filter((events) => events.every(({ kind }) => kind !== 'poison'));
    for (const { seq } of readable.flat()) taken.add(seq);
  };
  for (let n = 0; n < 6; n += 1) {
    event(`good-${n}`);
    centre();
    ack(1);
    await clock.pass(500_000);
  }
  centre();
  const held = spool.after(1, 99);
  expect(held.map(({ kind }) => kind)).not.toContain('poison');
  expect(held.find(({ kind }) => kind === 'quarantined')?.body).toMatchObject({ seq: poison, kind: 'poison' });
  expect(held.filter(({ kind }) => kind.startsWith('good'))).toHaveLength(6);
  expect(held.filter(({ seq }) => !taken.has(seq))).toEqual([]);
  reportFigure('F16', 'a poison event first in the spool: set aside after 3 refusals and reported; 6 of 6 events behind it taken');
});

test('R8 a server whose acks answer only the echo of beats causes no event to be quarantined', async () => {
  const { uplink, clock, net, ack, session, event, spool } = setUp();
  uplink.start();
  await clock.pass(0);
  ack(1, { session: session() });
  event('a');
  for (let n = 0; n < 48; n += 1) {
    await clock.pass(1_800_000);
    for (const { message } of net.take('beat')) if (message.echo !== undefined) ack(1, { echo: message.echo });
  }
  expect(spool.after(1, 9).map(({ kind }) => kind)).toEqual(['a']);
});

test('R8 tombstones are sent before later events, so that the ack can pass the dropped numbers', async () => {
  const { uplink, clock, net, ack, session, spool } = setUp();
  for (let n = 0; n < 6_000; n += 1) spool.append('e', { n, text: 'x'.repeat(900) });
  uplink.start();
  await clock.pass(0);
  ack(0, { session: session() });
  const [tombstones, batch] = net.take('backlog');
  expect(tombstones?.message.every(({ kind }) => kind === 'dropped')).toBe(true);
  const held = batch?.message[0]?.seq ?? 0;
  const ranges = tombstones?.message.flatMap(({ body }) => body['ranges'] as [number, number][]);
  expect(ranges?.some(([, to]) => to === held - 1)).toBe(true);
  expect(held).toBeGreaterThan(1_000);
  for (let n = 1; n <= 6; n += 1) {
    await clock.pass(3_600_000);
    ack(0);
  }
  expect(spool.after(0, 9_999).some(({ kind }) => kind === 'quarantined')).toBe(false);
});

test('R7 after a fork the birth names the new and the old spool, and events wait for the ack of that birth', async () => {
  const { uplink, clock, net, ack, session, event, spool } = setUp();
  uplink.start();
  await clock.pass(0);
  ack(1, { session: session() });
  event('a');
  net.take('event');
  net.take('presence');
  const old = spool.id();
  ack(500);
  expect(net.take('presence')).toMatchObject([{ message: { kind: 'birth', spool: { id: spool.id(), first: 1, last: 2, carries: old } } }]);
  event('b');
  expect([...net.take('event'), ...net.take('backlog')]).toEqual([]);
  ack(0, { session: session() });
  expect(net.take('backlog')[0]?.message.map(({ kind }) => kind)).toEqual(['spool-new', 'a', 'b']);
  await clock.pass(3_600_000);
  expect(net.take('presence')).toEqual([]);
});

/**
 * Acknowledges four events, waits, reconnects and acknowledges the birth with `upTo`. Returns the numbers of the events that are sent
 * again.
 */
async function acknowledgedThen(quietMs: number, upTo: number) {
  const { uplink, clock, net, ack, session, event, spool } = setUp();
  uplink.start();
  await clock.pass(0);
  for (const kind of ['a', 'b', 'c']) event(kind);
  ack(1, { session: session() });
  ack(4);
  expect([spool.acked(), net.take('backlog').length]).toEqual([4, 1]);
  await clock.pass(quietMs);
  net.cut();
  await clock.pass(5_000);
  ack(upTo, { session: session() });
  return { ack, spool, sent: net.take('backlog').flatMap((one) => one.message.map(({ seq }) => seq)) };
}

test('S18 after a hostile broker forged an ack, the next birth detects it, and the events that it claimed are sent again', async () => {
  const { ack, spool, sent } = await acknowledgedThen(3_600_000, 1);
  expect(sent).toEqual([2, 3, 4]);
  ack(4);
  expect(spool.acked()).toBe(4);
});

test('R4 a restored ledger that holds fewer events than it acknowledged receives the kept events again', async () => {
  expect((await acknowledgedThen(0, 2)).sent).toEqual([3, 4]);
});
