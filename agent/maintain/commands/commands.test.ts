import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Command, commandAnswer, commandLifeMs, makeSigningKeys, sealSigned, type Verb } from '@sabha/contracts';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sealed } from '../../../test/centre-key.ts';
import { handClock } from '../../checks/agent.test-helper.ts';
import { DiskError, openSpoolDisk, type SpoolDisk } from '../../uplink/spool/database.ts';
import { pc, setUp } from './commands.test-helper.ts';

test('the PC executes and answers a command to itself, or to a scope that contains it, once despite duplicates', async () => {
  const { take, done, answers } = setUp();
  for (const [at, to] of [pc, 'all', 'up/all', 'up/lucknow/all'].entries()) {
    for (let times = 0; times < 5; times += 1) await take({ id: `c-${at}`, to, counter: at + 1 });
  }
  expect(done).toHaveLength(4);
  expect(answers()).toEqual([0, 1, 2, 3].map((at) => ({ id: `c-${at}`, verb: 'restart-sound', outcome: 'done', reason: null })));
});

describe('refusal of a command', () => {
  test.each<[string, Partial<Command> | ((now: number) => Partial<Command>), string]>([
    ['expired', (now) => ({ notBefore: now - commandLifeMs, expires: now }), 'expired'],
    ['too early', (now) => ({ notBefore: now + 31_000, expires: now + commandLifeMs }), 'not yet'],
    ['living too long', (now) => ({ expires: now + commandLifeMs + 1 }), 'it is valid for longer than allowed'],
    ['unknown', { verb: 'format-disk' }, 'unknown verb'],
    ['a reboot that names another PC', { verb: 'reboot', args: { confirm: 'up/lucknow/room-2' } }, 'confirm does not name this PC'],
  ])('the PC refuses a command that is %s, and gives the reason', async (_what, edit, reason) => {
    const { take, done, answers, clock } = setUp();
    for (let times = 0; times < 3; times += 1) await take(typeof edit === 'function' ? edit(clock.now()) : edit);
    expect(done).toEqual([]);
    expect(answers()).toEqual([{ id: 'c-1', verb: expect.any(String), outcome: 'refused', reason }]);
    expect(v.is(commandAnswer, answers()[0])).toBe(true);
  });
});

test("the PC counts and never answers a command without the server's signature or for another PC", async () => {
  const { commands, order, done, answers, refused, take } = setUp();
  const stranger = createPrivateKey(makeSigningKeys().privateKey);
  commands.take(sealSigned(order(), stranger));
  commands.take({ ...sealed(order()), signature: '' });
  await take({ to: 'up/lucknow/room-2' });
  await take({ to: 'goa/all' });
  commands.take(sealed({ pc, version: 1, profile: { link: 'geo' } }));
  expect([done, answers()]).toEqual([[], []]);
  expect(refused).toEqual([
    'wrong signature',
    'wrong signature',
    'addressed to another PC',
    'addressed to another PC',
    'id: expected "id", found undefined',
  ]);
});

test("the PC checks the validity of a command by the server's time, and holds the command while that time is unknown", async () => {
  const { take, done, clock, state, commands, order } = setUp({ offsetMs: null });
  const centreNow = clock.now();
  clock.jump(-50 * 365 * 86_400_000);
  const times = { notBefore: centreNow, expires: centreNow + commandLifeMs };
  await take({ ...times, id: 'a', counter: 1 });
  await take({ ...times, id: 'a', counter: 1 });
  commands.tick();
  expect(done).toEqual([]);
  state.offsetMs = clock.now() - centreNow;
  commands.tick();
  commands.tick();
  expect(done).toHaveLength(1);
  await take({ ...order(), id: 'b', counter: 2 });
  expect(done).toHaveLength(1);
});

test('the PC accepts commands in another order, except one that had expired when a later one was issued, or a repeated counter', async () => {
  const { take, done, answers, clock } = setUp();
  const start = clock.now();
  const at = (minutes: number) => ({ notBefore: start + minutes * 60_000, expires: start + minutes * 60_000 + commandLifeMs });
  clock.jump(9 * 60_000);
  await take({ ...at(9), id: 'late', counter: 20 });
  await take({ ...at(5), id: 'early', counter: 10 });
  await take({ ...at(5), id: 'same-counter', counter: 20 });
  expect(done).toHaveLength(2);
  clock.jump(11 * 60_000);
  await take({ ...at(20), id: 'newer', counter: 30 });
  expect(done).toHaveLength(3);
  // A hostile broker forges acks with an earlier server time, and then delivers a command that it has held back.
  clock.jump(-11 * 60_000);
  await take({ ...at(8), id: 'held-back', counter: 15 });
  expect(done).toHaveLength(3);
  expect(answers().map(({ id, reason }) => [id, reason])).toEqual([
    ['late', null],
    ['early', null],
    ['same-counter', 'counter'],
    ['newer', null],
    ['held-back', 'older than a later command'],
  ]);
});

test('the PC reports an action that fails, throws or hangs as failed, in one line', async () => {
  const failing: Partial<Record<Verb, () => Promise<never>>> = {
    'restart-sound': () => Promise.reject(new Error('no\nservice')),
    'probe-now': () => new Promise(() => undefined),
  };
  const { take, answers, clock } = setUp({ act: (verb) => failing[verb]?.() ?? Promise.resolve({ outcome: 'failed', reason: 'no tool' }) });
  await take({ id: 'a', counter: 1 });
  await take({ id: 'b', counter: 2, verb: 'fast-checks' });
  await take({ id: 'c', counter: 3, verb: 'probe-now' });
  await clock.pass(30_000);
  expect(answers()).toMatchObject([
    { id: 'a', outcome: 'failed', reason: 'no service' },
    { id: 'b', outcome: 'failed', reason: 'no tool' },
    { id: 'c', outcome: 'failed', reason: 'not finished in 30 s' },
  ]);
});

describe('a command during which the agent ends', () => {
  /** Kills a PC during a command and starts it again. Returns the answers of the second run, and how often the command was begun. */
  async function afterAKill(verb: Verb, args: Command['args'], boot = 'boot-1') {
    const first = setUp({ act: () => new Promise(() => undefined) });
    await first.take({ verb, args });
    const next = setUp({ db: first.db, clock: first.clock, boot });
    next.commands.resume();
    for (let times = 0; times < 5; times += 1) next.commands.take(sealed(first.order({ verb, args })));
    await first.clock.pass(0);
    return { begun: first.done.length + next.done.length, answers: next.answers().map(({ outcome }) => outcome) };
  }
  const confirm = { confirm: pc };

  test('the PC answers a command that a kill interrupted as interrupted, and does not begin the command again', async () => {
    expect(await afterAKill('restart-sound', {})).toEqual({ begun: 1, answers: ['interrupted'] });
    expect(await afterAKill('reboot', confirm)).toEqual({ begun: 1, answers: ['interrupted'] });
  });
  test('the PC answers an interrupted command as done if the purpose of the command is to end the agent or the PC', async () => {
    expect(await afterAKill('restart-agent', {})).toEqual({ begun: 1, answers: ['done'] });
    expect(await afterAKill('reboot', confirm, 'boot-2')).toEqual({ begun: 1, answers: ['done'] });
  });
  test('the PC executes an interrupted command again if its verb is idempotent', async () => {
    expect(await afterAKill('probe-now', {})).toEqual({ begun: 2, answers: ['done'] });
  });
});

test('S6 after a kill at any disk call, the PC begins a command at most once, and answers it once the disk works', async () => {
  const calls = async (at: number, db: DatabaseSync) => {
    const { disk, count } = dyingAt(openSpoolDisk(db), at);
    const rig = setUp({ disk, db });
    rig.commands.resume();
    for (let times = 0; times < 5; times += 1) await rig.take();
    return { ...rig, calls: count() };
  };
  const whole = await calls(Number.POSITIVE_INFINITY, new DatabaseSync(':memory:'));
  expect(whole.calls).toBeGreaterThan(20);
  const seen = new Set<string>();
  for (let at = 1; at <= whole.calls; at += 1) {
    const db = new DatabaseSync(':memory:');
    const first = await calls(at, db);
    const second = await calls(Number.POSITIVE_INFINITY, db);
    const begun = first.done.length + second.done.length;
    const outcomes = new Set(second.answers().map(({ outcome }) => outcome));
    seen.add([...outcomes].join());
    expect(begun, `killed at call ${at}`).toBeLessThanOrEqual(1);
    expect(outcomes.size, `answers after a kill at call ${at}`).toBeGreaterThan(0);
  }
  expect(seen).toContain('done');
  expect(seen).toContain('interrupted');
});

test('the PC refuses all commands after a lost journal until every earlier command has expired', async () => {
  const first = setUp();
  await first.take();
  for (const spoil of ["DELETE FROM meta WHERE key = 'word:commands'", "UPDATE meta SET value = '{' WHERE key = 'word:commands'"]) {
    const db = new DatabaseSync(':memory:');
    db.deserialize(first.db.serialize());
    db.exec(spoil);
    const next = setUp({ db, clock: first.clock });
    await next.take();
    expect(next.done).toEqual([]);
    expect(next.answers().at(-1)).toMatchObject({ outcome: 'refused', reason: 'this PC lost its record of commands' });
    await first.clock.pass(commandLifeMs);
    await next.take({ id: `c-${spoil.length}` });
    expect(next.done).toHaveLength(1);
  }
});

describe('S6 the PC refuses earlier commands after its damaged spool was replaced', () => {
  const damagedFile = (path: string) => writeFileSync(path, Buffer.alloc(8_192, 7));
  const open = (path: string, clock: ReturnType<typeof handClock>) => {
    const disk = openSpoolDisk(path);
    return { ...setUp({ disk, clock }), close: disk.close };
  };

  test('the PC refuses to repeat an executed command over three restarts within ten minutes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sabha-commands-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'spool.db');
    const clock = handClock();
    const first = open(path, clock);
    const message = sealed(first.order());
    first.commands.take(message);
    await clock.pass(0);
    expect(first.done).toHaveLength(1);
    first.close();
    damagedFile(path);
    for (let starts = 0; starts < 3; starts += 1) {
      const next = open(path, clock);
      next.commands.take(message);
      await clock.pass(60_000);
      next.commands.tick();
      expect(next.done).toEqual([]);
      next.close();
    }
    const last = open(path, clock);
    await clock.pass(commandLifeMs);
    last.commands.tick();
    last.close();
    const healed = open(path, clock);
    await healed.take({ id: 'fresh', counter: clock.now() });
    expect(healed.done).toHaveLength(1);
    healed.close();
  });
});

/** Returns a disk that fails from call number `at` on, before or after the operation, as if the process had been killed there. */
function dyingAt(disk: SpoolDisk, at: number): { disk: SpoolDisk; count(): number } {
  let count = 0;
  const step = () => {
    count += 1;
    if (count >= at) throw new DiskError('failed', 'kill -9');
  };
  return {
    count: () => count,
    disk: {
      ...disk,
      transact: (work) => {
        step();
        const result = disk.transact(work);
        step();
        return result;
      },
      run: (...args) => {
        step();
        disk.run(...args);
      },
      all: (...args) => {
        step();
        return disk.all(...args);
      },
    },
  };
}
