import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { importsOf } from './check/imports.ts';
import { lists, listViolations, rules } from './check/rules.ts';
import { repository, type SourceFile } from './check/source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = repository(root);

describe('the rules of the repository', () => {
  test.each(rules)('$name', ({ find }) => {
    expect(find(files)).toEqual([]);
  });

  test('the checks cover the whole repository', () => {
    const paths = files.map((file) => file.path);
    for (const path of [
      'start.ts',
      'package.json',
      'broker/contracts/wire/topics.ts',
      'broker/main.ts',
      'flows/main.ts',
      'agent/main.ts',
      'dashboards/wall/wall.js',
      'test/real/grafana/build.mjs',
      'test/real/grafana/page.jsx',
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(files.flatMap(importsOf)).toContain('@sabha/contracts');
  });
});

/** Files that break each rule, and the start of each expected line. */
const planted: Record<string, [files: Record<string, string>, found: string[]][]> = {
  'contracts imports nothing of ours': [
    [
      { 'broker/contracts/x.ts': "import { a } from '../guard.ts';\nimport { b } from './y.ts';" },
      ['broker/contracts/x.ts: imports broker/guard.ts'],
    ],
    [{ 'broker/contracts/x.ts': "import type { A } from '@sabha/contracts';" }, ['broker/contracts/x.ts: imports @sabha/contracts']],
  ],
  'a part imports only itself and @sabha/contracts': [
    [
      { 'flows/x.ts': "import { a } from '../broker/protection/frame-guard.ts';" },
      ['flows/x.ts: imports broker/protection/frame-guard.ts'],
    ],
    [
      { 'dashboards/x.ts': "import type { A } from '../broker/contracts/domain/states.ts';" },
      ['dashboards/x.ts: imports broker/contracts/domain/states.ts'],
    ],
    [{ 'agent/a/x.ts': "const x = await import('../../test/help.ts');" }, ['agent/a/x.ts: imports test/help.ts']],
    [{ 'broker/x.ts': "export * from '../start.ts';" }, ['broker/x.ts: imports start.ts']],
    [{ 'broker/x.mts': "import './a.ts'; import '../flows/a.ts';" }, ['broker/x.mts: imports flows/a.ts']],
    [{ 'broker/x.ts': "import '#agent'; import '/house/flows/a.ts';" }, ['broker/x.ts: imports #agent', 'broker/x.ts: imports /house']],
    [
      { 'flows/node-red/nodes/kinds/x-node.ts': "import { a } from '@sabha/contracts';\nimport { b } from '../../wires.ts';" },
      ['flows/node-red/nodes/kinds/x-node.ts: imports @sabha/contracts'],
    ],
  ],
  'only packaging imports agent': [
    [
      { 'flows/x.ts': "import {\n  a,\n  b,\n} from '../agent/uplink/spool/spool.ts';" },
      ['flows/x.ts: imports agent/uplink/spool/spool.ts'],
    ],
  ],
  'start.ts imports only @sabha/contracts and packages': [
    [
      { 'start.ts': "import './broker/main.ts';\nimport pino from 'pino';\nimport { a } from '@sabha/contracts';" },
      ['start.ts: imports broker/main.ts'],
    ],
  ],
  'only agent/platform, start.ts and the word to systemd start programs': [
    [
      { 'agent/x.ts': "import { execFile } from 'node:child_process';", 'agent/platform/linux/y.ts': "import 'node:child_process';" },
      ['agent/x.ts:'],
    ],
    [{ 'flows/x.ts': "const { fork } = require('child_process');" }, ['flows/x.ts:']],
    [{ 'agent/probes/x.ts': "import si from 'systeminformation';" }, ['agent/probes/x.ts:']],
    [{ 'agent/probes/x.ts': "import { cpu } from 'systeminformation/lib/cpu.js';" }, ['agent/probes/x.ts:']],
  ],
  'only main.ts, cli.ts and start.ts read the environment': [
    [{ 'broker/x.ts': 'const a = process.env;', 'broker/main.ts': "const a = process.env['A'];" }, ['broker/x.ts:']],
  ],
  'product code imports no test and nothing of what only tests use': [
    [
      {
        'flows/a.ts': "import { a } from './a.test-helper.ts';\nexport * from './a.test.ts';",
        'flows/a.test.ts': "import { a } from './a.test-helper.ts';",
      },
      ['flows/a.ts: imports flows/a.test-helper.ts', 'flows/a.ts: imports flows/a.test.ts'],
    ],
  ],
  'what is imported is named there, but by the launcher, which chooses among versions': [
    [
      {
        'flows/a.ts': "await import('../age' + 'nt/main.ts');",
        'agent/maintain/update/main.ts': 'await import(chosen);',
        'flows/b.ts': "import('./c.ts');",
      },
      ['flows/a.ts: imports (what is computed)'],
    ],
  ],
  'code is .ts, or .js where a browser or Node-RED loads it as it stands: types, lint and tests see no other': [
    [
      Object.fromEntries(['a.mjs', 'a.mts', 'a.cjs', 'a.cts', 'a.jsx', 'a.tsx', 'a.js', 'a.ts'].map((name) => [`flows/${name}`, ''])),
      ['a.mjs', 'a.mts', 'a.cjs', 'a.cts', 'a.jsx', 'a.tsx', 'a.js'].map((name) => `flows/${name}: has an ending`),
    ],
    [
      {
        'dashboards/wall/a.js': '',
        'flows/node-red/nodes/a.js': '',
        'dashboards/wall/a.test.js': '',
        'flows/a.test.mts': '',
        'flows/a.test.ts': '',
      },
      ['dashboards/wall/a.test.js:', 'flows/a.test.mts:'],
    ],
  ],
  'no import circles': [
    [
      { 'flows/a.ts': "import './b.ts';", 'flows/b.ts': "import type { C } from './c.ts';", 'flows/c.ts': "export * from './a.ts';" },
      ['flows/a.ts -> flows/b.ts -> flows/c.ts -> flows/a.ts'],
    ],
    [{ 'flows/a.ts': "import './a.ts';" }, ['flows/a.ts -> flows/a.ts']],
  ],
  'a default export stands only where a tool asks for one': [
    [{ 'flows/a.ts': 'export default 1;', 'flows/node-red/nodes/kinds/a-node.ts': 'export default 1;' }, ['flows/a.ts:']],
    [
      { 'flows/a.ts': "export { default } from './b.ts';", 'flows/node-red/nodes/a.js': "export { default } from './kinds/a-node.ts';" },
      ['flows/a.ts:'],
    ],
    [{ 'flows/a.ts': 'const a = 1; export {\n  a as default };', 'flows/b.ts': "export { default as b } from './b.js';" }, ['flows/a.ts:']],
  ],
  'at most 45 direct dependencies': [
    [
      { 'package.json': JSON.stringify({ dependencies: many(30), devDependencies: many(46), optionalDependencies: many(5) }) },
      ['46 dependencies'],
    ],
  ],
  'each file of code belongs to a part; at the top stand the start and what sets up the tests': [
    [{ 'tools/x.ts': '', 'y.mjs': '', 'start.ts': '', 'vitest.config.ts': '', 'start.test.ts': '' }, ['tools/x.ts: belongs to', 'y.mjs:']],
  ],
  'folders of a part form no cycle': [
    [
      {
        'flows/one/a.ts': "import type { B } from '../two/b.ts';",
        'flows/two/b.ts': "import { c } from '../three/c.ts';\nimport { d } from './below/d.ts';",
        'flows/two/below/d.ts': "import { e } from '../e.ts';",
        'flows/three/c.ts': "import type { D } from '../one/d.ts';",
      },
      ['flows/one -> flows/two -> flows/three -> flows/one'],
    ],
  ],
  'each part keeps below its ceiling of lines of TypeScript and JavaScript, blank lines and comments not counted': [
    [
      {
        'dashboards/exporter/a.ts': `${'x\n'.repeat(3_000)}/** why\n * and how */\n\n  // this\n`,
        'dashboards/wall/wall.js': 'x\n'.repeat(17_001),
        'dashboards/wall/a.css': 'x\n'.repeat(9_000),
        'dashboards/exporter/a.test.ts': 'x\n'.repeat(9_000),
      },
      ['20001 lines of code in dashboards'],
    ],
  ],
};

describe('each rule finds exactly the planted faults', () => {
  test.each(rules)('$name', ({ name, find }) => {
    expect(planted[name]?.length).toBeGreaterThan(0);
    for (const [broken, expected] of planted[name] ?? []) {
      const found = find(Object.entries(broken).map(([path, text]): SourceFile => ({ path, text })));
      expect(found).toHaveLength(expected.length);
      for (const [at, start] of expected.entries()) expect(found[at]?.startsWith(start), `${found[at]} / ${start}`).toBe(true);
    }
  });
});

describe('a probe or a channel is 1 file, 1 test, 1 line', () => {
  test.each(lists)('%s lists each file once, and each has a test', (index) => {
    expect(listViolations(index, files)).toEqual([]);
  });

  test('a file that is not listed, has no test, or is listed twice is found', () => {
    const house = {
      'a/index.ts': "import { one } from './one.ts';\nimport { type T, two } from './two.ts';\nexport const list: T[] = [one, two, two];",
      'a/one.ts': "import { help } from './help.ts';",
      'a/one.test.ts': '',
      'a/two.ts': '',
      'a/help.ts': '',
      'a/three.ts': '',
    };
    const found = listViolations(
      'a/index.ts',
      Object.entries(house).map(([path, text]) => ({ path, text })),
    );
    expect(found).toEqual(['a/three.ts: is not in the list', 'a/two.ts: has no test beside it', 'a/two.ts: has 2 mentions']);
    expect(listViolations('b/index.ts', [])).toEqual(['b/index.ts: is not there']);
  });
});

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`package-${at}`, '1.0.0']));
}
