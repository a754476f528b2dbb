/**
 * Tests service and session helper with a real sound server, broker and ledger. A change in the session reaches the server, and a command reaches the session.
 */
import { join } from 'node:path';
import type { PcView } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../system/centre-under-test.ts';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { type Program, startProgram } from '../system/processes.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, startDesktop } from './pipewire.ts';

const id = 'alsa_input.usb-room';
/**
 * Speed of the clocks: three probe intervals take ten seconds. The server has the same speed, because both clocks judge a command. A higher
 * speed would shorten the timeouts of probes too much for a busy machine.
 */
const speed = 3;
const patience = { timeout: 90_000, interval: 100 };

describe.runIf(requirePart('PipeWire', installed(pipewireTools)))('the session helper in a session with sound', () => {
  let desktop: Desktop;
  let parts: Parts;
  const started: Program[] = [];

  beforeAll(async () => {
    desktop = await startDesktop();
    await desktop.plug(id, 'Acme RoomMic 5');
    const expected = { camera: [{ match: 'RoomCam' }], microphone: [{ match: 'roommic' }], speaker: [], display: [] };
    parts = await createParts({ speed, pcs: ['hall'], settings: { site: { profile: { link: 'fibre', expected } } } });
    const own = { SABHA_ROOM_SOCKET: join(parts.site.data, 'agent', 'room.sock') };
    started.push(await parts.start('broker'), await parts.start('flows'), await parts.start('agent', own));
    const args = ['agent/cli.ts', 'room', '--data', join(parts.site.data, 'agent')];
    started.push(startProgram({ args, env: { ...parts.site.env, ...desktop.env } }));
  });
  afterAll(async () => {
    await Promise.all(started.map((program) => program.end('SIGKILL')));
    parts?.site.remove();
    await desktop?.stop();
  });

  const said = async (component: string) => {
    const check = (await ask<PcView[]>(parts.site.ports, '/api/pcs'))[0]?.checks.find((one) => one.component === component);
    return check && (check.fault ?? [check.status, check.reason].filter((word) => word !== null).join(': '));
  };
  const says = (component: string) => expect.poll(() => said(component), patience);

  test('each fault of microphone and camera reaches the server and clears again', async () => {
    await says('microphone').toBe('ok');
    await says('sound').toBe('ok');
    await says('camera').toBe('camera.missing');
    await desktop.pactl('set-source-mute', id, '1');
    await says('microphone').toBe('microphone.muted');
    await desktop.pactl('set-source-mute', id, '0');
    await says('microphone').toBe('ok');
    const unplug = await desktop.plugCamera('room_cam', 'RoomCam');
    await says('camera').toBe('ok');
    await unplug();
    await says('camera').toBe('camera.missing');
  });
});
