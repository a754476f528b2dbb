/** Tests how the service on Windows connects to the pipe of the session at the console. Pipes and sessions are simulated. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import type { BlockingCalls, KernelCalls } from '../../platform/native.ts';
import { fakeWindows } from '../../platform/windows/fake.test-helper.ts';
import { createJoin } from './ipc-client.ts';
import { listenLocally, sessionPipeAddress } from './ipc-server.ts';
import { refusals } from './peer-auth.ts';
import { checksMessage, profile } from './session-helper.test-helper.ts';
import { createSessionHelper } from './session-helper.ts';

const session = 2;

/** Sets up a Windows PC with a user in session 2 and a service that connects. `makers`: the sessions that created the pipes. */
async function pc(calls: Partial<KernelCalls & BlockingCalls> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-pipes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const seat = { address: join(folder, 'sabha-1'), isPipe: true };
  const clock = handClock();
  const makers = new Map<string, number>();
  const held = { now: new Set<symbol>(), ever: 0 };
  const system = {
    consoleSession: () => ({ id: session, user: 'Asha', isLocked: false }),
    ownSession: () => session,
    pipe: (address: string) => {
      const one = Symbol(address);
      held.now.add(one);
      held.ever += 1;
      return { session: makers.get(address) ?? session, close: () => void held.now.delete(one) };
    },
    ...calls,
  };
  const { platform } = fakeWindows({ calls: system });
  const refused: string[] = [];
  const onRefused = (why: string) => void refused.push(why);
  const run = createSessionHelper({ clock, platform, seat, ownUid: undefined, onRepaired: () => undefined, onRefused });
  await run.open();
  run.tell({ pc: 'a/b/c', profile, place: undefined, checks: [] });
  /** Advances the clock in steps until `said` returns `wanted`. The sockets deliver their data between the steps. */
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
      seat,
      random: seeded(5),
      log: { info: say, warn: say },
      onRoom: (_, isFirst) => isFirst && room.send(checksMessage()),
      onOrder: () => undefined,
      onAlive: () => undefined,
    });
    room.start();
    onTestFinished(room.stop);
    return room;
  };
  return { seat, clock, makers, held, refused, log, camera, until, sit };
}

test('the pipe client connects to a waiting helper, connects again after the helper restarts, and leaves no pipe open', async () => {
  const all = await pc();
  const first = all.sit();
  await all.until(all.camera, 'ok');
  expect(all.log).toEqual(['joined']);
  first.stop();
  const before = all.clock.up();
  all.sit();
  await all.until(() => all.log.length, 2);
  expect(all.clock.up() - before).toBeLessThan(15_000);
  expect([all.camera(), all.refused, all.held.now.size]).toEqual(['ok', [], 0]);
});

test('S15 the pipe client refuses a pipe created in another session without connecting to it', async () => {
  const all = await pc();
  const address = sessionPipeAddress(all.seat, session);
  let connections = 0;
  const onSocket = () => {
    connections += 1;
  };
  const server = await listenLocally({ address, isPipe: true, all: false, onSocket });
  onTestFinished(() => void server.close());
  all.makers.set(address, 7);
  await all.until(() => all.refused[0], refusals.other);
  await all.until(all.camera, 'the session helper is silent');
  expect([connections, all.held.now.size]).toEqual([0, 0]);
});

test('S15 the pipe client refuses unreadable lines from a pipe of the console session', async () => {
  for (const text of ['GET / HTTP/1.1\r\n\r\n', '{"type":"proof"}\n', 'x'.repeat(2 ** 20)]) {
    const all = await pc();
    const onSocket = (socket: Socket) => void socket.on('error', () => undefined).write(text);
    const server = await listenLocally({ address: sessionPipeAddress(all.seat, session), isPipe: true, all: false, onSocket });
    onTestFinished(() => void server.close());
    await all.until(() => all.refused[0], refusals.garbage);
    expect(all.camera()).not.toBe('ok');
  }
});

test('S15 the pipe client closes forty connections that only listen, sends them nothing, and continues to work', async () => {
  const atPc = { isThere: false };
  const all = await pc({ consoleSession: () => ({ id: session, user: atPc.isThere ? 'Asha' : '', isLocked: null }) });
  all.sit();
  const received: string[] = [];
  let closed = 0;
  await all.clock.pass(0);
  for (let n = 0; n < 40; n += 1) {
    const mute = connect(sessionPipeAddress(all.seat, session));
    mute.on('data', (data) => void received.push(`${data}`)).on('error', () => undefined);
    mute.on('close', () => {
      closed += 1;
    });
  }
  atPc.isThere = true;
  await all.until(all.camera, 'ok');
  await all.until(() => closed, 40);
  expect(received).toEqual([]);
});
