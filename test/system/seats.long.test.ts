// @module-tag long
/** Tests service and session helper as two processes with a broker and flows, and session helpers of other users with real user ids. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandView, PcView } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { silentMs } from '../../agent/session/session-helper/messages.ts';
import { refusals } from '../../agent/session/session-helper/peer-auth.ts';
import { profile, seatOf, setUpChannel } from '../../agent/session/session-helper/session-helper.test-helper.ts';
import { createParts, type Parts } from './parts-under-test.ts';
import { type Program, startProgram } from './processes.ts';

const pc = 'ladakh/leh/hall';
/** Speed of the clocks: three intervals take some seconds. The server has the same speed, because both clocks judge a command. */
const speed = 5;
/** Each step uses sockets, a broker and a ledger, and some wait for three intervals. */
const patience = { timeout: 90_000, interval: 100 };

describe('service and session helper', () => {
  let parts: Parts;
  let own: string;
  let run: Program;
  let room: Program;

  beforeAll(async () => {
    const expected = { camera: [{ match: 'no such camera' }], microphone: [{ match: 'no such microphone' }], speaker: [], display: [] };
    parts = await createParts({ speed, pcs: ['hall'], settings: { site: { profile: { link: 'fibre', expected } } } });
    own = join(parts.site.folder, 'session');
    for (const part of ['broker', 'flows'] as const) onEnd(await parts.start(part));
    run = await startRun();
    room = startRoom();
  });
  const ends: Program[] = [];
  const onEnd = (program: Program) => {
    ends.push(program);
    return program;
  };
  afterAll(async () => {
    await Promise.all(ends.map((program) => program.end('SIGKILL')));
    parts?.site.remove();
  });

  const socket = () => join(parts.site.data, 'agent', 'room.sock');
  const startRun = async () => onEnd(await parts.start('agent', { SABHA_ROOM_SOCKET: socket() }));
  const startRoom = () =>
    onEnd(
      startProgram({
        args: ['agent/cli.ts', 'room', '--data', join(parts.site.data, 'agent')],
        env: { ...parts.site.env, XDG_RUNTIME_DIR: own },
      }),
    );
  const api = async <T>(path: string, body?: object): Promise<T> => {
    const order = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return (await fetch(`http://127.0.0.1:${parts.site.ports.api}/api/${path}`, order)).json() as Promise<T>;
  };
  const said = async (component: string) => {
    const check = (await api<PcView[]>('pcs'))[0]?.checks.find((one) => one.component === component);
    return check && (check.fault ?? `${check.status}: ${check.reason}`);
  };
  const ordered = async (verb: string, args: object = {}) => {
    const { id } = await api<{ id: string }>('commands', { verb, args, to: pc, by: 'Asha' });
    const answer = async () => (await api<CommandView>(`commands/${id}`)).answers[0];
    await expect.poll(answer, patience).toBeDefined();
    return answer();
  };

  test('checks of the session helper reach the server, and its room card is written where its user can read the card', async () => {
    await expect.poll(() => said('camera'), patience).toBe('camera.missing');
    await expect
      .poll(() => said('microphone'), patience)
      .toMatch(/^unknown: (no audio server|only the session at the PC knows its sound|pactl is not installed)$/);
    const card = join(own, 'sabha-room', 'card.html');
    await expect.poll(() => existsSync(card) && readFileSync(card, 'utf8'), patience).toContain('Camera not found');
    expect(existsSync(join(parts.site.data, 'agent', 'card.html'))).toBe(false);
  });

  test('commands that need the session run or fail in the session helper, and so does an immediate probe', async () => {
    expect(await ordered('set-default-device', { kind: 'microphone', name: 'x' })).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/^(no audio server|only the session at the PC knows its sound|pactl is not installed)$/),
    });
    expect(await ordered('probe-now')).toMatchObject({ outcome: 'done' });
  });

  test('checks and commands of a killed session helper are unknown with the reason, and recover when it runs again', async () => {
    await room.end('SIGKILL');
    await expect.poll(() => said('camera'), patience).toBe('unknown: the session helper is silent');
    await expect.poll(() => said('microphone'), patience).toBe('unknown: the session helper is silent');
    const order = await ordered('restart-sound');
    expect(order).toMatchObject({ outcome: 'failed', reason: 'the session helper is silent' });
    room = startRoom();
    await expect.poll(() => said('camera'), patience).toBe('camera.missing');
  });

  test('the session helper connects again when the service restarts', async () => {
    const before = room.lines.filter(({ msg }) => msg === 'joined').length;
    await run.end('SIGKILL');
    run = await startRun();
    await expect.poll(() => room.lines.filter(({ msg }) => msg === 'joined').length, patience).toBeGreaterThan(before);
    await expect.poll(() => said('camera'), patience).toBe('camera.missing');
  });
});

const strange = `not joined: ${refusals.other}`;
/** Two user ids that no user of this machine has. */
const [kiosk, other] = [65_533, 65_534];
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('skipped: seats of other users, which root alone can start');

describe.runIf(isRoot)('S15 users of this PC', () => {
  function seatOfUser(uid: number, address: string): Program {
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const program = startProgram({ args: ['test/system/room-of-user.ts', `${uid}`, address], env: { PATH, NODE_COMPILE_CACHE } });
    onTestFinished(async () => void (await program.end('SIGKILL')));
    return program;
  }

  test('the signed-in user is admitted, another user and root are not, and the next signed-in user is admitted', async () => {
    const { seat, address, refused, sits, clock } = await setUpChannel(seatOf(kiosk), '/dev/shm');
    seat.tell({ pc, profile, place: undefined, checks: [] });
    const isHeard = () => seat.answer('camera', profile).unknown === undefined;
    const [stranger, root] = [other, 0].map((uid) => seatOfUser(uid, address));
    for (const one of [stranger, root]) await one?.says(strange);
    expect(isHeard()).toBe(false);
    const first = seatOfUser(kiosk, address);
    await first.says('joined');
    await expect.poll(isHeard, patience).toBe(true);
    expect(new Set(refused)).toEqual(new Set([refusals.other]));

    sits(other);
    await expect.poll(() => clock.pass(silentMs / 6).then(() => first.lines.map(({ msg }) => msg)), patience).toContain(strange);
    await stranger?.says('joined');
    await expect.poll(isHeard, patience).toBe(true);
    expect(root?.lines.map(({ msg }) => msg)).not.toContain('joined');
  });
});
