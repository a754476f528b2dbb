import { expect, test } from 'vitest';
import { saidAs } from './literal-texts.ts';

const verdict = { path: 'verdict.ts', text: 'export function unknown(reason: string) { return { status: "unknown", reason }; }' };
const said = (text: string) => saidAs('reason', [verdict, { path: 'probe.ts', text }]).map(({ texts }) => texts);

test.each([
  ['written out', 'unknown("no clock chip")', [['no clock chip']]],
  ['as a member', 'const check = { status: "unknown", reason: "no clock chip" };', [['no clock chip']]],
  ['by a choice', 'unknown(a ? "one" : b ?? "two")', [['one'], ['two']]],
  ['by a constant', 'const words = { a: "one", b: "two" } as const; unknown(words[key]);', [['one'], ['two']]],
  ['by a function of the file', `const of = (x) => \`no \${x}\`; unknown(of(y));`, [['no 7', 'no ERR']]],
  ['by what it is told', `const way = { up: "there", down: "back" }; unknown(\`\${way[a]}: bad\`);`, [['there: bad'], ['back: bad']]],
  ['by a helper of its own', 'function judge(ok, reason) {} judge(true, "too warm"); judge(true, null);', [['too warm']]],
  ['under the name of another file', 'function unknown(device, reason) {} unknown("board", "too warm");', [['too warm']]],
])('a reason is found %s', (_how, text, texts) => {
  expect(said(text)).toEqual(texts);
});

test('other values and circular references are not found', () => {
  expect(said('other("x"); const done = { done: false, reason: "an order" }; const a = a; unknown(a); unknown(list.join(", "));')).toEqual(
    [],
  );
});
