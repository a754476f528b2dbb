import { expect, test } from 'vitest';
import { computed, importsOf } from './imports.ts';

const found = (text: string, path = 'flows/a.ts') => importsOf({ path, text });

test.each([
  ['a second one on a line', "import a from 'a'; import { b } from './b.ts';", ['a', 'flows/b.ts']],
  ['over lines, with a comment between', "import {\n  a, // ' and \"\n  b,\n} /* from 'c' */ from\n  '../b.ts';", ['b.ts']],
  ['for its effect', "import './b.ts'", ['flows/b.ts']],
  ['of a type', "import type { B } from './b.ts'; let c: import('./c.ts').C;", ['flows/b.ts', 'flows/c.ts']],
  ['exported again', "export { b } from 'b'; export * from 'c'; export * as d from 'd'; export type { E } from 'e';", ['b', 'c', 'd', 'e']],
  ['of nothing', "export {} from './b.ts';", ['flows/b.ts']],
  ['while it runs', "await import(/* why */ './b.ts'); await import(\n`./c.ts`);", ['flows/b.ts', 'flows/c.ts']],
  ['required', "require('b'); import c = require('./c.ts'); module.require('d');", ['b', 'flows/c.ts', 'd']],
  [
    'by a require that was made',
    "createRequire(import.meta.url)('b'); const load = createRequire(url); load('./c.ts');",
    ['b', 'flows/c.ts'],
  ],
  ['by one that was made under another name', "import { createRequire as make } from 'm'; const r = make(u); r('b');", ['m', 'b']],
  ['built in', "process.getBuiltinModule('child_process');", ['child_process']],
  ['computed', "await import('../house/' + b); require(c);", [computed, computed]],
])('an import %s is found', (_how, text, expected) => {
  expect(found(text)).toEqual(expected);
});

test.each(['ts', 'mts', 'cts', 'tsx', 'js', 'mjs', 'cjs', 'jsx'])('an import in a file with the ending .%s is found', (ending) => {
  expect(found("import('./b.ts');", `flows/a.${ending}`)).toEqual(['flows/b.ts']);
});

test('a type import in a comment counts in JavaScript and not in TypeScript', () => {
  const comment = "/** @import { B } from './b.js' */\n/** @type {import('./c.js').C} */";
  expect(found(comment, 'flows/a.js')).toEqual(['flows/b.js', 'flows/c.js']);
  expect(found(comment)).toEqual([]);
});

test('texts, members and comments that look like imports are ignored', () => {
  expect(found("const a = \"import 'b'; require('c')\"; // import './d.ts'\nconst e = { import: 1 }.import;")).toEqual([]);
});

test('a file that cannot be parsed is an error', () => {
  expect(() => found("import { from './b.ts';")).toThrow('flows/a.ts');
});
