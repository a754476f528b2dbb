import { expect, test } from 'vitest';
import { readsEnvironment } from './environment.ts';

test.each([
  'const a = process.env;',
  "const a = process['env']['A'];",
  'const a = process?.env.A;',
  'const a = process[`env`];',
  'const { env } = process;',
  'const { pid, env: { A } } = process;',
  "const { 'env': a } = process;",
  'const { pid, ...rest } = process;',
  'let env; ({ env } = process);',
  "import { env } from 'node:process';",
  "import { argv, env as a } from 'process';",
  "import p from 'node:process';",
  "export { env } from 'node:process';",
  "const { env } = await import('node:process');",
  'const a = globalThis.process.env;',
  "const { env } = globalThis['process'];",
  'const p = process;',
  'start(process);',
  'const given = { process };',
  'const a = process[name];',
  'function f({ env } = process) {}',
])('%s reads the environment', (text) => {
  expect(readsEnvironment({ path: 'a.ts', text })).toBe(true);
});

test.each([
  'process.exit(1); const { pid, exitCode } = process;',
  "const a = part.env; const { env } = part; part['process'] = 1;",
  "const a = { process: 1, env: 2 }; // process.env\nconst b = 'process.env';",
  'type Process = typeof process;',
  "globalThis.process.on('exit', stop);",
])('%s does not read the environment', (text) => {
  expect(readsEnvironment({ path: 'a.ts', text })).toBe(false);
});
