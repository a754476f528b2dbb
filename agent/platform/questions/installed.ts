/** Lists the programs that a user can start on this PC, from menu entries on Linux and from the registry on Windows. */
import { join } from 'node:path';
import { readNames, readText } from '../linux/files.ts';
import type { RegistryKey } from '../native.ts';
import type { Answer, Query, System, WindowsSystem } from '../platform.ts';
import { deviceName, shortId, shortText } from '../text.ts';
import { inEach, userHives } from '../windows/attempt.ts';

/** `id`: file name of the menu entry, such as `us.zoom.Zoom`; `name`: its English name. */
export type Program = { id: string; name: string };

/** Reads the installed programs. Unknown if the system has no menu. It reads some hundred small files. */
export const installed: Query<Program[]> = { linux: readInstalled, windows: readUninstallable };

/** Menu folders of packages, of the administrator, of Flatpak and of Snap. The user's own folder is added if it is known. */
const menus = [
  'usr/share/applications',
  'usr/local/share/applications',
  'var/lib/flatpak/exports/share/applications',
  'var/lib/snapd/desktop/applications',
];
const menusOfUser = ['.local/share/applications', '.local/share/flatpak/exports/share/applications'];
const ending = '.desktop';

async function readInstalled({ root, env }: System): Promise<Answer<Program[]>> {
  const programs: Program[] = [];
  let known = false;
  const home = env['HOME'];
  const own = home === undefined ? [] : menusOfUser.map((menu) => join(home, menu));
  for (const menu of [...own, ...menus]) {
    const names = await readNames(join(root, menu));
    known ||= names !== undefined;
    for (const file of (names ?? []).filter((name) => name.endsWith(ending))) {
      const [, name] = /^Name=(.*)$/m.exec((await readText(join(root, menu, file))) ?? '') ?? [];
      const id = shortId(file.slice(0, -ending.length));
      if (name !== undefined && !programs.some((one) => one.id === id)) programs.push({ id, name: deviceName(name, id) });
    }
  }
  return known ? { known: true, value: programs } : { known: false, reason: 'this system has no menu of programs' };
}

/** Registry keys of installed programs, 64-bit and 32-bit, for all users or one user, and of app packages. */
const uninstallers = ['Microsoft\\Windows\\CurrentVersion\\Uninstall', 'WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall'];
const packages = 'Software\\Classes\\Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel\\Repository\\Packages';

async function readUninstallable({ native }: WindowsSystem): Promise<Answer<Program[]>> {
  const users = await userHives(native());
  if (!users.known) return users;
  const ofPc = await native().registry(`HKLM\\SOFTWARE\\${uninstallers[0]}`, 'below');
  if (!ofPc.known) return ofPc;
  const hives = ['HKLM', ...users.value];
  const other = await Promise.all(uninstallers.map((place) => inEach(native(), hives, `SOFTWARE\\${place}`)));
  const packed = await Promise.all(users.value.map((hive) => native().registry(`${hive}\\${packages}`, 'here')));
  const named = packed.flatMap((answer) => (answer.known ? answer.value.slice(1).map(packageOf) : []));
  const found = new Map([...other.flat(2).flatMap((key) => programOf(key) ?? []), ...named].map((one) => [one.id, one]));
  return { known: true, value: [...found.values()] };
}

function programOf({ path, values }: RegistryKey): Program | undefined {
  const name = values.get('displayname');
  if (typeof name !== 'string' || name.trim() === '' || values.get('systemcomponent') === 1) return undefined;
  return { id: shortId(path.slice(path.lastIndexOf('\\') + 1)), name: shortText(name) };
}

/** Returns the name of an app package without its version: `MSTeams` of `MSTeams_24004.1304.2655.7488_x64__8wekyb3d8bbwe`. */
function packageOf({ path }: RegistryKey): Program {
  const [name = ''] = path.slice(path.lastIndexOf('\\') + 1).split('_');
  return { id: shortId(name), name: shortText(name) };
}
