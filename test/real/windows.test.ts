/**
 * Tests the agent on Windows under Wine: Node for Windows, koffi, the flags of the agent, sound from a real PipeWire, and a registry. Wine
 * has no device manager, no programs of a sound session, no screen lock and no PowerShell output; for these the agent must report unknown.
 * Under Wine a process lists the sound devices only once.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../agent/maintain/install/pack.ts';
import type { SoundState } from '../../agent/platform/platform.ts';
import { refusals } from '../../agent/session/session-helper/peer-auth.ts';
import { installed, requirePart } from './parts.ts';
import { type Desktop, pipewireTools, startDesktop } from './pipewire.ts';
import { hasWine, nodeIn, startWine, type Wine, type WineNode } from './wine.ts';

const runs = requirePart('Wine, Node for Windows and PipeWire', hasWine() && installed([...pipewireTools, 'npm']));
const microphone = 'Acme RoomMic 5';
const looks = 10_000;
/** Largest growth of memory in bytes over all queries. A leak in each query would exceed it by far. */
const mostBytes = 8 * 1024 * 1024;

const consent = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\CapabilityAccessManager\\ConsentStore';
const drivers = 'HKCU\\Software\\Wine\\Drivers\\winepulse.drv';

describe.runIf(runs)('Windows under Wine', () => {
  let desktop: Desktop;
  let windows: Wine;
  let node: WineNode;

  beforeAll(async () => {
    desktop = await startDesktop();
    await desktop.plug('room', microphone);
    await desktop.plugSpeaker('loud', 'Acme Speaker');
    windows = await startWine(desktop.env);
    node = await nodeIn(windows);
    for (const child of ['look', 'watch', 'many', 'hang', 'seats']) await node.bundle(`wine-${child}-child.ts`, `${child}.mjs`);
  }, 600_000);
  afterAll(async () => {
    await windows?.remove();
    await desktop?.stop();
  });

  const read = (file: string) => readFileSync(join(windows.folder, file), 'utf8');
  const look = async () => {
    const { code, err } = await node.run('look.mjs', 'look.json');
    expect(code, err).toBe(0);
    return JSON.parse(read('look.json'));
  };
  const reg = async (...args: string[]) => {
    const { code, out, err } = await windows.run(['reg.exe', ...args]);
    expect(code, out + err).toBe(0);
  };
  const names = (devices: { name: string }[]) => devices.map(({ name }) => name);

  it('reports microphone, speaker, network and figures with koffi and the flags of the agent, and unknown with a reason where Wine has no data', async () => {
    const seen = await look();
    expect(names(seen.sound.value.sources)).toContain(microphone);
    expect(names(seen.sound.value.sinks)).toContain('Acme Speaker');
    expect(seen.sound.value.sources.find((one: { name: string }) => one.name === microphone)).toMatchObject({ muted: false, usedBy: [] });
    expect(seen.sound.value.defaultSource).toMatch(/^\{0\.0\.1\./);
    expect(seen.soundService).toEqual({ known: true, value: 'answers' });
    expect(seen.muteAndOpen).toEqual([{ done: true }, { done: true }]);
    expect(seen.network).toMatchObject({ known: true, value: { interfaces: expect.any(Array) } });
    expect(seen.figures).toMatchObject({
      memoryUsedRatio: expect.any(Number),
      diskUsedRatio: expect.any(Number),
      uptimeSeconds: expect.any(Number),
    });
    expect(seen.bootId).toMatch(/^[0-9a-f]{32}$/);
    expect(seen.endBegun).toBeNull();
    expect(seen.programs).toContainEqual(expect.stringMatching(/\\node\.exe$/i));
    expect(names(seen.inventory.microphones)).toContain(microphone);
    for (const [name, reason] of [
      ['cameras', 'the device manager lists nothing'],
      ['usb', 'the device manager lists nothing'],
      ['session', 'Windows does not say whether the screen is locked'],
      ['notWritten', 'not written for this system yet'],
    ] as const)
      expect(seen[name], name).toEqual({ known: false, reason });
    expect(seen.inventory.unknown).toBe('PowerShell said nothing');
  });

  it('has one id for a boot, and another for the next', async () => {
    const [first, second] = [(await look()).bootId, (await look()).bootId];
    expect(second).toBe(first);
    await windows.restart();
    expect((await look()).bootId).not.toBe(first);
  });

  it('does not list an unplugged microphone, and lists it again after it returns', async () => {
    await desktop.unplug('room');
    expect(names((await look()).sound.value.sources)).not.toContain(microphone);
    await desktop.plug('room', microphone);
    expect(names((await look()).sound.value.sources)).toContain(microphone);
  });

  it('calls back when only the default microphone for calls changes', async () => {
    const watch = node.start('watch.mjs', 'watch.json');
    try {
      // The text after the last newline is an incomplete line.
      const lines = (): SoundState[] =>
        existsSync(join(windows.folder, 'watch.json'))
          ? read('watch.json')
              .split('\n')
              .slice(0, -1)
              .map((line) => JSON.parse(line).value)
          : [];
      await expect.poll(() => lines().length, { timeout: 120_000 }).toBeGreaterThan(0);
      const before = lines().at(-1);
      const other = before?.sources.find(({ id }) => id !== before.defaultSource);
      expect(before?.defaultCallSource).toBe(before?.defaultSource);
      await reg('add', drivers, '/v', 'DefaultVoiceInput', '/d', other?.id ?? '', '/f');
      await expect.poll(() => lines().at(-1)?.defaultCallSource, { timeout: 120_000 }).toBe(other?.id);
      expect(lines().at(-1)?.defaultSource).toBe(before?.defaultSource);
    } finally {
      await watch.kill();
      await reg('delete', drivers, '/v', 'DefaultVoiceInput', '/f');
    }
  });

  it('reads the registry: privacy denied, allowed and unset, a pending restart, and installed programs', async () => {
    const before = await look();
    expect(before.privacy.value).toEqual({ camera: null, microphone: null });
    expect(before.restart.value).toEqual({ pendingSince: null, isPlanned: false });
    await reg('add', `${consent}\\webcam\\NonPackaged`, '/v', 'Value', '/d', 'Deny', '/f');
    await reg('add', `${consent}\\microphone`, '/v', 'Value', '/d', 'Allow', '/f');
    const updated = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired';
    await reg('add', updated, '/f');
    await reg('add', 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Zoom', '/v', 'DisplayName', '/d', 'Zoom सभा', '/f');
    const seen = await look();
    expect(seen.privacy.value).toEqual({ camera: 'all', microphone: null });
    expect(Math.abs(seen.restart.value.pendingSince - Date.now())).toBeLessThan(3_600_000);
    expect(seen.installed.value).toEqual([{ id: 'Zoom', name: 'Zoom सभा' }]);
    await reg('add', `${consent}\\webcam\\NonPackaged`, '/v', 'Value', '/d', 'Allow', '/f');
    expect((await look()).privacy.value).toEqual({ camera: null, microphone: null });
  });

  it('reads which program uses the camera from 64-bit times', async () => {
    expect((await look()).uses).toEqual({ known: false, reason: 'Windows does not record which program uses it' });
    const bytes = (time: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigUInt64LE(time);
      return buffer.toString('hex').replace(/..(?=.)/g, '$&,');
    };
    const user = consent.replace('HKCU', 'HKEY_CURRENT_USER');
    const use = (program: string, stop: bigint) => [
      `[${user}\\webcam\\NonPackaged\\${program}]`,
      `"LastUsedTimeStart"=hex(b):${bytes(134_000_000_000_000_000n)}`,
      `"LastUsedTimeStop"=hex(b):${bytes(stop)}`,
      '',
    ];
    const lines = [
      ...use('C:#Zoom#Zoom.exe', 0n),
      ...use('C:#old.exe', 134_000_000_000_000_001n),
      ...use('C:#windows#system32#svchost.exe', 0n),
    ];
    writeFileSync(join(windows.folder, 'use.reg'), ['Windows Registry Editor Version 5.00', '', ...lines].join('\r\n'));
    await reg('import', 'use.reg');
    expect((await look()).uses).toEqual({ known: true, value: ['C:\\Zoom\\Zoom.exe'] });
  });

  it('reports every device, program and setting as unknown with a reason when koffi is missing', async () => {
    node.takeKoffi();
    const seen = await look();
    const none = { known: false, reason: 'koffi is not there' };
    expect([seen.sound, seen.cameras, seen.session, seen.soundService]).toEqual([none, none, none, none]);
    expect(seen.installed).toEqual(none);
    expect(seen.privacy.value).toEqual({ camera: null, microphone: null });
    node.putKoffi();
    expect((await look()).sound.known).toBe(true);
  });

  it('S15 joins service and session helper over a named pipe, and refuses a flood, unreadable lines and a megabyte without newline', async () => {
    const { code, err } = await node.run('seats.mjs', 'seats.json');
    expect(code, err).toBe(0);
    expect(JSON.parse(read('seats.json'))).toEqual({
      flood: [refusals.flood, 'ok'],
      garbage: refusals.garbage,
      long: refusals.garbage,
    });
  });

  it('works, lists devices and exits although a call to the sound service never returns', async () => {
    // It kills itself, so its exit code is ignored.
    await node.run('hang.mjs', 'hang.json');
    const { beats, ...seen } = JSON.parse(read('hang.json'));
    expect(seen).toEqual({ isHung: true, devices: true, threads: 2 });
    expect(beats).toBeGreaterThan(3);
  });

  it(`keeps handles, objects and memory constant over ${looks} queries`, async () => {
    const { code, err } = await node.run('many.mjs', 'many.json', `${looks}`);
    expect(code, err).toBe(0);
    const { first, last, endpoints, snapshotMs, threadBytes } = JSON.parse(read('many.json'));
    expect(endpoints).toBeGreaterThan(1);
    expect(last.handle).toBeLessThanOrEqual(first.handle);
    expect(last.references).toEqual(first.references);
    expect(last.rssBytes - first.rssBytes).toBeLessThan(mostBytes);
    const grown = ((last.rssBytes - first.rssBytes) / 2 ** 20).toFixed(1);
    console.info(
      `${looks} looks at the sound of Windows under Wine: ${grown} MiB more; ${snapshotMs.thread.toFixed(1)} ms each, ${snapshotMs.direct.toFixed(1)} ms without a thread, of ${endpoints} ends; the thread takes ${(threadBytes / 2 ** 20).toFixed(1)} MiB`,
    );
  }, 1_800_000);

  it('runs the packed agent: `check --json` reports what Wine shows, and unknown otherwise', async () => {
    await pack({ out: windows.folder, version: '0.1.0', minimum: '0.0.0', expires: 1 });
    const { code, out, err } = await node.run('agent.mjs', 'check', '--json', '--data', 'data');
    expect([0, 1, 3], err).toContain(code);
    const { checks } = JSON.parse(out);
    const of = (component: string) => checks.filter((one: { component: string }) => one.component === component);
    expect(of('camera').length).toBeGreaterThan(0);
    for (const one of of('camera')) expect(one).toMatchObject({ status: 'unknown', reason: expect.any(String) });
    expect(of('microphone').length).toBeGreaterThan(0);
    expect(of('pc').length).toBeGreaterThan(0);
  });
});
