import { createPrivateKey } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { type Birth, type Check, type Config, encode, makeSigningKeys, type Signed, sealSigned } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { centrePublicKey, sealed } from '../test/centre-key.ts';
import { createAgent } from './agent.ts';
import { handClock, seeded } from './checks/agent.test-helper.ts';
import type { PowerState, Probe } from './checks/probe.ts';
import { createBudget, inMemoryStore } from './link/net/data-budget.ts';
import type { Platform } from './platform/platform.ts';
import { openSpoolDisk } from './uplink/spool/database.ts';
import type { ConfigStore } from './uplink/store/config-store.ts';
import { decodeWill, pc, wire } from './uplink/uplink.test-helper.ts';

type World = { db?: DatabaseSync; clock?: ReturnType<typeof handClock>; config?: Signed; boot?: string; more?: boolean };

function setUp({ db = new DatabaseSync(':memory:'), clock = handClock(), config, boot = 'boot-1', more = false }: World = {}) {
  const net = wire(clock);
  const room = {
    mic: { status: 'ok', fault: null, reason: null } as Pick<Check, 'status' | 'fault' | 'reason'>,
    broken: false,
    hangs: false,
    power: undefined as PowerState | undefined,
  };
  const probe: Probe = {
    name: 'microphone',
    everyMs: 30_000,
    timeoutMs: 5_000,
    run: async ({ profile, self }) => {
      seen.push({ link: profile.link, self: self.spool.waiting });
      if (room.hangs) await new Promise(() => undefined);
      if (room.broken) throw new Error('no sound server');
      return {
        checks: [{ component: 'microphone', device: 'usb', ...room.mic }],
        numbers: { load: 0.5 },
        ...(room.power && { power: room.power }),
      };
    },
  };
  /** Probe of the network path, which reports the state of the server connection. */
  const way: Probe = {
    name: 'path',
    everyMs: 3_600_000,
    timeoutMs: 5_000,
    runsOnConnectionChange: true,
    run: async ({ self }) => {
      const fault = self.connected ? null : 'path.centre';
      return { checks: [{ component: 'path', device: '', status: fault === null ? 'ok' : 'fault', fault, reason: null }] };
    },
  };
  const budget = createBudget({ clock, store: inMemoryStore() });
  const seen: { link: string; self: number }[] = [];
  const logs: string[] = [];
  const restarts: number[] = [];
  const saved: Signed[] = [];
  const cards: string[] = [];
  const inventory = { items: { os: 'one' } as Record<string, unknown> | Error };
  const configs: ConfigStore = {
    load: () => ({ config, problem: null }),
    save: (one) => {
      saved.push(one);
      return null;
    },
  };
  const platform = {
    bootId: () => boot,
    crashedBefore: () => false,
    endBegun: () => null,
    watchCameras: () => () => undefined,
    inventory: async () => (inventory.items instanceof Error ? Promise.reject(inventory.items) : inventory.items),
  } as unknown as Platform;
  const note = (_: object, line: string) => logs.push(line);
  const agent = createAgent({
    pc,
    version: '0.1.0',
    token: 't',
    centreKey: centrePublicKey,
    platform,
    probes: more ? [probe, way] : [probe],
    budget,
    transport: net.transport,
    disk: openSpoolDisk(db),
    configs,
    cardFile: { save: (html) => cards.push(html) > 0 },
    profile: { link: 'fibre', elevationM: 0, expected: {} },
    clock,
    random: seeded(5),
    log: { info: note, warn: note },
    restart: () => void restarts.push(clock.now()),
  });
  const events = () => agent.spool.after(0, 999).map(({ kind, body, grade }) => ({ kind, body, grade }));
  const ack = (upTo: number) => {
    const { session } = decodeWill(net.connects.at(-1));
    net.down('ack', encode('ack', { spool: agent.spool.id(), upTo, at: clock.now(), session }));
  };
  return { db, budget, clock, net, room, seen, logs, saved, cards, inventory, agent, events, ack, restarts };
}

test('the agent connects after every probe has run once, so that the first state is complete', async () => {
  const { agent, clock, net, events } = setUp();
  agent.start();
  await clock.pass(1_000);
  expect(net.take('state')).toMatchObject([{ message: { checks: [{ component: 'microphone', device: 'usb', status: 'ok' }] } }]);
  expect(net.take('beat')).toMatchObject([{ message: { n: { load: 0.5 } } }]);
  expect(events().map(({ kind }) => kind)).toEqual(['spool-new', 'started', 'check']);
  expect(events()[1]?.body).toEqual({ version: '0.1.0', recovered: false });
});

test('the agent probes the network path at once when the connection breaks, and records the result as an event', async () => {
  const { agent, clock, net, events } = setUp({ more: true });
  agent.start();
  await clock.pass(3_000);
  const said = () => events().flatMap(({ kind, body }) => (kind === 'check' && body['component'] === 'path' ? [body['to']] : []));
  const [broken, whole] = [
    { status: 'fault', fault: 'path.centre', reason: null },
    { status: 'ok', fault: null, reason: null },
  ];
  expect(said()).toEqual([broken, whole]);
  net.state.answer = 'unreachable';
  net.cut();
  await clock.pass(1_000);
  expect(said()).toEqual([broken, whole, broken]);
  net.state.answer = 'admit';
  await clock.pass(120_000);
  expect(said()).toEqual([broken, whole, broken, whole]);
});

test('the agent reports a changed check in a state message, and as a numbered event with old and new result', async () => {
  const { agent, clock, net, room, ack, events } = setUp();
  agent.start();
  await clock.pass(1_000);
  ack(0);
  ack(3);
  net.take('state');
  net.take('backlog');
  room.mic = { status: 'fault', fault: 'microphone.muted', reason: null };
  await clock.pass(35_000);
  expect(net.take('state')).toMatchObject([{ message: { checks: [{ status: 'fault', fault: 'microphone.muted' }] } }]);
  expect(net.take('event')).toMatchObject([
    {
      message: {
        kind: 'check',
        body: { component: 'microphone', device: 'usb', from: { status: 'ok' }, to: { fault: 'microphone.muted' } },
      },
    },
  ]);
  await clock.pass(120_000);
  expect(events().filter(({ kind }) => kind === 'check')).toHaveLength(2);
});

test('the agent reports a recovery after a kill, keeps checks unknown until probes renew them, and records no event for an equal result', async () => {
  const { agent, clock, db, room } = setUp();
  room.mic = { status: 'fault', fault: 'microphone.missing', reason: null };
  agent.start();
  await clock.pass(1_000);
  const again = setUp({ db, clock });
  again.room.mic = room.mic;
  again.room.hangs = true;
  const before = again.events().length;
  again.agent.start();
  expect(again.agent.table.checks()).toMatchObject([{ device: 'usb', status: 'unknown' }]);
  again.room.hangs = false;
  await clock.pass(2_000);
  expect(again.agent.table.checks()).toMatchObject([{ device: 'usb', fault: 'microphone.missing' }]);
  expect(again.events().slice(before)).toMatchObject([{ kind: 'started', body: { recovered: true } }]);
});

test('the agent records an event and sends a bye on a regular stop, and reports no recovery at the next start', async () => {
  const { agent, clock, net, db } = setUp();
  agent.start();
  await clock.pass(1_000);
  net.take('presence');
  await Promise.all([agent.stop('stopped'), agent.stop('stopped')]);
  expect(net.take('presence')).toMatchObject([{ message: { kind: 'bye', reason: 'stopped' } }]);
  const again = setUp({ db, clock });
  again.agent.start();
  expect(again.events().slice(-2)).toMatchObject([
    { kind: 'stopped', body: { reason: 'stopped' } },
    { kind: 'started', body: { recovered: false } },
  ]);
});

test('the agent stores one reading in 15 min while offline, and none while connected', async () => {
  const { agent, clock, net, events } = setUp();
  agent.start();
  await clock.pass(3_600_000);
  const readings = () => events().filter(({ grade }) => grade === 'reading');
  expect(readings()).toEqual([]);
  net.state.answer = 'unreachable';
  net.cut();
  await clock.pass(3_600_000);
  expect(readings()).toHaveLength(4);
  expect(readings()[0]).toMatchObject({ kind: 'numbers', body: { load: 0.5 } });
});

test('F7 the agent records a jump of the PC clock as an event, without effect on beats or event numbers', async () => {
  const { agent, clock, net, events } = setUp();
  agent.start();
  await clock.pass(30_000);
  clock.jump(-10 * 365 * 86_400_000);
  await clock.pass(10_000);
  clock.jump(4_000);
  await clock.pass(580_000);
  expect(events().filter(({ kind }) => kind === 'clock-jumped')).toMatchObject([{ body: { byMs: -315_360_000_000 } }]);
  expect(net.take('beat').length).toBe(11);
});

test('the agent stores a configuration, applies it at once, reports it in a birth, and uses it at the next start', async () => {
  const { agent, clock, net, saved, seen } = setUp();
  agent.start();
  await clock.pass(1_000);
  net.take('presence');
  const config = sealed(configuration(7));
  net.down('config', encode('config', config));
  // A change of the link class changes the keepalive, so the agent reconnects.
  await clock.pass(10_000);
  expect(saved).toEqual([config]);
  expect(seen.at(-1)?.link).toBe('geo');
  expect(net.take('presence')).toMatchObject([{ message: { config: 7 } }]);
  const again = setUp({ config });
  again.agent.start();
  await clock.pass(0);
  await again.clock.pass(1_000);
  expect(again.seen[0]?.link).toBe('geo');
});

function configuration(version: number, to = pc): Config {
  return { pc: to, version, profile: { link: 'geo', elevationM: 3_500, expected: {} } };
}

test('the agent refuses a configuration that is forged, older or for another PC, and stays connected', async () => {
  const { agent, clock, net, saved, events } = setUp();
  agent.start();
  await clock.pass(1_000);
  net.down('config', encode('config', sealed(configuration(7))));
  await clock.pass(10_000);
  const good = sealed(configuration(8));
  const bad: Signed[] = [
    { ...good, signature: sealed(configuration(9)).signature },
    { ...good, signed: good.signed.replace('geo', 'leo') },
    sealSigned(configuration(8), createPrivateKey(makeSigningKeys().privateKey)),
    sealed(configuration(8, 'up/lucknow/room-2')),
    sealed(configuration(6)),
    sealed({ ...configuration(8), profile: { link: 'pigeon' } }),
  ];
  for (const config of bad) net.down('config', encode('config', config));
  expect(saved).toEqual([sealed(configuration(7))]);
  expect(agent.figures()).toMatchObject({ refused: bad.length, connected: true });
  await clock.pass(61_000);
  net.down('config', encode('config', bad[3] as Signed));
  expect(events().filter(({ kind }) => kind === 'refused')).toMatchObject([
    { body: { leaf: 'config', reason: 'wrong signature', count: 1 } },
    { body: { leaf: 'config', reason: 'addressed to another PC', count: 7 } },
  ]);
});

test('the agent verifies a stored configuration at the start, and ignores one of another PC or server', async () => {
  const stolen = sealed(configuration(9, 'up/lucknow/room-2'));
  const forged = sealSigned(configuration(9), createPrivateKey(makeSigningKeys().privateKey));
  for (const config of [stolen, forged]) {
    const { agent, clock, seen, logs } = setUp({ config });
    agent.start();
    await clock.pass(1_000);
    expect(seen[0]?.link).toBe('fibre');
    expect(logs[0]).toMatch(/^the stored configuration is not used: (wrong signature|addressed to another PC)$/);
  }
});

test('R17 the agent runs the probes before the birth if the hello is `fresh`', async () => {
  const { agent, clock, net, room } = setUp();
  agent.start();
  await clock.pass(1_000);
  net.take('presence');
  room.mic = { status: 'unknown', fault: null, reason: 'nobody signed in' };
  net.hello('all', { id: 'roll', withinMs: 1_000, fresh: true });
  await clock.pass(1_000);
  expect(net.take('presence')).toMatchObject([{ message: { hello: 'roll', digest: agent.table.digest() } }]);
  expect(agent.table.checks()[0]?.reason).toBe('nobody signed in');
});

test('the agent sends one last gasp before power ends; after the restart each birth reports that end until it is acknowledged', async () => {
  const first = setUp();
  first.room.power = { onMains: true, isEnding: false, runtimeMs: null };
  first.agent.start();
  await first.clock.pass(60_000);
  first.ack(0);
  first.room.power = { onMains: false, isEnding: true, runtimeMs: 110_000 };
  await first.clock.pass(90_000);
  const gasps = first.net.take('presence').filter(({ message }) => message.kind === 'gasp');
  expect(gasps).toMatchObject([{ message: { kind: 'gasp', boot: 'boot-1', reason: 'power', runtimeMs: 110_000 } }]);
  const endedAt = first.clock.now();
  const second = setUp({ db: copyOf(first.db), clock: handClock(endedAt + 3_600_000), boot: 'boot-2' });
  second.agent.start();
  await second.clock.pass(1_000);
  const birth = second.net.take('presence')[0]?.message as Birth;
  const gone = { from: expect.any(Number), to: null, ending: true };
  expect(birth.previous).toEqual({ boot: 'boot-1', aliveAt: expect.any(Number), mains: false, bye: null, crashed: false, gone });
  expect(endedAt - (birth.previous?.aliveAt ?? 0)).toBeLessThanOrEqual(30_000);
  second.ack(0);
  await second.agent.stop('shutdown');
  const third = setUp({ db: copyOf(second.db), clock: handClock(endedAt + 7_200_000), boot: 'boot-3' });
  third.agent.start();
  await third.clock.pass(1_000);
  expect(third.net.take('presence')).toMatchObject([{ message: { previous: { boot: 'boot-2', bye: 'shutdown' } } }]);
});

/** Copies the disk as a power cut leaves it, without the lock of the earlier process. */
function copyOf(db: DatabaseSync): DatabaseSync {
  const copy = new DatabaseSync(':memory:');
  copy.deserialize(db.serialize());
  return copy;
}
