/** Finds by their requests the probes that need the session of a user, and compares them with the list `roomProbes`. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Profile, realClock } from '@sabha/contracts';
import { expect, test, vi } from 'vitest';
import { createLinux } from '../../platform/linux/linux.ts';
import { tree } from '../../platform/linux/tree.test-helper.ts';
import type { Platform } from '../../platform/platform.ts';
import { camera, fakeWindows, soundOf } from '../../platform/windows/fake.test-helper.ts';
import { createProbes } from '../../probes/probes.ts';
import { roomProbes } from './messages.ts';
import { seatOf } from './session-helper.test-helper.ts';

const one = [{ match: 'Acme' }];
const expected = { camera: one, microphone: one, speaker: one, display: one, program: one };
const profile: Profile = { link: 'fibre', elevationM: 0, expected };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
/** Programs that return the same facts to every user, even to a service. Every other program needs the session of a user. */
const ofSystem = ['loginctl', 'busctl', 'systemctl'];

/** Probes that also read device names, but work without them. */
const asFarAsKnown = ['climate'];

async function asking(platform: Platform, asked: () => unknown[]): Promise<string[]> {
  const found: string[] = [];
  for (const probe of createProbes()) {
    const before = asked().length;
    await probe.run({ platform, profile, self, signal: AbortSignal.timeout(20_000) });
    if (asked().length > before) found.push(probe.name);
  }
  return found;
}

/** Runs all probes as a service while another user is at the PC. Returns the probes that start a program of a session. */
async function onLinux(): Promise<string[]> {
  const root = tree({
    'sys/class/note': '',
    'proc/stat': 'cpu  1 0 1 1 0 0 0 0 0 0\n',
    'proc/uptime': '90 1\n',
    ...pcFiles,
    ...seatOf(70_000),
  });
  const log = join(root, 'started');
  for (const name of ['env', 'setpriv']) {
    writeFileSync(join(root, name), `#!/bin/sh\nwhile [ "\${1#*=}" != "$1" ]; do shift; done\necho "$1" >> '${log}'\nexit 127\n`);
    chmodSync(join(root, name), 0o755);
  }
  vi.stubEnv('PATH', root);
  const read: string[] = [];
  const env = {};
  for (const name of ['XDG_RUNTIME_DIR', 'HOME']) Object.defineProperty(env, name, { get: () => void read.push(name) });
  const platform = createLinux({ root, env, clock: realClock() });
  const started = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  try {
    return await asking(platform, () => [...read, ...started().filter((program) => !ofSystem.includes(program))]);
  } finally {
    vi.unstubAllEnvs();
  }
}
const pcFiles = { 'proc/meminfo': 'MemTotal: 2 kB\nMemAvailable: 1 kB\n', 'etc/systemd/note': '' };

/** Parts of a session on Windows: sound, displays, and the registry branch of a user. */
function onWindows(): Promise<string[]> {
  const asked: string[] = [];
  const calls = {
    isAtConsole: () => asked.push('isAtConsole') > 0,
    sound: () => {
      asked.push('sound');
      return soundOf([]);
    },
    devices: () => [camera()],
  };
  const { platform, native } = fakeWindows({ calls });
  const { registry } = native;
  native.registry = (path, depth) => {
    if (path.startsWith('HKU')) asked.push(path);
    return registry(path, depth);
  };
  return asking(platform, () => asked);
}

test('the index lists every probe that needs the session in roomProbes', async () => {
  const found = { linux: await onLinux(), windows: await onWindows() };
  const all = new Set([...found.linux, ...found.windows]);
  expect([...all].filter((name) => !asFarAsKnown.includes(name)).toSorted(), JSON.stringify(found)).toEqual([...roomProbes].toSorted());
});
