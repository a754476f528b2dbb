/** Which files could read the environment of the process. */
import type { Node } from 'oxc-parser';
import { importsOf } from './imports.ts';
import { mayHave, type SourceFile } from './source.ts';
import { eachNode, nameOf, parse } from './syntax.ts';

/** True where a file asks `process` for its `env`, or lets it out of sight: imported, asked for what is computed, renamed, handed on. */
export function readsEnvironment(file: SourceFile): boolean {
  if (!mayHave(file.text, /process/)) return false;
  let found = importsOf(file).some((target) => /^(node:)?process$/.test(target));
  eachNode(parse(file).program, (node, parent) => {
    found ||= isProcess(node, parent) && !isAskedForOther(node, parent);
  });
  return found;
}

/** The value `process` itself, also as a member of the global object; not a key or a type that is called so. */
function isProcess(node: Node, parent: Node): boolean {
  if (node.type === 'MemberExpression') return nameOf(node) === 'process' && /^global(This)?$/.test(nameOf(node.object) ?? '');
  if (node.type !== 'Identifier' || node.name !== 'process') return false;
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed;
  if (parent.type === 'Property') return parent.value === node || parent.shorthand;
  return !parent.type.startsWith('TS');
}

function isAskedForOther(node: Node, parent: Node): boolean {
  if (parent.type === 'MemberExpression') return parent.object === node && ![undefined, 'env'].includes(nameOf(parent));
  if (parent.type !== 'VariableDeclarator' || parent.init !== node || parent.id.type !== 'ObjectPattern') return false;
  return parent.id.properties.every((one) => one.type === 'Property' && !one.computed && nameOf(one.key) !== 'env');
}
