/** Who owns what of a centre: each part is a user of its own, and each folder has one writer. */
import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '#contracts';
import { CentreError } from './centre-error.ts';
import type { Machine } from './machine.ts';
import { type Places, userOf } from './places.ts';

/** `group` may read, and go into the folder. */
type Folder = { path: string; owner: string; group: string; mode: number };

/** What is made in it has its group. */
const told = 0o2750;

/**
 * The folders of a centre. The broker is told by files of `flows` in `broker`, and asks by one in `broker/own`, which `flows` reads. No folder
 * has two writers, so nobody can plant a link or a file where another one writes; and nothing is handed over by a socket, since either may be
 * down while the other starts.
 */
function foldersOf({ data, settings, copies }: Places): Folder[] {
  const [flows, broker, dashboards] = ['flows', 'broker', 'dashboards'].map(userOf) as [string, string, string];
  return [
    { path: data, owner: flows, group: flows, mode: 0o711 },
    { path: join(data, 'flows'), owner: flows, group: flows, mode: 0o700 },
    { path: join(data, 'broker'), owner: flows, group: broker, mode: told },
    { path: join(data, 'broker/own'), owner: broker, group: flows, mode: told },
    { path: join(data, 'dashboards'), owner: flows, group: dashboards, mode: told },
    { path: join(data, 'dashboards/own'), owner: dashboards, group: dashboards, mode: 0o700 },
    { path: settings, owner: flows, group: flows, mode: 0o750 },
    { path: copies, owner: flows, group: flows, mode: 0o700 },
  ];
}

/** Makes the users that are missing. Throws a `CentreError`. */
export function makeUsers({ run }: Machine, parts: readonly string[]): void {
  const lines = parts.map((part) => `u ${userOf(part)} - "Sabha ${part}" /nonexistent /usr/sbin/nologin`);
  const { code, err } = run('systemd-sysusers', ['--inline', ...lines]);
  if (code !== 0) throw new CentreError(`the users of the parts cannot be made: ${lastLine(err)}`);
}

/** Makes the folders that are missing and gives each, with what lies in it, to its owner: also what was restored or brought by root. */
export function giveFolders(places: Places, idOf: (name: string) => Ids): void {
  const folders = foldersOf(places);
  for (const { path } of folders) mkdirSync(path, { recursive: true });
  for (const folder of folders) give(folder, idOf, new Set(folders.map(({ path }) => path)));
}

/** The number of a user, and of the group of the same name. */
export type Ids = { user: number; group: number };

/** Reads the numbers from the tables of the machine. */
export function idsIn(etc = '/etc'): (name: string) => Ids {
  const numberIn = (file: string, name: string) => {
    const row = readFileSync(join(etc, file), 'utf8').match(new RegExp(`^${name}:[^:]*:(\\d+):`, 'm'));
    if (row === null) throw new CentreError(`${join(etc, file)}: has no ${name}`);
    return Number(row[1]);
  };
  return (name) => ({ user: numberIn('passwd', name), group: numberIn('group', name) });
}

/** Links are given away as links: what they lead to belongs to somebody else. */
function give({ path, owner, group, mode }: Folder, idOf: (name: string) => Ids, known: ReadonlySet<string>): void {
  const [user, shared] = [idOf(owner).user, idOf(group).group];
  const below = (folder: string): void => {
    for (const one of readdirSync(folder, { withFileTypes: true })) {
      const at = join(folder, one.name);
      if (!known.has(at)) unlessGone(() => hand(at, one.isDirectory()));
    }
  };
  const hand = (at: string, isFolder: boolean): void => {
    lchownSync(at, user, shared);
    if (isFolder) below(at);
  };
  if (!lstatSync(path).isDirectory()) throw new CentreError(`${path}: is no folder`);
  below(path);
  lchownSync(path, user, shared);
  chmodSync(path, mode);
}

/** What a centre that runs took away meanwhile has no owner. */
function unlessGone(give: () => void): void {
  try {
    give();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** What a program said last. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
