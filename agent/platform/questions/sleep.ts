/** Is the PC set to go to sleep by itself when nobody touches it? What systemd itself does; a desktop has a setting of its own. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readNames, readText } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';

/** Cheap: some small files. */
export const sleepsWhenIdle: Question<boolean> = { linux: ({ root }) => readSleeps(root) };

/** The later overrules the earlier. */
const folders = ['usr/lib/systemd/logind.conf.d', 'run/systemd/logind.conf.d', 'etc/systemd/logind.conf.d'];
const targets = ['sleep.target', 'suspend.target'];

async function readSleeps(root: string): Promise<Answer<boolean>> {
  if ((await readNames(join(root, 'etc/systemd'))) === undefined) return { known: false, reason: 'no systemd here' };
  const masks = await Promise.all(targets.map((target) => readlink(join(root, 'etc/systemd/system', target)).catch(() => '')));
  if (masks.includes('/dev/null')) return { known: true, value: false };
  const texts = [await readText(join(root, 'etc/systemd/logind.conf'))];
  for (const folder of folders)
    for (const name of ((await readNames(join(root, folder))) ?? []).filter((one) => one.endsWith('.conf')))
      texts.push(await readText(join(root, folder, name)));
  const said = [...texts.join('\n').matchAll(/^\s*IdleAction\s*=\s*(\S+)/gm)].at(-1)?.[1] ?? 'ignore';
  return { known: true, value: /^(suspend|hibernate|hybrid-sleep|suspend-then-hibernate|sleep)$/.test(said) };
}
