/** Is the PC set to go to sleep by itself when nobody touches it? By systemd, or by GNOME where its user is ours; other desktops are not asked. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../child.ts';
import { readNames, readText } from '../linux/files.ts';
import type { Answer, Question, System } from '../platform.ts';
import { ownDesktop } from './session.ts';

/** Starts a program on GNOME: asked every ten minutes. */
export const sleepsWhenIdle: Question<boolean> = { linux: readSleeps };

/** The later overrules the earlier. */
const folders = ['usr/lib/systemd/logind.conf.d', 'run/systemd/logind.conf.d', 'etc/systemd/logind.conf.d'];
const targets = ['sleep.target', 'suspend.target'];

async function readSleeps(system: System, signal: AbortSignal): Promise<Answer<boolean>> {
  const { root } = system;
  if ((await readNames(join(root, 'etc/systemd'))) === undefined) return { known: false, reason: 'no systemd here' };
  const masks = await Promise.all(targets.map((target) => readlink(join(root, 'etc/systemd/system', target)).catch(() => '')));
  if (masks.includes('/dev/null')) return { known: true, value: false };
  const texts = [await readText(join(root, 'etc/systemd/logind.conf'))];
  for (const folder of folders)
    for (const name of ((await readNames(join(root, folder))) ?? []).filter((one) => one.endsWith('.conf')))
      texts.push(await readText(join(root, folder, name)));
  const said = [...texts.join('\n').matchAll(/^\s*IdleAction\s*=\s*(\S+)/gm)].at(-1)?.[1] ?? 'ignore';
  const isOfSystem = /^(suspend|hibernate|hybrid-sleep|suspend-then-hibernate|sleep)$/.test(said);
  return { known: true, value: isOfSystem || (await desktopSleeps(system, signal)) };
}

/** On mains; the timeout is in seconds, and 0 is never. */
async function desktopSleeps({ root, env }: System, signal: AbortSignal): Promise<boolean> {
  if (!/gnome|ubuntu/i.test((await ownDesktop(root)) ?? '')) return false;
  const args = ['list-recursively', 'org.gnome.settings-daemon.plugins.power'];
  const output = await runCommand({ program: 'gsettings', args, env: { ...env, LC_ALL: 'C' } }, signal);
  return (
    output.ok && /sleep-inactive-ac-type '(suspend|hibernate)'/.test(output.text) && /sleep-inactive-ac-timeout [1-9]/.test(output.text)
  );
}
