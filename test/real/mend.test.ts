/**
 * Tests the repair key of a room and the button of its notification against a real PipeWire and D-Bus. Both unmute or select a device, and
 * can be undone.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultId, faultOf } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { phrases } from '../../agent/session/session-helper/repair.ts';
import { type Program, startProgram } from '../system/processes.ts';
import { hasNotifications, startNotifications } from './notifications.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, startDesktop } from './pipewire.ts';

const runs = requirePart('PipeWire', installed(pipewireTools)) && requirePart('notify-send and python3-dbus', hasNotifications());
const id = 'alsa_input.usb-room';
const name = 'Acme <RoomMic> 5';
const patience = { timeout: 30_000, interval: 50 };

describe.runIf(runs)('the repair key of a room', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-mend-'));
  let desktop: Desktop;
  let notifications: Awaited<ReturnType<typeof startNotifications>>;
  let env: Record<string, string | undefined>;
  const seats: Program[] = [];
  // A server that accepts connections and sends nothing.
  const centre = createServer();

  beforeAll(async () => {
    await once(centre.listen(0, '127.0.0.1'), 'listening');
    const { port } = centre.address() as AddressInfo;
    desktop = await startDesktop();
    await desktop.plug(id, name);
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    env = { PATH, NODE_COMPILE_CACHE, ...desktop.env };
    notifications = await startNotifications(env);
    writeFileSync(join(folder, 'token'), 'secret\n');
    mkdirSync(join(folder, 'data'), { mode: 0o700 });
    const expected = { microphone: [{ match: 'roommic' }], speaker: [], camera: [], display: [] };
    const SABHA_PROFILE = JSON.stringify({ link: 'fibre', elevationM: 0, expected, languages: ['en'] });
    const own = { SABHA_PC: 'ladakh/leh/hall', SABHA_TOKEN_FILE: join(folder, 'token'), SABHA_MQTT_PORT: `${port}`, SABHA_PROFILE };
    seats.push(start(['run', '--apart'], { PATH, NODE_COMPILE_CACHE, ...own }), start(['room']));
  });
  afterAll(async () => {
    await Promise.all(seats.map((seat) => seat.end('SIGKILL')));
    await notifications?.end();
    await desktop?.stop();
    centre.close();
    rmSync(folder, { recursive: true });
  });

  const start = (words: string[], given = env) =>
    startProgram({ args: ['agent/cli.ts', ...words, '--data', join(folder, 'data')], env: given });
  const card = () => {
    try {
      return readFileSync(join(env['XDG_RUNTIME_DIR'] ?? '', 'sabha-room/card.html'), 'utf8');
    } catch {
      return '';
    }
  };
  const press = async (key: '--fix' | '--undo') => {
    const program = start(['room', key]);
    const { code } = await program.ended;
    return [code, ...program.lines.map(({ msg }) => msg)];
  };
  /** Waits until the room card shows the fault, or no longer shows it. The session helper sees a change shortly after the sound server. */
  const cardSays = (fault: FaultId, isSo: boolean) => {
    const polled = expect.poll(card, patience);
    return (isSo ? polled : polled.not).toContain(faultOf(fault)?.title.en);
  };
  const isMuted = async () => /yes/.test(await desktop.pactl('get-source-mute', id));

  test('a notification of a muted microphone has a button that unmutes it, and the next notification undoes that', async () => {
    await expect.poll(card, patience).toContain('Ready');
    await desktop.pactl('set-source-mute', id, '1');
    await expect.poll(notifications.shown, patience).toHaveLength(1);
    const title = faultOf('microphone.muted')?.title.en;
    expect(notifications.shown()[0]).toMatchObject({ title, text: 'Acme &lt;RoomMic&gt; 5', actions: ['act', phrases.mendNow.en] });
    expect(await isMuted()).toBe(true);
    await notifications.press(1, 'act');
    await expect.poll(isMuted, patience).toBe(false);
    await expect.poll(notifications.shown, patience).toHaveLength(2);
    expect(notifications.shown()[1]).toMatchObject({ title: phrases.mended.en, actions: ['act', phrases.takeBack.en] });
    await expect.poll(card, patience).toContain('Ready');
    await notifications.press(2, 'act');
    await expect.poll(isMuted, patience).toBe(true);
    await expect.poll(card, patience).toContain(title);
  });

  test('the key unmutes a microphone, does nothing the second time, and its undo mutes it again', async () => {
    const hears = async (muted: boolean) => {
      // The sound server first confirms a change, and then passes it on to the device.
      await expect.poll(isMuted, patience).toBe(muted);
      await cardSays('microphone.muted', muted);
    };
    expect(await press('--fix')).toEqual([0, `unmuted: ${name}`]);
    await hears(false);
    expect(await press('--fix')).toEqual([0, 'nothing to fix']);
    expect(await press('--undo')).toEqual([0, `muted: ${name}`]);
    await hears(true);
    expect(await press('--undo')).toEqual([1, 'nothing was changed since the start']);
    await desktop.pactl('set-source-mute', id, '0');
    await hears(false);
  });

  test('the key reports that no session helper runs for this user', async () => {
    const { XDG_RUNTIME_DIR: _, ...elsewhere } = env;
    const program = start(['room', '--fix'], elsewhere);
    expect(await program.ended).toMatchObject({ code: 1 });
    expect(program.lines.map(({ msg }) => msg)).toEqual(['no session helper runs for this user: sign out and in again']);
  });
});
