/** Each rule of the protocol is named by a test: a rule without one is a promise that nobody checks. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = globSync('{test/simulation,test/contract,flows/engine/incidents}/**/*.test.ts', { cwd: root });
const titles = files
  .flatMap((file) => [...readFileSync(`${root}/${file}`, 'utf8').matchAll(/\b(?:test|it|describe)\(\s*['"`]([^'"`]+)/g)])
  .map(([, title]) => title);

test.each(Array.from({ length: 26 }, (_, index) => `R${index + 1}`))('%s is named by a test', (rule) => {
  expect(titles.filter((title) => new RegExp(`\\b${rule}\\b`).test(title ?? ''))).not.toEqual([]);
});
