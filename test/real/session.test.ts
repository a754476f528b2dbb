/**
 * Tests the agent package in a copy of this Debian with systemd and a server. It covers the system service, the session helper of the signed-in user, and what the server receives of both.
 */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faultOf, makeSigningKeys, type PcView } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack } from '../../agent/maintain/install/pack.ts';
import { packDeb } from '../../packaging/agent.ts';
import { type Booted, boot, mayBoot } from './booted.ts';
import { installed, requirePart } from './parts.ts';
import { loopback, pipewireTools } from './pipewire.ts';

const tools = [
  ...['systemctl', 'systemd-run', 'loginctl', 'pam-auth-update', 'dpkg', 'dpkg-deb', 'strip', 'adduser', 'runuser'],
  ...['setpriv', 'nsenter', 'unshare', 'curl'],
];
const runs = mayBoot(
  requirePart('Debian with systemd, libpam-systemd, binutils, util-linux and curl (root)', installed(tools) && process.getuid?.() === 0),
);
const sounds = requirePart('PipeWire', installed(pipewireTools));
const sources = fileURLToPath(new URL('../..', import.meta.url));
const node = `PATH=${dirname(process.execPath)}:$PATH SABHA_CONFIG=/etc/centre.json node`;
const patience = { timeout: 120_000, interval: 200 };
const pc = 'ladakh/leh/hall';
const nobody = 'unknown: nobody is signed in at its screen';
const settings = {
  site: {
    ...{ state: 'ladakh', id: 'leh', name: { en: 'Leh office' }, pcs: [{ id: 'hall', room: { en: 'Hall' } }] },
    profile: {
      link: 'fibre',
      expected: { camera: [], microphone: [{ match: 'RoomMic' }], speaker: [{ match: 'RoomSpeaker' }], display: [] },
    },
  },
  https: { host: '127.0.0.1', port: 8443, names: ['sabha.example.org'] },
};

describe.runIf(runs)('service and session helper of the agent package', { timeout: 600_000 }, () => {
  // The folder is inside the sources, because the copy includes the sources but not /tmp of this machine.
  const folder = mkdtempSync(join(sources, 'node_modules/.cache/sabha-seat-'));
  let machine: Booted;
  beforeAll(async () => {
    const key = createPrivateKey(makeSigningKeys().privateKey);
    await pack({ out: folder, version: '0.1.0', minimum: '0.0.0', expires: Date.now() * 2, key });
    const deb = await packDeb({ out: folder, version: '0.1.0', key, fast: true });
    if (!deb.ok) throw new Error(deb.line);
    machine = await boot();
    // Every Debian desktop enables the PAM module of systemd. The test machine may lack it.
    await done('DEBIAN_FRONTEND=noninteractive pam-auth-update --enable systemd');
    for (const user of ['asha', 'clerk']) await done(`useradd --create-home ${user}`);
    await done(`dpkg -i ${deb.file}`);
  }, 600_000);
  afterAll(async () => {
    await machine?.remove();
    rmSync(folder, { recursive: true });
  });

  const done = async (script: string) => {
    const ran = await machine.sh(script);
    expect(ran.code, `${script}: ${ran.err}`).toBe(0);
    return ran.out.trim();
  };
  const as = (user: string) => `runuser -u ${user} -- env XDG_RUNTIME_DIR=/run/user/$(id -u ${user})`;
  const journal = async () => (await machine.sh('journalctl --no-pager --output cat')).out;

  test('the session helper starts under the user manager, which may not drop capabilities', async () => {
    await done('systemctl start user@$(id -u asha).service');
    const shown = `${as('asha')} systemctl --user show --property ActiveState,NRestarts,Result sabha-room`;
    const state = async () => (await machine.sh(shown)).out.trim().split('\n').sort();
    await expect.poll(state, patience).toEqual(['ActiveState=active', 'NRestarts=0', 'Result=success']);
    await expect.poll(journal, patience).toContain('"part":"room","msg":"ready"');
  });

  /** Signs a user in as a display manager does: a logind session on seat0, which has no screen here and shows the newest session. */
  const signIn = async (user: string) => {
    const session = ['XDG_SEAT=seat0', 'XDG_SESSION_TYPE=wayland', 'XDG_SESSION_CLASS=user'].map((set) => `--setenv=${set}`).join(' ');
    await done(`systemd-run --unit=desktop --property=User=${user} --property=PAMName=login ${session} sleep infinity`);
    const shown = `loginctl show-session $(loginctl show-user ${user} --property=Display --value) -p Seat -p Active -p Class`;
    const said = async () => (await machine.sh(shown)).out.trim().split('\n').sort();
    await expect.poll(said, patience).toEqual(['Active=yes', 'Class=user', 'Seat=seat0']);
    await expect.poll(() => machine.sh(`${as(user)} pactl info`), patience).toMatchObject({ code: 0 });
  };
  /** Adds virtual devices in the session and uses each once, as in pipewire.ts. */
  const plug = async (user: string) => {
    const start = (unit: string, call: string) => done(`${as(user)} systemd-run --user --unit=${unit} ${call}`);
    const words = loopback('room_mic', 'RoomMic').map((word) => `'${word}'`);
    await start('microphone', `pw-loopback ${words.join(' ')}`);
    const named = `sink_properties='device.description=RoomSpeaker priority.session=3000'`;
    await done(`${as(user)} pactl load-module module-null-sink sink_name=room_speaker "${named}"`);
    const list = async () => (await machine.sh(`${as(user)} pactl list short`)).out;
    for (const id of ['room_mic', 'room_speaker']) await expect.poll(list, patience).toContain(`\t${id}\t`);
    await done(`${as(user)} pactl set-default-source room_mic`);
    await start('use-microphone', 'pacat --record --device=room_mic /dev/null');
    await start('use-speaker', 'pacat --playback --device=room_speaker /dev/zero');
    for (const id of ['room_mic', 'room_speaker']) await expect.poll(list, patience).toMatch(new RegExp(`\\t${id}\\t.*RUNNING`));
    await done(`${as(user)} systemctl --user stop 'use-*'`);
  };
  const api = async <T>(path: string): Promise<T> =>
    JSON.parse(await done(`curl -s -H "Authorization: Bearer $(cat /var/lib/centre/cli.token)" 127.0.0.1:1880/api/${path}`)) as T;
  const view = async () => (await api<PcView[]>('pcs')).find((one) => one.pc === pc);
  /** Returns the room's checks at the server: the fault, or the status with its reason. */
  const room = async () => {
    const own = ['session', 'camera', 'microphone', 'speaker', 'sound'];
    const checks = (await view())?.checks.filter(({ component }) => own.includes(component)) ?? [];
    return Object.fromEntries(
      checks.map(({ component, status, fault, reason }) => [
        component,
        fault ?? [status, reason].filter((word) => word !== null).join(': '),
      ]),
    );
  };
  const well = { session: 'ok', camera: 'ok: none expected', microphone: 'ok', speaker: 'ok', sound: 'ok' };
  const card = async (user: string) => (await machine.sh(`cat /run/user/$(id -u ${user})/sabha-room/card.html`)).out;
  const cardIs = async () => /<section id="now" class="([^"]*)"/.exec(await card('clerk'))?.[1];
  const tookMs = async (act: string, becomes: object) => {
    const startedAt = performance.now();
    await done(act);
    await expect.poll(room, patience).toEqual(becomes);
    return Math.round(performance.now() - startedAt);
  };
  const muted = faultOf('microphone.muted')?.title.en ?? 'no title';

  test.runIf(sounds)('the server shows the devices of the user at the screen, and that the user has signed out', async () => {
    await done(`cat >/etc/centre.json <<'END'\n${JSON.stringify(settings)}\nEND\necho 127.0.0.1 sabha.example.org >>/etc/hosts`);
    const set = ['SABHA_CONFIG=/etc/centre.json', 'SABHA_DATA=/var/lib/centre'].map((one) => `--setenv=${one}`).join(' ');
    await done(`systemd-run --unit=centre --working-directory=${sources} ${set} ${process.execPath} start.ts --no-agent`);
    await signIn('clerk');
    await plug('clerk');
    await expect.poll(async () => (await machine.sh('curl -s 127.0.0.1:9102/readyz')).out, patience).toBe('{"ready":true}');
    const told = await done(`cd ${sources}; SABHA_DATA=/var/lib/centre ${node} flows/api/cli/cli.ts enrol-code ladakh/leh`);
    const line = /^sudo (sabha-agent enrol .*)$/m.exec(told)?.[1] ?? '';
    expect((await machine.sh(line)).out).toContain(`${pc} is enrolled until `);

    await expect.poll(room, patience).toEqual(well);
    await expect.poll(cardIs, patience).toBe('ready');
    expect(await done(`stat -c '%a %U' /run/user/$(id -u clerk)/sabha-room/card.html`)).toBe('600 clerk');
    // The session of asha is not the one at the screen, so she has no card.
    expect(await card('asha')).toBe('');

    const mutedMs = await tookMs(`${as('clerk')} pactl set-source-mute room_mic 1`, { ...well, microphone: 'microphone.muted' });
    await expect.poll(cardIs, patience).toBe('not-ready');
    expect(await card('clerk')).toContain(muted);
    const openMs = await tookMs(`${as('clerk')} pactl set-source-mute room_mic 0`, well);
    await expect.poll(cardIs, patience).toBe('ready');
    expect(await card('clerk')).not.toContain(muted);

    const gone = { session: 'session.none', camera: nobody, microphone: nobody, speaker: nobody, sound: nobody };
    const goneMs = await tookMs('systemctl stop desktop', gone);
    expect(await view()).toMatchObject({ presence: 'online', readiness: 'unknown' });
    await expect.poll(() => card('clerk'), patience).toBe('');
    // The virtual devices ended with the session, so they are missing after the next sign-in.
    await signIn('clerk');
    await expect.poll(room, patience).toEqual({ ...well, microphone: 'microphone.missing', speaker: 'speaker.missing' });
    await expect.poll(cardIs, patience).toBe('not-ready');
    console.log(`at the centre: muted after ${mutedMs} ms, open after ${openMs} ms, signed out after ${goneMs} ms`);
  });
});
