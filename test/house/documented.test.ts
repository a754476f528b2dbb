import { expect, test } from 'vitest';
import { undocumentedExports } from './documented.ts';

const found = (...lines: string[]) => undocumentedExports({ path: 'a.ts', text: lines.join('\n') });

test.each([
  ['function', 'export function bare(): void {}'],
  ['function that waits', 'export async function bare(): Promise<void> {}'],
  ['generator', 'export function* bare() {}'],
  ['const', 'export const bare = 1;'],
  ['type', 'export type bare = string;'],
  ['interface', 'export interface bare {}'],
  ['class', 'export class bare extends Error {}'],
  ['default', 'export default function bare() {}'],
])('a %s without a comment is found, with its line', (_kind, line) => {
  expect(found('/** The file. */', '', line)).toEqual(['a.ts:3 bare']);
  expect(found('/** What it promises. */', line)).toEqual([]);
  expect(found('/**', ' * What it promises.', ' */', line)).toEqual([]);
});

test('a comment after a blank line, a line comment or one of a neighbour documents nothing', () => {
  expect(found('/** Of something else. */', '', 'export const one = 1;')).toHaveLength(1);
  expect(found('// A remark.', 'export const one = 1;')).toHaveLength(1);
  expect(found('/** One. */', 'export const one = 1;', 'export const two = 2;')).toEqual(['a.ts:3 two']);
});

test("a linter's line may stand between comment and export", () => {
  expect(found('/** One. */', '// biome-ignore lint: why', 'export const one = 1;')).toEqual([]);
});

test('of overloads the first alone needs a comment; a type and a function of one name need their own', () => {
  expect(found('/** Reads. */', 'export function read(a: string): string;', 'export function read(a: number): number;')).toEqual([]);
  expect(found('export function read(a: string): string;', 'export function read(a: number): number;')).toEqual(['a.ts:1 read']);
  expect(found('/** Reads. */', 'export type read = 1;', 'export function read() {}')).toEqual(['a.ts:3 read']);
});

test('a type made from a value alone needs none, one that adds to it does', () => {
  expect(found('export type Row = v.InferOutput<typeof row>;', 'export type Leaf = (typeof leaves)[number];')).toEqual([]);
  expect(found("export type Leaf = (typeof leaves)[number] | 'none';")).toHaveLength(1);
  expect(found('export type Row = { of: typeof row };')).toHaveLength(1);
});

test.each([
  ['by its name', 'export { bare };'],
  ['by another name', 'export { bare as other };'],
  ['over several lines', 'export {\n  bare,\n};'],
  ['as default', 'export default bare;'],
])('what is exported away from where it is made, %s, says there what it promises', (_how, ...lines) => {
  expect(found('const bare = 1;', ...lines)).toEqual(['a.ts:1 bare']);
  expect(found('/** What it promises. */', 'const bare = 1;', ...lines)).toEqual([]);
  expect(found('export { type Shape };', 'interface Shape {}')).toEqual(['a.ts:2 Shape']);
});

test('what is taken out of another value, or has no name, needs a sentence too', () => {
  expect(found('export const { bare } = whole;')).toEqual(['a.ts:1 bare']);
  expect(found('export default { a: 1 };')).toEqual(['a.ts:1 default']);
  expect(found('/** All. */', 'export const { bare, other } = whole;')).toEqual([]);
});

test('a comment without a word documents nothing', () => {
  expect(found('/** . */', 'export const bare = 1;')).toEqual(['a.ts:2 bare']);
});

test('a block comment that documents nothing, and an export in a text, are what they are', () => {
  expect(found('/* a remark */', 'export const bare = 1;')).toEqual(['a.ts:2 bare']);
  expect(found('const text = `', 'export const bare = 1;', '`;')).toEqual([]);
});

test('what is exported again, and what is not exported, needs none', () => {
  expect(found("export * from './b.ts';", "export { b } from './b.ts';", "export type { C } from './c.ts';", 'const own = 1;')).toEqual([]);
});
