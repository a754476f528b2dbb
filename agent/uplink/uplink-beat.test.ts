/** Tests the content and size of beats, and how they request the server's time. */
import { createPrivateKey } from 'node:crypto';
import { type Ack, beatSeries, type CentreClock, encode, links, makeSigningKeys, sealSigned } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { centrePublicKey, sealed } from '../../test/centre-key.ts';
import { setUp } from './uplink.test-helper.ts';

test('R13 each beat carries digest and numbers with QoS 1 at the interval of its link class, and an ack can request more messages', async () => {
  const { uplink, clock, net, table, session, ack, seen, event, spool } = setUp({ link: 'geo' });
  table.merge({ component: 'pc', everyMs: 3_600_000, checks: [], numbers: { load: 0.256789, up: 123_456.7 } });
  uplink.start();
  await clock.pass(480_000);
  const beats = net.take('beat');
  expect(beats.map((one) => one.at)).toEqual([0, 240_000, 480_000]);
  expect(beats[0]?.message).toMatchObject({ digest: table.digest(), session: session(), n: { load: 0.257, up: 123_457 } });
  expect(beats.slice(1).map(({ message }) => message.n)).toEqual([{}, {}]);
  net.take('state');
  net.take('presence');
  ack(0, { session: session(), want: ['state', 'birth', 'inventory'] });
  expect(net.take('state')[0]?.message).not.toHaveProperty('base');
  expect(net.take('presence')).toHaveLength(1);
  expect(net.take('inventory')).toEqual([]);
  seen.inventory = { hash: 'abc', at: 1, items: { os: 'x' } };
  uplink.inventoryKnown(false);
  expect(net.take('inventory')).toMatchObject([{ message: { hash: 'abc' } }]);
  uplink.inventoryKnown(false);
  expect(net.take('inventory')).toEqual([]);
  for (const kind of ['a', 'b', 'c']) event(kind);
  ack(4);
  net.take('backlog');
  ack(4, { want: [{ from: 2, to: 3 }] });
  expect(net.take('backlog')).toMatchObject([
    {
      message: [
        { seq: 2, kind: 'a' },
        { seq: 3, kind: 'b' },
      ],
    },
  ]);
  expect(spool.acked()).toBe(4);
});

test.each(['geo', 'floor'] as const)('a beat on %s with all numbers and an echo has at most 150 B', async (class_) => {
  const { uplink, clock, net, table } = setUp({ link: class_ });
  let round = 0;
  const measure = () => {
    round += 1;
    const numbers = Object.fromEntries(Object.keys(beatSeries).map((key, index) => [key, (index + 1) * 1_234.5678 * round]));
    table.merge({ component: 'pc', everyMs: 3_600_000, checks: [], numbers });
  };
  measure();
  uplink.start();
  const said = new Set<string>();
  for (let beat = 0; beat < 15; beat += 1) {
    await clock.pass(links[class_].beatMs);
    measure();
    for (const { message } of net.take('beat')) {
      expect(encode('beat', message).length).toBeLessThanOrEqual(150);
      for (const key of Object.keys(message.n)) said.add(key);
    }
  }
  expect([...said].sort()).toEqual(Object.keys(beatSeries).sort());
});

test('the echo of a beat gives round trip and clock offset; each beat has an echo until an ack arrives, then one beat per hour', async () => {
  const { uplink, clock, net, ack } = setUp();
  uplink.start();
  await clock.pass(120_000);
  const asked = net.take('beat').filter((one) => one.message.echo !== undefined);
  expect(asked).toHaveLength(3);
  clock.jump(7_000);
  await clock.pass(400);
  ack(0, { echo: 1, at: clock.now() });
  expect(uplink.figures().roundTripMs).toBeNull();
  ack(0, { echo: asked[2]?.message.echo, at: clock.now() - 7_200 });
  expect(uplink.figures()).toMatchObject({ roundTripMs: 400, clockOffsetMs: 7_000 });
  await clock.pass(2 * 3_600_000);
  expect(net.take('beat').filter((one) => one.message.echo !== undefined).length).toBeGreaterThan(1);
  ack(0, { echo: asked[2]?.message.echo });
  expect(uplink.figures().roundTripMs).toBe(400);
});

describe('R29 which clock was set: that of the server or of the PC', () => {
  /** Returns a function that acknowledges the next echo, as a server whose clock is `behindMs` behind the PC. */
  const rig = () => {
    const all = setUp();
    all.uplink.start();
    const answer = async (behindMs: number) => {
      await all.clock.pass(2 * 3_600_000);
      const echo = all.net.take('beat').findLast(({ message }) => message.echo !== undefined)?.message.echo;
      all.ack(0, { echo, at: all.clock.now() - behindMs });
      return all.uplink.figures().serverClockStepped;
    };
    return { ...all, answer };
  };

  test('a jump of the offset between agreeing clocks is attributed to the server, if nobody set the PC clock', async () => {
    const { answer } = rig();
    expect([await answer(0), await answer(7_200_000), await answer(7_200_000), await answer(0)]).toEqual([false, true, true, false]);
    expect([await answer(-7_200_000), await answer(0)]).toEqual([true, false]);
  });

  test('a step of the PC clock, or a slow drift of both clocks, is not attributed to the server', async () => {
    const { answer, clock, uplink } = rig();
    await answer(0);
    clock.jump(60_000);
    expect([await answer(60_000), uplink.figures().clockOffsetMs]).toEqual([false, expect.closeTo(60_000, -4)]);
    const slow = rig();
    expect([await slow.answer(0), await slow.answer(4_000), await slow.answer(8_000)]).toEqual([false, false, false]);
  });

  test('a PC without an earlier comparison reports its clock offset, and compares the clocks again right after a hello', async () => {
    const { answer, clock, net, ack, uplink } = rig();
    expect(await answer(7_200_000)).toBe(false);
    await clock.pass(61_000);
    net.take('beat');
    net.hello('all', { id: 'h9', withinMs: 1_000, fresh: false });
    await clock.pass(2_000);
    const [asked] = net.take('beat');
    ack(0, { echo: asked?.message.echo, at: clock.now() });
    expect(Math.abs(uplink.figures().clockOffsetMs ?? Number.NaN)).toBeLessThan(2_000);
  });
});

describe('S6 time of the server, for a PC that has the key of the server', () => {
  const centreNow = 1_800_000_000_000;
  async function asked() {
    const rig = setUp({ key: centrePublicKey });
    rig.uplink.start();
    await rig.clock.pass(400);
    const echo = rig.net.take('beat').at(-1)?.message.echo ?? 0;
    const word = (edit: Partial<CentreClock> = {}) => ({ pc: 'up/lucknow/room-1', echo, at: centreNow, spool: rig.spool.id(), ...edit });
    return { ...rig, echo, word };
  }

  test('the PC accepts the time of the server once, from its signed response', async () => {
    const { uplink, clock, ack, echo, word } = await asked();
    ack(0, { echo, at: 5, clock: sealed(word()) });
    expect(uplink.figures()).toMatchObject({ roundTripMs: 400, clockOffsetMs: clock.now() - 200 - centreNow });
    await clock.pass(20_000);
    ack(0, { echo, clock: sealed(word()) });
    expect(uplink.figures().roundTripMs).toBe(400);
  });

  const stranger = createPrivateKey(makeSigningKeys().privateKey);
  test.each<[string, (echo: number, word: CentreClock) => Partial<Ack>]>([
    ['that is not signed', (echo) => ({ echo, at: 5 })],
    ['that another key signed', (echo, word) => ({ echo, clock: sealSigned(word, stranger) })],
    ['for another PC', (echo, word) => ({ echo, clock: sealed({ ...word, pc: 'up/lucknow/room-2' }) })],
    ['to another question', (echo, word) => ({ echo, clock: sealed({ ...word, echo: echo + 1 }) })],
  ])('the PC does not accept the time from a response %s, but then from the genuine response', async (_what, forged) => {
    const { uplink, ack, echo, word } = await asked();
    ack(0, forged(echo, word()));
    expect(uplink.figures()).toMatchObject({ roundTripMs: null, clockOffsetMs: null, echoedUp: null });
    ack(0, { echo, clock: sealed(word()) });
    expect(uplink.figures().roundTripMs).toBe(400);
  });

  test('the PC does not accept the time from a delayed response, and requests it again', async () => {
    const { uplink, clock, net, ack, echo, word } = await asked();
    await clock.pass(30_001);
    ack(0, { echo, clock: sealed(word()) });
    expect(uplink.figures().clockOffsetMs).toBeNull();
    await clock.pass(60_000);
    const again = net.take('beat').at(-1)?.message.echo;
    expect([typeof again, again === echo]).toEqual(['number', false]);
  });
});

test('R4 a signed time response reveals an ack that was forged during the session, and the events are sent again', async () => {
  const { uplink, clock, net, ack, event, session, spool } = setUp({ key: centrePublicKey });
  uplink.start();
  await clock.pass(0);
  const beat = net.take('beat').at(-1)?.message;
  ack(0, { session: session() });
  const seqs = [event('door', { n: 1 }), event('door', { n: 2 })].map(({ seq }) => seq);
  net.take('event');
  net.take('backlog');
  ack(seqs[1] ?? 0);
  expect(spool.acked()).toBe(seqs[1]);
  const word = { pc: 'up/lucknow/room-1', echo: beat?.echo ?? 0, at: clock.now(), spool: spool.id() };
  // A server that has just started does not know `upTo` yet, so its response lacks `upTo`.
  ack(0, { echo: word.echo, clock: sealed(word) });
  await clock.pass(1_000);
  expect(net.take('backlog')).toEqual([]);
  await clock.pass(3_600_000);
  const next = net.take('beat').findLast(({ message }) => message.echo !== undefined)?.message.echo ?? 0;
  ack(0, { echo: next, clock: sealed({ ...word, echo: next, at: clock.now(), upTo: 1 }) });
  await clock.pass(1_000);
  expect(net.take('backlog').flatMap(({ message }) => message.map(({ seq }) => seq))).toEqual(seqs);
});
