/** Windows: `run` calls the seats that wait. Windows itself is what each test says of sessions and words; the pipes are real sockets of this system. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handClock, seeded } from '../checks/agent.test-helper.ts';
import type { Calls, Native, Slow } from '../platform/native.ts';
import { notWritten, type Platform } from '../platform/platform.ts';
import { wordsLeft } from '../platform/questions/proof.ts';
import { fakeWindows } from '../platform/windows/fake.test-helper.ts';
import { callRooms } from './calling.ts';
import { openDoor, pipeOf } from './door.ts';
import { refusals } from './guests.ts';
import { createJoin } from './join.ts';
import { lineLimits } from './messages.ts';
import { list, profile } from './seats.test-helper.ts';
import { createRoomSeat } from './seats.ts';
import { wayTo } from './way.ts';

const console = 2;
const known = { pc: 'a/b/c', profile, place: undefined, checks: [] };
const words = { other: 'a'.repeat(32), stale: 'b'.repeat(32), forged: '..\\evil' };

/** A PC with Windows, somebody at it in session 2, and a `run` that calls. */
async function pc(calls: Partial<Calls & Slow> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-pipes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const seat = { address: join(folder, 'sabha-1'), isPipe: true, name: 'sabha-1' };
  const clock = handClock();
  const left = new Map<string, string>();
  const sessions = new Map<string, number>();
  const held = { now: new Set<symbol>(), ever: 0 };
  const system = {
    consoleSession: () => ({ id: console, user: 'Asha', isLocked: false }),
    writeOwn: (_: string, name: string, text: string) => void left.set(`S-1-5-21-1/${name}`, text),
    pipe: (address: string) => {
      const word = address.slice(-32);
      if (word === words.stale) return null;
      const one = Symbol(address);
      held.now.add(one);
      held.ever += 1;
      return { session: sessions.get(word) ?? console, close: () => void held.now.delete(one) };
    },
    ...calls,
  };
  const { native } = fakeWindows({ calls: system });
  const hives = () => [...new Set([...left.keys()].map((key) => key.split('/')[0]))];
  const registry: Native['registry'] = async (path) => {
    const bare = (one: string) => ({ path: one, values: new Map(), changedAt: null });
    if (path === 'HKU') return { known: true, value: hives().map((hive) => bare(`HKU\\${hive}`)) };
    const [, hive = ''] = path.split('\\');
    const word = left.get(`${hive}/sabha-1`);
    return { known: true, value: word === undefined ? [] : [{ ...bare(path), values: new Map([['sabha-1', word]]) }] };
  };
  const disks = () => ({ known: false, reason: 'not asked' }) as const;
  const own = { native: () => ({ ...native, registry }), root: 'C:\\Windows', clock, disks };
  const platform: Pick<Platform, 'ask'> = { ask: async (question, signal) => (await question.windows?.(own, signal)) ?? notWritten };
  const refused: string[] = [];
  const run = createRoomSeat({
    clock,
    platform,
    random: seeded(3),
    ownUid: undefined,
    onMended: () => undefined,
    open: async (entrance) => onTestFinished(callRooms({ ...entrance, seat, clock, platform })),
    onRefused: (why) => void refused.push(why),
  });
  await run.open();
  run.tell(known);
  /** Some while passes, piece by piece, so that real sockets come along. */
  const until = (said: () => unknown, wanted: unknown) =>
    expect.poll(() => clock.pass(500).then(said), { interval: 2, timeout: 5_000 }).toEqual(wanted);
  const camera = () => {
    const { checks, unknown } = run.answer('camera', profile);
    return unknown ?? checks.map(({ fault, status }) => fault ?? status).join();
  };
  const log: string[] = [];
  const sit = () => {
    const say = (_: object, line: string) => void log.push(line);
    const room = createJoin({
      clock,
      platform,
      random: seeded(5),
      way: wayTo(seat, { clock, platform }),
      log: { info: say, warn: say },
      onRoom: (_, isFirst) => isFirst && room.send(list()),
      onOrder: () => undefined,
      onAlive: () => undefined,
    });
    room.start();
    onTestFinished(room.stop);
    return room;
  };
  return { seat, clock, left, sessions, held, refused, log, camera, until, sit };
}

/** A pipe of somebody who says what the test wants him to say to whoever calls. */
async function stranger({ seat, left }: Awaited<ReturnType<typeof pc>>, word: string, onSocket: (socket: Socket) => void) {
  const server = await openDoor({ address: pipeOf(seat, word), isPipe: true, all: false, onSocket });
  onTestFinished(() => void server.close());
  left.set('S-1-5-21-9/sabha-1', word);
}

test('a seat that waits is called, joins, is heard, and joins again at once when it starts anew; no pipe is held longer than it takes', async () => {
  const all = await pc();
  const first = all.sit();
  await all.until(all.camera, 'ok');
  expect(all.log).toEqual(['joined']);
  expect([all.held.now.size, all.held.ever]).toEqual([0, 1]);
  first.stop();
  const before = all.clock.up();
  all.sit();
  await all.until(() => all.log.length, 2);
  expect(all.clock.up() - before).toBeLessThan(15_000);
  expect([all.camera(), all.refused]).toEqual(['ok', []]);
});

test('S15 a pipe of another session is refused and counted, and never opened to speak; a stale or forged word leads nowhere', async () => {
  const all = await pc();
  let knocks = 0;
  await stranger(all, words.other, () => {
    knocks += 1;
  });
  all.sessions.set(words.other, 7);
  all.left.set('S-1-5-21-3/sabha-1', words.stale);
  all.left.set('S-1-5-21-4/sabha-1', words.forged);
  all.sit();
  await all.until(all.camera, 'ok');
  const had = all.refused.length;
  await all.until(() => all.refused.length > had, true);
  expect(new Set(all.refused)).toEqual(new Set([refusals.other]));
  // Once in half a minute, however often it is looked.
  expect(all.refused.length).toBeLessThanOrEqual(1 + Math.ceil(all.clock.up() / 30_000));
  expect([knocks, all.held.now.size]).toEqual([0, 0]);
});

test('S15 a user who left words below his own was called at each of them: at most one word of a user is read', async () => {
  const hive = 'HKU\\S-1-5-21-7-7-7-1001';
  const place = `${hive}\\SOFTWARE\\Sabha\\Seats`;
  const keys = { [place]: { 'sabha-1': words.other }, [`${place}\\more`]: { 'sabha-1': words.stale } };
  const answer = await fakeWindows({ keys }).platform.ask(wordsLeft('sabha-1'), AbortSignal.timeout(1_000));
  expect(answer).toEqual({ known: true, value: [words.other] });
});

test('with nobody at the PC nobody is called; where Windows does not tell, neither', async () => {
  for (const consoleSession of [
    () => ({ id: console, user: '', isLocked: null }),
    () => {
      throw new Error('closed');
    },
  ]) {
    const all = await pc({ consoleSession });
    all.sit();
    await all.clock.pass(60_000);
    expect(all.held.ever).toBe(0);
  }
});

test('S15 a second room, garbage and a line without end of the one at the PC are refused, and the first seat stays', async () => {
  for (const [why, text] of [
    ['second', '{"type":"proof"}\n'],
    ['garbage', 'GET / HTTP/1.1\r\n\r\n'],
    ['long', 'x'.repeat(lineLimits.bytes * 4)],
  ] as const) {
    const all = await pc();
    all.sit();
    await all.until(all.camera, 'ok');
    await stranger(all, words.other, (socket) => void socket.on('error', () => undefined).write(text));
    await all.until(() => all.refused[0], refusals[why]);
    expect(all.camera()).toBe('ok');
  }
});

const atPc = { isThere: false };
test('S15 whoever opens the pipe of a seat and says nothing hears nothing, is ended, and keeps nobody out', async () => {
  const all = await pc({ consoleSession: () => ({ id: console, user: atPc.isThere ? 'Asha' : '', isLocked: null }) });
  all.sit();
  await all.until(() => all.left.size, 1);
  const heard: string[] = [];
  let ended = 0;
  for (let n = 0; n < 40; n += 1) {
    const mute = connect(pipeOf(all.seat, [...all.left.values()][0] ?? ''));
    mute.on('data', (data) => void heard.push(`${data}`)).on('error', () => undefined);
    mute.on('close', () => {
      ended += 1;
    });
  }
  atPc.isThere = true;
  await all.until(all.camera, 'ok');
  await all.until(() => ended, 40);
  expect(heard).toEqual([]);
  atPc.isThere = false;
});

test('a seat that cannot say where it waits tells why, and tries again', async () => {
  let isClosed = true;
  const all = await pc({
    writeOwn(_, name, text) {
      if (isClosed) throw new Error('registry: code 5');
      all.left.set(`S-1-5-21-1/${name}`, text);
    },
  });
  all.sit();
  await all.until(() => all.log, ['not joined: registry: code 5']);
  isClosed = false;
  await all.until(all.camera, 'ok');
});
