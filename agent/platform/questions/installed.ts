/** The programs that a person can start on this PC, by the entries of its menu. */
import { join } from 'node:path';
import { readNames, readText } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';
import { shortId, shortText } from '../text.ts';

/** `id`: the name of its entry, such as `us.zoom.Zoom`; `name`: as the menu shows it in English. */
export type Program = { id: string; name: string };

/** Some hundred small files: asked every ten minutes. Not known where the system has no menu. */
export const installed: Question<Program[]> = { linux: ({ root }) => readInstalled(root) };

/** Of packages, of the administrator, of Flatpak and of Snap. */
const menus = [
  'usr/share/applications',
  'usr/local/share/applications',
  'var/lib/flatpak/exports/share/applications',
  'var/lib/snapd/desktop/applications',
];
const ending = '.desktop';

async function readInstalled(root: string): Promise<Answer<Program[]>> {
  const programs: Program[] = [];
  let known = false;
  for (const menu of menus) {
    const names = await readNames(join(root, menu));
    known ||= names !== undefined;
    for (const file of (names ?? []).filter((name) => name.endsWith(ending))) {
      const [, name] = /^Name=(.*)$/m.exec((await readText(join(root, menu, file))) ?? '') ?? [];
      const id = shortId(file.slice(0, -ending.length));
      if (name !== undefined && !programs.some((one) => one.id === id)) programs.push({ id, name: shortText(name || id) });
    }
  }
  return known ? { known: true, value: programs } : { known: false, reason: 'this system has no menu of programs' };
}
