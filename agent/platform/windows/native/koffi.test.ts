import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadKoffi } from './koffi.ts';
import { openNative } from './native.ts';

function beside(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-koffi-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return join(folder, 'node.exe');
}
const as = (name: string) => `module.exports = { name: '${name}' };`;

it('the native loader loads koffi from the folder beside node.exe, otherwise from node_modules', () => {
  const packages = { 'node_modules/koffi/index.js': as('package') };
  expect(loadKoffi(beside({ 'koffi/index.js': as('folder'), ...packages }))).toMatchObject({ known: true, value: { name: 'folder' } });
  expect(loadKoffi(beside(packages))).toMatchObject({ known: true, value: { name: 'package' } });
  expect(loadKoffi(beside({}))).toEqual({ known: false, reason: 'koffi is not there' });
});

it('the native loader does not load koffi from a parent folder if the installed koffi is broken', () => {
  const program = beside({ 'Sabha/koffi/index.js': "throw new Error('no native half')", 'node_modules/koffi/index.js': as('planted') });
  expect(loadKoffi(join(dirname(program), 'Sabha/node.exe'))).toEqual({ known: false, reason: 'koffi: no native half' });
});

it('the native loader loads koffi once, at first use, and reports even the registry as unknown without koffi', async () => {
  let loads = 0;
  const native = openNative(() => {
    loads += 1;
    return { known: false, reason: 'koffi is not there' };
  });
  expect(loads).toBe(0);
  expect([native().calls, native().calls]).toEqual(Array(2).fill({ known: false, reason: 'koffi is not there' }));
  expect(loads).toBe(1);
  expect(await native().registry('HKU', 'here')).toEqual({ known: false, reason: 'koffi is not there' });
});
