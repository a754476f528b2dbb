/** A copy of the house to which a newcomer adds a probe: what it costs, and whether its check comes out. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Check } from '#contracts';

const list = 'agent/probes/probes.ts';

export type House = {
  root: string;
  /** The file and its test, not yet in the list. */
  addFiles(): void;
  /** The import and the entry. Answers how many lines of the list, imports aside, are other than before. */
  addToList(): number;
  /** The checks on the board after the real runner has asked every probe of the list. */
  ask(): Promise<Check[]>;
  /** What vitest says of the new test, as every `npm test` finds it. */
  test(): Promise<string>;
  remove(): void;
};

export function copyOfTheHouse(from: string): House {
  const root = mkdtempSync(join(tmpdir(), 'sabha-house-'));
  const fixture = (name: string) => join(from, 'test/fixtures/probe', `${name}.txt`);
  const runNode = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 50_000, env: { PATH: process.env['PATH'], NO_COLOR: '1' } }))
      .stdout;
  for (const path of ['package.json', 'vitest.config.ts', 'agent', 'broker/contracts'])
    cpSync(join(from, path), join(root, path), { recursive: true });
  symlinkSync(join(from, 'node_modules'), join(root, 'node_modules'));
  cpSync(fixture('ask.ts'), join(root, 'ask.ts'));
  return {
    root,
    addFiles: () => {
      for (const name of ['kettle.ts', 'kettle.test.ts']) cpSync(fixture(name), join(root, 'agent/probes/room', name));
    },
    addToList: () => {
      const before = readFileSync(join(root, list), 'utf8');
      const after = before
        .replace(/,?\s*\];\s*$/, ', kettleProbe];\n')
        .replace(/^import \{/m, "import { kettleProbe } from './room/kettle.ts';\nimport {");
      writeFileSync(join(root, list), after);
      const known = new Set(before.split('\n'));
      return after.split('\n').filter((line) => !known.has(line) && !line.startsWith('import ')).length;
    },
    ask: async () => JSON.parse(await runNode('ask.ts')),
    test: () => runNode('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'agent/probes/room/kettle.test.ts'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
