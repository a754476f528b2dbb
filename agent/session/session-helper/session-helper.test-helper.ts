/** Sets up a PC with a service and its local channel, for tests with real sockets and a manual clock. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Check, Profile } from '@sabha/contracts';
import { onTestFinished } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import { tree } from '../../platform/linux/tree.test-helper.ts';
import { leaveProof } from '../../platform/questions/proof.ts';
import { createPlatform } from '../../this-pc.ts';
import { readLines } from './ipc-server.ts';
import type { FromHelper } from './messages.ts';
import { createSessionHelper } from './session-helper.ts';

export const profile: Profile = { link: 'fibre', elevationM: 0, expected: { camera: [{ match: 'hd' }], microphone: [], display: [] } };
/** User of the test process, the only one that can be at both ends in a unit test. */
export const me = process.getuid?.() ?? 0;

/** Returns files of logind that say that this user is at the PC; null = only the login screen is active. */
export function seatOf(uid: number | null): Record<string, string> {
  const kind = uid === null ? 'greeter' : 'user';
  return {
    'run/systemd/seats/seat0': 'IS_SEAT0=1\nACTIVE=2\nSESSIONS=2\n',
    'run/systemd/sessions/2': `UID=${uid ?? 110}\nSTATE=active\nCLASS=${kind}\n`,
  };
}

export type TestHelper = {
  socket: Socket;
  heard: Record<string, unknown>[];
  why(): unknown;
  isGone(): boolean;
  say(message: object | string): void;
  /** Writes the proof file that the service has requested. */
  prove(): Promise<void>;
};

/** `console`: logind files of this PC. `shared`: folder of the proofs, if other processes write them too. */
export async function setUpChannel(console: Record<string, string> = seatOf(me), shared?: string) {
  const root = tree({ 'dev/note': '', ...console });
  if (shared === undefined) mkdirSync(join(root, 'dev/shm'));
  else symlinkSync(shared, join(root, 'dev/shm'));
  // Other users may reach the socket, as in the folder of an installed service.
  chmodSync(root, 0o755);
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const clock = handClock();
  const platform = createPlatform({ root, system: 'linux' });
  const address = join(root, 'room.sock');
  const refused: string[] = [];
  const mended: unknown[] = [];
  const seat = createSessionHelper({
    clock,
    platform,
    seat: { address, isPipe: false },
    ownUid: me,
    onRefused: (why) => void refused.push(why),
    onRepaired: (one) => void mended.push(one),
  });
  await seat.open();
  const sits = (uid: number | null) => {
    for (const [path, text] of Object.entries(seatOf(uid))) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };

  function knock(): TestHelper {
    const socket = connect(address);
    const heard: Record<string, unknown>[] = [];
    let isGone = false;
    socket
      .on('error', () => undefined)
      .on('close', () => {
        isGone = true;
      });
    onTestFinished(() => void socket.destroy());
    readLines(socket, (text) => void heard.push(JSON.parse(text ?? '{}')));
    const of = (type: string) => heard.find((one) => one['type'] === type);
    const nonce = async () => {
      while (of('prove') === undefined) await new Promise((resolve) => socket.once('data', resolve));
      return `${of('prove')?.['nonce']}`;
    };
    const say = (message: object | string) => void socket.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`);
    return {
      socket,
      heard,
      say,
      isGone: () => isGone,
      why: () => of('refused')?.['why'],
      async prove() {
        await platform.ask(leaveProof(await nonce()), AbortSignal.timeout(5_000));
        say({ type: 'proof' });
      },
    };
  }
  return { root, address, clock, platform, seat, refused, mended, sits, knock };
}

/** Returns the complete list of a room whose camera is ok or has this fault. */
export function checksMessage(fault: string | null = null): Extract<FromHelper, { type: 'checks' }> {
  const camera: Check = { component: 'camera', device: 'expected-1', status: fault ? 'fault' : 'ok', fault, reason: null, name: 'HD Pro' };
  return { type: 'checks', probes: [{ name: 'camera', checks: [camera] }] };
}
