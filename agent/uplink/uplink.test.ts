import { encode } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { decodeWill, pc, setUp } from './uplink.test-helper.ts';

test('R16 every CONNACK starts a new session: will, birth and state carry its number; birth and state are sent first', async () => {
  const { uplink, clock, net, filters, spool, table } = setUp();
  uplink.start();
  await clock.pass(0);
  expect(net.state.granted).toEqual(filters);
  const will = decodeWill(net.connects[0]);
  expect(net.connects[0]).toMatchObject({ name: 'up.lucknow.room-1', password: 'secret', keepaliveMs: 90_000 });
  expect(net.connects[0]?.will.topic).toBe(`sabha/v1/${pc}/presence`);
  expect(will).toEqual({ kind: 'lost', boot: 'boot-1', session: will.session });
  const [birth] = net.take('presence');
  expect(birth?.message).toMatchObject({
    kind: 'birth',
    session: will.session,
    digest: table.digest(),
    rev: 1,
    config: 0,
    spool: spool.range(),
  });
  expect(net.take('state')).toMatchObject([{ message: { session: will.session, rev: 1, checks: [] } }]);
  net.cut();
  await clock.pass(4_000);
  expect(net.connects).toHaveLength(2);
  expect(decodeWill(net.connects[1]).session).toBeGreaterThan(will.session);
  expect(net.take('presence')).toMatchObject([{ message: { kind: 'birth', session: decodeWill(net.connects[1]).session } }]);
  expect(net.take('state')[0]?.message).not.toHaveProperty('base');
});

test('R16 R3 a birth repeats with backoff until an ack names this session; an ack without a session does not count', async () => {
  const { uplink, clock, net, ack, session } = setUp();
  uplink.start();
  await clock.pass(3 * 3_600_000);
  const times = net.take('presence').map((one) => one.at);
  const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0));
  expect(gaps[0]).toBeGreaterThan(22_000);
  expect(gaps[0]).toBeLessThan(38_000);
  expect(Math.max(...gaps)).toBeLessThan(1_800_000 * 1.25 + 1);
  expect(Math.max(...gaps)).toBeGreaterThan(1_000_000);
  ack(0);
  ack(0, { session: session() - 1 });
  await clock.pass(4 * 3_600_000);
  expect(net.take('presence').length).toBeGreaterThan(3);
  ack(0, { session: session() });
  await clock.pass(4 * 3_600_000);
  expect(net.take('presence')).toEqual([]);
});

test('a birth states how long the server received nothing: the time since the last acknowledged session', async () => {
  const { uplink, clock, net, ack, session } = setUp();
  const apart = () => net.take('presence').map(({ message }) => (message as { apartMs?: number | null }).apartMs);
  uplink.start();
  await clock.pass(0);
  expect(apart()).toEqual([null]);
  ack(0, { session: session() });
  ack(0, { session: session(), want: ['birth'] });
  expect(apart()).toEqual([undefined]);
  net.cut();
  await clock.pass(4_000);
  net.cut();
  await clock.pass(60_000);
  const [first = 0, second = 0] = apart().map(Number);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(4_000);
  expect(second).toBeGreaterThan(4_000);
  expect(second).toBeLessThanOrEqual(64_000);
});

test('R12 the first change is sent at once, then at most one message in 2 s, each as a difference to the last one', async () => {
  const { uplink, clock, net, table, status, session } = setUp();
  status('pc', 'ok');
  uplink.start();
  await clock.pass(5_000);
  const [full] = net.take('state');
  expect(full?.message).toMatchObject({ session: session(), checks: [{ component: 'pc' }] });
  status('clock', 'ok');
  const [first] = net.take('state');
  expect(first).toMatchObject({ at: 5_000, message: { base: full?.message.digest, checks: [{ component: 'clock' }], gone: [] } });
  for (let n = 0; n < 10; n += 1) status('agent', n % 2 === 0 ? 'ok' : 'unknown');
  table.merge({ component: 'pc', everyMs: 1_000, checks: [] });
  uplink.stateChanged();
  await clock.pass(1_999);
  expect(net.take('state')).toEqual([]);
  await clock.pass(1);
  const [second] = net.take('state');
  expect(second?.message).toMatchObject({ base: first?.message.digest, digest: table.digest(), rev: table.rev(), gone: ['pc/'] });
  expect(second?.message.checks).toMatchObject([{ component: 'agent', status: 'unknown' }]);
  await clock.pass(10_000);
  status('agent', 'ok');
  net.take('state');
  status('agent', 'unknown');
  status('agent', 'ok');
  await clock.pass(10_000);
  expect(net.take('state')).toEqual([]);
});

test('R16 a forged high session number loses no event, and the next session number is still one that the server can read', async () => {
  const { uplink, clock, net, ack, event, spool } = setUp();
  uplink.start();
  await clock.pass(0);
  event('door');
  const { id, last } = spool.range();
  for (const session of [Number.MAX_SAFE_INTEGER, 2 ** 52, 2 ** 52, 2 ** 41]) {
    ack(0, { session });
    await clock.pass(120_000);
  }
  expect(net.connects.length).toBeGreaterThan(1);
  expect(spool.range()).toMatchObject({ id, last });
  expect(spool.nextSession()).toBeLessThan(2 ** 41);
  expect(net.take('presence').length).toBeGreaterThan(1);
});

test('R17 a hello causes one birth that names its id, within its spread; with `fresh` the probes run before the birth', async () => {
  const { uplink, clock, net, ack, session, seen } = setUp();
  uplink.start();
  await clock.pass(0);
  ack(0, { session: session() });
  net.take('presence');
  for (const scope of ['all', 'up/all', 'up/lucknow/all']) net.hello(scope, { id: 'roll-1', withinMs: 10_000, fresh: false });
  await clock.pass(10_000);
  const [birth, ...more] = net.take('presence');
  expect(birth).toMatchObject({ message: { kind: 'birth', hello: 'roll-1', session: session() } });
  expect(birth?.at).toBeGreaterThan(0);
  expect(more).toEqual([]);
  const probed = Promise.withResolvers<void>();
  seen.probed = probed.promise;
  net.hello('all', { id: 'roll-2', withinMs: 1_000, fresh: true });
  await clock.pass(5_000);
  expect([seen.fresh, net.take('presence')]).toEqual([1, []]);
  probed.resolve();
  await clock.pass(0);
  expect(net.take('presence')).toMatchObject([{ message: { hello: 'roll-2' } }]);
});

test('R3 a hello restarts the backoff of a birth that is not acknowledged', async () => {
  const { uplink, clock, net } = setUp();
  uplink.start();
  await clock.pass(4 * 3_600_000);
  net.take('presence');
  net.hello('all', { id: 'back', withinMs: 0, fresh: false });
  await clock.pass(150_000);
  expect(net.take('presence').length).toBeGreaterThanOrEqual(3);
});

test('a configuration that changes the keepalive makes a connected PC reconnect without a bye', async () => {
  const { net, uplink, clock, seen, ack, session } = setUp();
  uplink.start();
  await clock.pass(0);
  ack(0, { session: session() });
  net.take('presence');
  const config = encode('config', { signed: '{}', signature: 'x' });
  net.down('config', config);
  await clock.pass(10_000);
  expect([net.connects.length, net.state.ended]).toEqual([1, 0]);
  net.take('presence');
  seen.link = 'geo';
  seen.configs.length = 0;
  net.down('config', config);
  await clock.pass(10_000);
  expect(net.connects.map(({ keepaliveMs }) => keepaliveMs)).toEqual([90_000, 300_000]);
  expect(net.state.ended).toBe(1);
  // The PC sends no bye, because it reconnects at once.
  const [birth, ...more] = net.take('presence');
  expect(birth?.message).toMatchObject({ kind: 'birth', session: session(), config: 1, apartMs: expect.any(Number) });
  expect(more).toEqual([]);
});

test('an accepted configuration causes a birth, a command is passed on, and an invalid message causes one log line', async () => {
  const { uplink, clock, net, logs, seen } = setUp();
  uplink.start();
  await clock.pass(0);
  net.take('presence');
  const config = { signed: '{}', signature: 'x' };
  net.down('config', encode('config', config));
  expect(seen.configs).toEqual([config]);
  expect(net.take('presence')).toMatchObject([{ message: { config: 1 } }]);
  net.down('config', encode('config', config));
  expect(net.take('presence')).toEqual([]);
  logs.length = 0;
  net.down('config', Buffer.from('{"signed":4,"signature":"x"}'));
  net.down('ack', Buffer.from([0xff]));
  net.down('cmd', Buffer.from('{"verb":"reboot"}'));
  expect(logs).toHaveLength(3);
  expect(logs[0]).toContain('signed: expected string');
  expect(seen.configs).toHaveLength(2);
  expect(uplink.figures()).toMatchObject({ unreadable: 3 });
  net.down('cmd', encode('cmd', config));
  expect(seen.commands).toEqual([config]);
});

test('the uplink reconnects with full jitter up to the limit of its link class, and resets the backoff after an acknowledged session', async () => {
  const { uplink, clock, net, ack, session } = setUp();
  net.state.answer = 'unreachable';
  uplink.start();
  await clock.pass(3_600_000);
  const gaps = net.connects.slice(1).map(({ at }, n) => at - (net.connects[n]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000);
  expect(gaps[0]).toBeLessThanOrEqual(4_000);
  expect(new Set(gaps.map(Math.round)).size).toBeGreaterThan(gaps.length / 2);
  net.state.answer = 'admit';
  await clock.pass(60_000);
  ack(0, { session: session() });
  expect(uplink.figures().connected).toBe(true);
  const before = clock.up();
  net.cut();
  expect(uplink.figures().connected).toBe(false);
  await clock.pass(4_000);
  expect((net.connects.at(-1)?.at ?? 0) - before).toBeGreaterThan(0);
  expect(uplink.figures().connected).toBe(true);
});

test('F9 a link that is up for 20 s and down for 10 s, 500 times, loses no event', async () => {
  const { uplink, clock, net, event, spool, session, ack } = setUp();
  uplink.start();
  const ledger = new Set<number>();
  for (let n = 0; n < 500; n += 1) {
    net.state.answer = 'admit';
    await clock.pass(10_000);
    ack(spool.acked(), { session: session() });
    event('e', { n });
    await clock.pass(10_000);
    for (const { message } of net.take('event')) ledger.add(message.seq);
    for (const { message } of net.take('backlog')) for (const { seq } of message) ledger.add(seq);
    if (n % 3 === 0) ack(Math.max(...ledger, 0));
    net.state.answer = 'unreachable';
    net.cut();
    await clock.pass(10_000);
  }
  net.state.answer = 'admit';
  await clock.pass(60_000);
  ack(spool.acked(), { session: session() });
  for (const { message } of net.take('backlog')) for (const { seq } of message) ledger.add(seq);
  expect(ledger.size).toBe(501);
});

test('R16 each birth states how the last boot ended, across sessions, until one birth is acknowledged', async () => {
  const { uplink, clock, net, seen, ack, session } = setUp();
  seen.previous = { boot: 'boot-0', aliveAt: 1_789_999_000_000, mains: false, bye: null, crashed: false };
  const { previous } = seen;
  uplink.start();
  await clock.pass(0);
  expect(net.take('presence')).toMatchObject([{ message: { kind: 'birth', previous } }]);
  net.cut();
  await clock.pass(4_000);
  expect(net.take('presence')).toMatchObject([{ message: { kind: 'birth', previous } }]);
  ack(0, { session: session(), want: ['birth'] });
  expect(net.take('presence')[0]?.message).not.toHaveProperty('previous');
});

test('stop sends a bye and disconnects within 2 s, even without a PUBACK, and nothing is sent afterwards', async () => {
  for (const puback of [true, false]) {
    const { uplink, clock, net, session } = setUp();
    uplink.start();
    await clock.pass(1_000);
    net.take('presence');
    net.state.puback = puback;
    const stopping = uplink.stop('stopped');
    await clock.pass(2_000);
    await stopping;
    expect(net.take('presence')).toMatchObject([{ message: { kind: 'bye', reason: 'stopped', session: session() } }]);
    expect(net.state.ended).toBe(1);
    net.take('beat');
    await clock.pass(3_600_000);
    expect(net.take('beat')).toEqual([]);
    expect(net.connects).toHaveLength(1);
  }
});
