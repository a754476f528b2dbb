import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { realClock } from '#contracts';
import { createLinux } from '../linux/linux.ts';
import { tree } from '../linux/tree.test-helper.ts';
import { privacy } from './privacy.ts';

/** What the desktop's settings print, in the session of a signed-in user or where there is none. */
async function ask(printed: string, session = 'session') {
  const root = tree({ 'session/note': '', 'bin/said': printed });
  const gsettings = `[ "$*" = "list-recursively org.gnome.desktop.privacy" ] && exec cat "${root}/bin/said"`;
  const answer = await desktopWith(gsettings, { root, session }).ask(privacy, AbortSignal.timeout(5_000));
  return answer.known && answer.value;
}

/** A PC in whose session the desktop's settings are told by this line of a shell. */
function desktopWith(gsettings: string, { root = tree({ 'session/note': '', 'bin/note': '' }), session = 'session' } = {}) {
  writeFileSync(join(root, 'bin/gsettings'), `#!/bin/sh\n${gsettings}\n`);
  chmodSync(join(root, 'bin/gsettings'), 0o755);
  const env = { PATH: `${root}/bin:/usr/bin:/bin`, XDG_RUNTIME_DIR: join(root, session) };
  return createLinux({ root, env, clock: realClock() });
}
const line = (key: string, value: boolean) => `org.gnome.desktop.privacy ${key} ${value}\n`;
const open = { camera: null, microphone: null };

it('the desktop takes camera and microphone away where its own setting says so', async () => {
  expect(await ask(line('disable-camera', false) + line('disable-microphone', false))).toEqual(open);
  expect(await ask(line('disable-camera', true) + line('disable-microphone', false))).toEqual({ camera: 'all', microphone: null });
  expect(await ask(line('disable-sound-output', true) + line('disable-microphone', true))).toEqual({ camera: null, microphone: 'all' });
  expect(await ask('')).toEqual(open);
});

it('where nobody is signed in there is no such setting', async () => {
  expect(await ask(line('disable-camera', true), 'nobody')).toEqual(open);
});

it('a desktop whose settings hang took all the time of whoever asked for the camera: it is given up before', async () => {
  const patient = new AbortController().signal;
  expect(await desktopWith('exec sleep 60').ask(privacy, patient)).toEqual({ known: true, value: open });
});
