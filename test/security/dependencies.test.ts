/** S11: third-party packages have exact versions and hashes, and run install scripts only if allowed by name. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type Package = {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};
type Locked = { version?: string; integrity?: string; inBundle?: boolean; link?: boolean; hasInstallScript?: boolean };

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const directMost = 40;
const isTheirs = ([name]: [string, string]) => !name.startsWith('@sabha/');

const { workspaces }: { workspaces: string[] } = read('package.json');

describe.each([
  ['package-lock.json', ['.', ...workspaces]],
  ['packaging/windows/package-lock.json', ['packaging/windows']],
])('in %s', (lock, folders) => {
  const owns = folders.map((folder): Package => read(`${folder}/package.json`));
  const locked = Object.entries<Locked>(read(lock).packages);
  const runtime = owns.flatMap((own) => Object.entries({ ...own.dependencies, ...own.optionalDependencies })).filter(isTheirs);
  const direct = [...runtime, ...owns.flatMap(({ devDependencies = {} }) => Object.entries(devDependencies))];

  test('S11 each direct dependency has an exact version that equals the lock file', () => {
    expect(direct.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    const held = new Map(locked);
    const others = direct.filter(([name, version]) => held.get(`node_modules/${name}`)?.version !== version);
    expect(others).toEqual([]);
    expect(new Set(runtime.map(([name]) => name)).size).toBeLessThanOrEqual(directMost);
  });

  test('S11 each third-party package has a SHA-512 hash in the lock file', () => {
    const theirs = locked.filter(([path, { link }]) => path.includes('node_modules/') && link !== true);
    expect(theirs.length).toBeGreaterThan(2);
    // The hash of a package also covers the packages bundled in it, which have no separate hash.
    const open = theirs.filter(([, one]) => one.inBundle !== true && !/^sha512-[\w+/]{86}==$/.test(one.integrity ?? ''));
    expect(open.map(([path]) => path)).toEqual([]);
  });
});

test('S11 only packages allowed by name run an install script, and none in the Windows package', () => {
  const scripted = Object.entries<Locked>(read('package-lock.json').packages).filter(([, one]) => one.hasInstallScript);
  const { allowScripts } = read('package.json');
  expect(scripted.map(([path]) => path)).toEqual(['node_modules/esbuild']);
  expect(allowScripts).toEqual({ esbuild: true });
  expect(readFileSync('packaging/msi.ts', 'utf8')).toMatch(/run\('npm', \['ci',.*'--ignore-scripts'/);
});
