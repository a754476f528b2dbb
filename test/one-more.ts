/** A copy of the repository to which a new developer adds a probe or a channel: counts the cost, and runs the result. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

/** The addition: folder, name, entry in the list, and fixtures with its code. `ask` is the fixture that uses it. */
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
  entry: 'gongKind',
  fixtures: 'test/fixtures/channel',
  parts: ['flows', 'broker/contracts'],
};

export type House = {
  root: string;
  /** Adds the file and its test, without the entry in the list. */
  addFiles(): void;
  /** Adds import and entry. Returns the number of changed lines in the list, without imports. */
  addToList(): number;
  /** Returns the output of the fixture `ask`, after the copy has done its work with everything in its list. */
  ask(): Promise<unknown>;
  /** Returns the output of vitest for the new test, as every `npm test` runs it. */
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
        .replace(/^(const (?:list|channelKinds)\b[^;]*?),?\s*\];$/m, `$1, ${entry}];`)
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
