import { chmodSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createLinux } from '../linux/linux.ts';
import { tree } from '../linux/tree.test-helper.ts';
import { createPrivacyQuery, privacy } from './privacy.ts';

/** Reads the privacy settings with this output of gsettings. `session`: folder of the signed-in user's session. */
async function ask(printed: string, session = 'session') {
  const root = tree({ 'session/note': '', 'bin/said': printed });
  const gsettings = `[ "$*" = "list-recursively org.gnome.desktop.privacy" ] && exec cat "${root}/bin/said"`;
  const answer = await desktopWith(gsettings, { root, session }).ask(privacy, AbortSignal.timeout(5_000));
  return answer.known && answer.value;
}

/** Creates a PC with a fake `gsettings`, which runs this line of shell. */
function desktopWith(gsettings: string, { root = tree({ 'session/note': '', 'bin/note': '' }), session = 'session', env: more = {} } = {}) {
  writeFileSync(join(root, 'bin/gsettings'), `#!/bin/sh\n${gsettings}\n`);
  chmodSync(join(root, 'bin/gsettings'), 0o755);
  const env = { PATH: `${root}/bin:/usr/bin:/bin`, XDG_RUNTIME_DIR: join(root, session), ...more };
  return createLinux({ root, env, clock: realClock() });
}
const line = (key: string, value: boolean) => `org.gnome.desktop.privacy ${key} ${value}\n`;
const open = { camera: null, microphone: null };

it("the privacy reader reports camera and microphone as blocked if the desktop's privacy setting says so", async () => {
  expect(await ask(line('disable-camera', false) + line('disable-microphone', false))).toEqual(open);
  expect(await ask(line('disable-camera', true) + line('disable-microphone', false))).toEqual({ camera: 'all', microphone: null });
  expect(await ask(line('disable-sound-output', true) + line('disable-microphone', true))).toEqual({ camera: null, microphone: 'all' });
  expect(await ask('')).toEqual(open);
});

it('the privacy reader reads a changed privacy setting at the next run, and starts no program if nothing changed', async () => {
  const root = tree({ 'session/note': '', 'bin/said': line('disable-camera', false), 'home/.config/dconf/user': '1' });
  const platform = desktopWith(`echo x >> "${root}/asked"; exec cat "${root}/bin/said"`, { root, env: { HOME: '/home' } });
  let now = 0;
  const ask = createPrivacyQuery('camera', { up: () => now });
  const look = async (up: number) => {
    now = up;
    const answer = await ask(platform, AbortSignal.timeout(5_000));
    return [answer.known && answer.value.camera, readFileSync(join(root, 'asked'), 'utf8').trim().split('\n').length];
  };
  expect(await look(0)).toEqual([null, 1]);
  expect(await look(200_000)).toEqual([null, 1]);
  writeFileSync(join(root, 'bin/said'), line('disable-camera', true));
  utimesSync(join(root, 'home/.config/dconf/user'), 1, 1);
  expect(await look(200_001)).toEqual(['all', 2]);
});
