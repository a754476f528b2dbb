/** Finds all imports of a file, in every form. */
import { posix } from 'node:path';
import type { EcmaScriptModule, Node } from 'oxc-parser';
import { mayHave, type SourceFile } from './source.ts';
import { eachNode, nameOf, parse, textOf } from './syntax.ts';

export const computed = '(what is computed)';

/** A file without these words has only `import … from` and `export … from`, so its syntax tree need not be searched. */
const otherDoors = /require|getBuiltinModule|\bimport\s*[(/]|\bexport\s*\{\s*\}/i;

/** Names of functions that load a module, and of functions that create such functions. */
type Names = { loaders: Set<string>; makers: Set<string> };

const known = new WeakMap<SourceFile, readonly string[]>();

/**
 * Returns the imports of a file: packages by name, files by their path from the root. Includes types, also those in comments of JavaScript.
 */
export function importsOf(file: SourceFile): readonly string[] {
  const found = known.get(file) ?? (/\.[cm]?[jt]sx?$/.test(file.path) ? read(file) : []);
  known.set(file, found);
  return found;
}

function read(file: SourceFile): string[] {
  const parsed = parse(file);
  const found = mayHave(file.text, otherDoors) ? byAnyDoor(parsed.program) : byTheFront(parsed.module);
  if (/jsx?$/.test(file.path)) found.push(...parsed.comments.flatMap(({ value }) => typesIn(value)));
  return found.map((target) => (target.startsWith('.') ? posix.join(posix.dirname(file.path), target) : target));
}

function byTheFront({ staticImports, staticExports }: EcmaScriptModule): string[] {
  const again = staticExports.flatMap(({ entries }) => entries[0]?.moduleRequest?.value ?? []);
  return [...staticImports.map(({ moduleRequest }) => moduleRequest.value), ...again];
}

function byAnyDoor(program: Node): string[] {
  const names: Names = { loaders: new Set(['require']), makers: new Set(['createRequire']) };
  const found: string[] = [];
  eachNode(program, (node) => {
    learn(node, names);
    const source = sourceOf(node, names);
    if (source) found.push(textOf(source) ?? computed);
  });
  return found;
}

function learn(node: Node, { loaders, makers }: Names): void {
  if (node.type === 'ImportSpecifier' && makers.has(nameOf(node.imported) ?? '')) makers.add(node.local.name);
  if (node.type === 'VariableDeclarator' && isMade(node.init, makers)) loaders.add(nameOf(node.id) ?? '');
}

function sourceOf(node: Node, names: Names): Node | null {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ImportExpression':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'TSImportType':
      return node.source;
    case 'TSExternalModuleReference':
      return node.expression;
    case 'CallExpression':
      return loads(node.callee, names) ? (node.arguments[0] ?? null) : null;
    default:
      return null;
  }
}

/** Returns true for `require`, for a result of `createRequire` under any name, and for the two members that do the same. */
function loads(callee: Node, { loaders, makers }: Names): boolean {
  const name = nameOf(callee) ?? '';
  if (callee.type === 'MemberExpression') return ['require', 'getBuiltinModule'].includes(name);
  return loaders.has(name) || isMade(callee, makers);
}

function isMade(node: Node | null, makers: ReadonlySet<string>): boolean {
  return node?.type === 'CallExpression' && makers.has(nameOf(node.callee) ?? '');
}

function typesIn(comment: string): string[] {
  const named = comment.matchAll(/\bimport\(\s*['"]([^'"]+)['"]|@import\b[^'"]*['"]([^'"]+)['"]/g);
  return [...named].map(([, called, from]) => called ?? from ?? '');
}
