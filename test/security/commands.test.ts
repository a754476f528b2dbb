/**
 * S6: only the server can execute a command or change the configuration; a hostile broker cannot. `loot.test.ts` tests what a broker
 * could sign.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { type Command, commandLifeMs, encode, makeSigningKeys, type Signed, sealSigned, type Verb, verbNames } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { handClock, seeded } from '../../agent/checks/agent.test-helper.ts';
import type { Probe } from '../../agent/checks/probe.ts';
import type { Platform } from '../../agent/platform/platform.ts';
import { openSpoolDisk } from '../../agent/uplink/spool/database.ts';
import { pc, wire } from '../../agent/uplink/uplink.test-helper.ts';
import { centreKey, centrePublicKey, sealed } from '../centre-key.ts';
import { type Random, randomFrom } from '../random.ts';

type Setup = { db?: DatabaseSync; clock?: ReturnType<typeof handClock> };

/** Starts the whole agent on a connection that the attacker controls. `done`: all actions on the PC. */
async function setUp({ db = new DatabaseSync(':memory:'), clock = handClock() }: Setup = {}) {
  const net = wire(clock);
  const done: string[] = [];
  const acted = (what: string) => async () => {
    done.push(what);
    return { done: true as const };
  };
  const platform = {
    bootId: () => 'boot-1',
    endBegun: () => null,
    inventory: async () => ({}),
    watchCameras: () => () => undefined,
    restartSound: acted('restart-sound'),
    setDefaultDevice: acted('set-default-device'),
    reboot: acted('reboot'),
  } as unknown as Platform;
  const probe: Probe = {
    name: 'pc',
    everyMs: 10 * 3_600_000,
    timeoutMs: 1_000,
    run: async () => {
      done.push('probe');
      return { checks: [] };
    },
  };
  const agent = createAgent({
    pc,
    version: '0.1.0',
    token: 'canary-token',
    centreKey: centrePublicKey,
    platform,
    probes: [probe],
    transport: net.transport,
    disk: openSpoolDisk(db),
    configs: { load: () => ({ config: undefined, problem: null }), save: () => void done.push('configured') as never },
    profile: { link: 'fibre', elevationM: 0, expected: {} },
    clock,
    random: seeded(1),
    log: { info: () => {}, warn: () => {} },
    restart: () => void done.push('restart-agent'),
  });
  agent.start();
  await clock.pass(1_000);
  /** The value of the PC's last time request, which a valid time response repeats. */
  let echo = Number.NaN;
  const answer = (at: number, by: KeyObject | null = centreKey) => {
    echo = net.take('beat').findLast(({ message }) => message.echo !== undefined)?.message.echo ?? echo;
    const word = { spool: agent.spool.id(), at, echo };
    net.down('ack', encode('ack', { ...word, upTo: 0, ...(by && { clock: sealSigned({ pc, ...word }, by) }) }));
  };
  answer(clock.now());
  done.length = 0;
  const deliver = (message: Signed, leaf: 'cmd' | 'config' = 'cmd') => net.down(leaf, encode(leaf, message));
  const events = (kind: string) => agent.spool.after(0, 9_999).filter((one) => one.kind === kind);
  return { agent, clock, db, net, done, deliver, events, answer };
}

const argsOf: Partial<Record<Verb, Command['args']>> = {
  'send-log': { lines: 5 },
  'set-default-device': { kind: 'speaker', name: 'x' },
  reboot: { confirm: pc },
};

function text(now: number, edit: Partial<Command> = {}): Command {
  const { verb = 'restart-sound' } = edit;
  return {
    id: 'c-1',
    to: pc,
    verb,
    args: argsOf[verb as Verb] ?? {},
    notBefore: now,
    expires: now + commandLifeMs,
    counter: now,
    ...edit,
  };
}

test('each verb with a valid signature is executed', async () => {
  const { clock, done, deliver, events } = await setUp();
  for (const [at, verb] of verbNames.entries()) deliver(sealed(text(clock.now(), { id: `c-${at}`, verb, counter: at + 1 })));
  await clock.pass(1_000);
  expect(done).toEqual(expect.arrayContaining(['probe', 'restart-sound', 'set-default-device', 'reboot', 'restart-agent']));
  expect(events('command')).toHaveLength(verbNames.length - 2);
  expect(JSON.stringify(events('command'))).not.toContain('canary');
});

test('S6 a command replayed 1,000 times, across sessions and after its expiry, is executed once', async () => {
  const { clock, done, deliver, events, db } = await setUp();
  const message = sealed(text(clock.now()));
  for (let n = 0; n < 500; n += 1) deliver(message);
  await clock.pass(1_000);
  const next = await setUp({ db, clock });
  for (let n = 0; n < 250; n += 1) next.deliver(message);
  await clock.pass(commandLifeMs);
  for (let n = 0; n < 250; n += 1) next.deliver(message);
  await clock.pass(1_000);
  expect([done, next.done]).toEqual([['restart-sound'], []]);
  expect([events('command').length, events('refused').length]).toEqual([1, 0]);
});

test('S6 a command for another PC, outside its time, with an old counter, an unknown verb or another key is not executed', async () => {
  const { clock, done, deliver, agent } = await setUp();
  const now = clock.now();
  const stranger = createPrivateKey(makeSigningKeys().privateKey);
  deliver(sealed(text(now, { id: 'good', counter: 1_000 })));
  await clock.pass(0);
  expect(done).toEqual(['restart-sound']);
  const bad: Partial<Command>[] = [
    { to: 'up/lucknow/room-2' },
    { to: 'goa/all' },
    { notBefore: now - 2 * commandLifeMs, expires: now - commandLifeMs },
    { notBefore: now + commandLifeMs, expires: now + 2 * commandLifeMs },
    { expires: now + 10 * commandLifeMs },
    { counter: 1_000 },
    { counter: 0 },
    { notBefore: now - commandLifeMs, expires: now, counter: 5 },
    { verb: 'sh' },
    { verb: 'reboot', to: 'all' },
    { args: { command: 'reboot' } },
  ];
  for (const [at, edit] of bad.entries()) deliver(sealed(text(now, { id: `bad-${at}`, counter: 2_000 + at, ...edit })));
  for (const verb of verbNames) deliver(sealSigned(text(now, { id: `strange-${verb}`, verb, counter: 9_000 }), stranger));
  await clock.pass(60_000);
  expect(done).toEqual(['restart-sound']);
  expect(agent.figures().connected).toBe(true);
});

test('S6 3,000 forged, reordered, mixed and replayed messages execute no command of another sender, and no command twice', {
  tags: ['long'],
}, async () => {
  const { clock, done, deliver, answer, agent, events } = await setUp();
  const random = randomFrom(4_711);
  // Lets the PC request the time again, so that the forged responses match its request.
  await clock.pass(3_600_000);
  done.length = 0;
  const own = Array.from({ length: 20 }, (_, at) => sealed(text(clock.now(), { id: `own-${at}`, counter: 100 + at })));
  const others = Array.from({ length: 20 }, (_, at) => sealed(text(clock.now(), { id: `other-${at}`, to: 'up/lucknow/room-2' })));
  const configs = [sealed({ pc: 'up/lucknow/room-2', version: 9, profile: { link: 'geo' } })];
  const stranger = createPrivateKey(makeSigningKeys().privateKey);
  for (let round = 0; round < 3_000; round += 1) {
    const message = forged(random, { pool: [...own, ...others, ...configs], stranger, now: clock.now() });
    deliver(message, random.pick(['cmd', 'config']));
    if (round % 100 === 0) answer(random.next() * 4e12, random.pick([stranger, null]));
    if (round % 1_000 === 0) await clock.pass(5_000);
  }
  await clock.pass(60_000);
  expect(done.filter((what) => what === 'restart-sound').length).toBeLessThanOrEqual(own.length);
  expect(done.filter((what) => what !== 'restart-sound')).toEqual([]);
  expect(agent.figures()).toMatchObject({ connected: true });
  expect(agent.figures().refused).toBeGreaterThan(1_500);
  // The history has a rate limit for entries about refused messages.
  expect(events('refused').length).toBeLessThan(5);
});

test('S6 a reboot command that is held back for a week is not executed, even with forged time responses', {
  tags: ['long'],
}, async () => {
  const { clock, done, deliver, answer } = await setUp();
  const issued = clock.now();
  const reboot = sealed(text(issued, { verb: 'reboot' }));
  await clock.pass(7 * 86_400_000);
  for (const forger of [null, createPrivateKey(makeSigningKeys().privateKey)]) {
    await clock.pass(3_600_000);
    answer(issued, forger);
  }
  done.length = 0;
  deliver(reboot);
  await clock.pass(60_000);
  expect(done).toEqual([]);
});

/** Returns a message unchanged, damaged, mixed of two, or signed by another key. */
function forged(random: Random, { pool, stranger, now }: { pool: Signed[]; stranger: KeyObject; now: number }): Signed {
  const [a, b] = [random.pick(pool), random.pick(pool)];
  switch (random.below(5)) {
    case 0:
      return a;
    case 1:
      return a.signed === b.signed ? { ...a, signature: '' } : { signed: a.signed, signature: b.signature };
    case 2: {
      const at = random.below(a.signed.length);
      return { ...a, signed: a.signed.slice(0, at) + random.pick(['"', '0', '}', 'é', '\ud800']) + a.signed.slice(at + 1) };
    }
    case 3:
      return sealSigned(text(now, { verb: random.pick(verbNames), id: `s-${random.below(99)}`, counter: 1 + random.below(1e6) }), stranger);
    default:
      return sealSigned({ pc, version: 1 + random.below(99), profile: { link: 'geo' } }, stranger);
  }
}
