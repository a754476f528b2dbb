/** A copy of the house to which a newcomer adds a probe or a channel: what it costs, and whether it comes out. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

/** What is added: its folder and name, how its list names it, and the fixtures that stand for it. `ask` is the program that asks for it. */
export type Newcomer = { list: string; folder: string; name: string; entry: string; fixtures: string; parts: readonly string[] };

export const oneMoreProbe: Newcomer = {
  list: 'agent/probes/probes.ts',
  folder: 'agent/probes/room',
  name: 'kettle',
  entry: 'kettleProbe',
  fixtures: 'test/fixtures/probe',
  parts: ['agent', 'broker/contracts'],
};

export const oneMoreChannel: Newcomer = {
  list: 'flows/notify/people/channels/channels.ts',
  folder: 'flows/notify/people/channels',
  name: 'gong',
  entry: 'byGong',
  fixtures: 'test/fixtures/channel',
  parts: ['flows', 'broker/contracts'],
};

export type House = {
  root: string;
  /** The file and its test, not yet in the list. */
  addFiles(): void;
  /** The import and the entry. Answers how many lines of the list, imports aside, are other than before. */
  addToList(): number;
  /** What the fixture `ask` prints, once the house has done its own with all that its list holds. */
  ask(): Promise<unknown>;
  /** What vitest says of the new test, as every `npm test` finds it. */
  test(): Promise<string>;
  remove(): void;
};

export function copyOfTheHouse(from: string, newcomer: Newcomer): House {
  const { list, folder, name, entry, fixtures, parts } = newcomer;
  const root = mkdtempSync(join(tmpdir(), 'sabha-house-'));
  const fixture = (file: string) => join(from, fixtures, `${file}.txt`);
  const runNode = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 50_000, env: { PATH: process.env['PATH'], NO_COLOR: '1' } }))
      .stdout;
  for (const path of ['package.json', 'vitest.config.ts', ...parts]) cpSync(join(from, path), join(root, path), { recursive: true });
  symlinkSync(join(from, 'node_modules'), join(root, 'node_modules'));
  cpSync(fixture('ask.ts'), join(root, 'ask.ts'));
  return {
    root,
    addFiles: () => {
      for (const file of [`${name}.ts`, `${name}.test.ts`]) cpSync(fixture(file), join(root, folder, file));
    },
    addToList: () => {
      const before = readFileSync(join(root, list), 'utf8');
      const after = before
        .replace(/^(const list\b[^;]*?),?\s*\];$/m, `$1, ${entry}];`)
        .replace(/^import \{/m, `import { ${entry} } from './${relative(dirname(list), join(folder, name))}.ts';\nimport {`);
      writeFileSync(join(root, list), after);
      const known = new Set(before.split('\n'));
      return after.split('\n').filter((line) => !known.has(line) && !line.startsWith('import ')).length;
    },
    ask: async () => JSON.parse(await runNode('ask.ts')),
    test: () => runNode('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', `${folder}/${name}.test.ts`),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
