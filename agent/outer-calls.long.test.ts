// @module-tag long
/** Tests that the agent survives one failure of any external call: disk, log, network, operating system or server. */
import { DatabaseSync } from 'node:sqlite';
import { encode, sealReflectorToken, type Verb } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { centrePublicKey, sealed } from '../test/centre-key.ts';
import { createRoom } from '../test/fleet/room.ts';
import { randomFrom } from '../test/random.ts';
import { createAgent } from './agent.ts';
import { handClock, seeded } from './checks/agent.test-helper.ts';
import type { Probe } from './checks/probe.ts';
import { scriptedReflector } from './link/measure/reflector.test-helper.ts';
import { createBudget, inMemoryStore } from './link/net/data-budget.ts';
import type { OpenUdp } from './link/net/udp.ts';
import { createProbes } from './probes/probes.ts';
import { DiskError, openSpoolDisk } from './uplink/spool/database.ts';
import { decodeWill, pc, wire } from './uplink/uplink.test-helper.ts';

const minute = 60_000;
const port = 8_620;

/** Call that must fail: the n-th call of this name. */
type WantedCall = { name: string; nth: number };

/** Counts the calls of each name and makes the wanted one fail. */
function createTrouble(wanted: WantedCall | undefined) {
  const seen = new Map<string, number>();
  const strike = (name: string): Error | undefined => {
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    if (name !== wanted?.name || nth !== wanted.nth) return undefined;
    return name.startsWith('disk.') ? new DiskError('failed', 'the disk does not answer') : new Error(`${name} fails`);
  };
  /** Wraps an object so that each function may fail: it rejects if it normally returns a promise, otherwise it throws. */
  const around = <T extends object>(whole: string, target: T, wrap: (answer: unknown) => unknown = (answer) => answer): T =>
    new Proxy(target, {
      get(held, key) {
        const value = Reflect.get(held, key) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const error = strike(`${whole}.${String(key)}`);
          if (error !== undefined && isPromised.has(`${whole}.${String(key)}`)) return Promise.reject(error);
          if (error !== undefined) throw error;
          const answer = value.apply(held, args) as unknown;
          return answer instanceof Promise ? answer.then(wrap) : wrap(answer);
        };
      },
    });
  return { seen, around };
}

const promised = ['connection.subscribe', 'connection.publish', 'connection.end', 'transport.connect', 'udp.open'];
const asked = ['ask', 'sound', 'cameras', 'figures', 'power', 'climate', 'hardware', 'inventory', 'network', 'setDefaultDevice'];
const isPromised = new Set([...promised, ...asked.flatMap((name) => [`platform.${name}`, `probed.${name}`])]);

async function live(wanted: WantedCall | undefined) {
  const clock = handClock();
  const { seen, around } = createTrouble(wanted);
  const net = wire(clock);
  const transport = around('transport', net.transport, (answer) =>
    typeof answer === 'object' && answer !== null && 'connection' in answer
      ? { ...answer, connection: around('connection', answer.connection as object) }
      : answer,
  );
  const reflector = scriptedReflector(clock);
  const door = around('udp', { open: reflector.open }, (socket) =>
    typeof socket === 'object' && socket !== null ? around('socket', socket) : socket,
  );
  const store = inMemoryStore();
  const log = around('log', { info: () => undefined, warn: () => undefined });
  const platform = createRoom({ elevationM: 0, clock, random: randomFrom(7) }).platform();
  const probed = around('probed', platform);
  const probes = createProbes({ clock, ask: async () => ({ kind: 'silent' }) as never }).map(
    (probe): Probe => ({ ...probe, run: (context) => probe.run({ ...context, platform: probed }) }),
  );
  const agent = createAgent({
    pc,
    version: '0.1.0',
    token: 't',
    centreKey: centrePublicKey,
    clock,
    random: seeded(5),
    log,
    transport,
    profile: { link: 'fibre', elevationM: 0, expected: {} },
    budget: createBudget({ clock, store }),
    platform: around('platform', platform),
    probes,
    udp: ((at, onPacket) => door.open(at, onPacket)) as OpenUdp,
    disk: around('disk', openSpoolDisk(new DatabaseSync(':memory:'))),
    configs: { load: () => ({ config: undefined, problem: null }), save: () => null },
    linkFile: around('linkFile', { save: () => true }),
    cardFile: around('cardFile', { save: () => true }),
    restart: () => undefined,
  });
  const grant = () => ({ port, token: sealReflectorToken(pc, clock.now() + 3 * 3_600_000, Buffer.alloc(32)).toString('base64url') });
  const more = () => ({ measure: true, reflector: { ...grant(), endsAt: clock.now() + 3 * 3_600_000 } });
  /** Simulates the server, which acknowledges births and echoes. */
  const answer = () => {
    const at = clock.now();
    const word = { spool: agent.spool.id(), upTo: agent.spool.acked(), at };
    const session = net.connects.length > 0 ? decodeWill(net.connects.at(-1)).session : undefined;
    if (net.take('presence').some(({ message }) => message.kind === 'birth'))
      net.down('ack', encode('ack', { ...word, session, ...more() }));
    for (const { message } of net.take('beat')) {
      if (message.echo === undefined) continue;
      const told = sealed({ pc, echo: message.echo, at, spool: agent.spool.id(), upTo: 0 });
      net.down('ack', encode('ack', { ...word, echo: message.echo, clock: told, ...more() }));
    }
  };
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(5_000);
      answer();
    }
  };
  const order = (verb: Verb, args: object = {}) => {
    const life = { notBefore: clock.now(), expires: clock.now() + 10 * minute };
    net.down('cmd', encode('cmd', sealed({ id: `c-${verb}`, to: pc, verb, args, counter: clock.now(), ...life })));
  };
  return { agent, net, pass, order, seen };
}

/** The agent disconnects last, after its last write to disk, so it cannot record this failure. */
const isLast = ({ name, nth }: WantedCall) => name === 'connection.end' && nth === whole.seen.get(name);

/** Simulates half an hour of a PC with all its activities. */
async function day(wanted?: WantedCall) {
  const world = await live(wanted);
  const { agent, net, pass, order } = world;
  agent.start();
  await pass(2 * minute);
  for (const verb of ['probe-now', 'measure-link'] as const) order(verb);
  order('set-default-device', { kind: 'microphone', name: 'Jabra' });
  await pass(4 * minute);
  net.cut();
  await pass(14 * minute);
  order('send-log', { lines: 5 });
  net.down('config', encode('config', sealed({ pc, version: 2, profile: { link: 'leo', elevationM: 0, expected: {} } })));
  await pass(2 * minute);
  net.take('event');
  await pass(4 * minute);
  const numbers = agent.table.numbers();
  const slips = agent.spool.after(0, 999).flatMap(({ kind, body }) => (kind === 'slipped' ? [body] : []));
  await agent.stop('stopped');
  return { ...world, numbers, slips };
}

const whole = await day();
/** Calls that run before the agent exists: if they fail, there is no agent. */
const before = ['platform.bootId', 'disk.damage'];
const names = [...whole.seen.keys()].filter((name) => !before.includes(name)).toSorted();
/** If a name has at most this many calls, all are tested, because its first calls may have different purposes. */
const few = 12;
const calls = names.flatMap((name) => {
  const count = whole.seen.get(name) ?? 0;
  const nths = count <= few ? Array.from({ length: count }, (_, at) => 1 + at) : [1, 2, 7];
  return nths.map((nth) => ({ name, nth }));
});
/** Calls whose failures are reported elsewhere: by a probe, command, inventory, disk or log. */
const toldElsewhere = /^(disk|log|probed|platform\.(?!ask))/;

test('the simulated half hour calls every external function of the agent', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      ...promised,
      'socket.send',
      'socket.close',
      'platform.ask',
      'platform.inventory',
      'disk.run',
      'log.warn',
      'linkFile.save',
      'cardFile.save',
    ]),
  );
  expect(whole.numbers).toMatchObject({ lu: 0, ld: 0, ju: 0, jd: 0 });
});

test.each(calls)('the agent handles and counts the failure of call $nth of $name once, and then stops in order', async (call) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const { agent, net, numbers, slips } = await day(call).catch((error: Error) => expect.unreachable(error.stack));
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  if (!toldElsewhere.test(call.name) && !isLast(call))
    expect(slips).toEqual([{ what: expect.anything(), error: `${call.name} fails`, count: 1 }]);
  expect(Object.values(numbers).every(Number.isFinite)).toBe(true);
  expect(numbers.lu).toBeLessThan(0.01);
  expect(net.connects.length).toBeLessThan(6);
  expect(agent.figures().connected).toBe(false);
});
