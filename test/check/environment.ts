/** Finds files that could read the environment of the process. */
import type { Node } from 'oxc-parser';
import { importsOf } from './imports.ts';
import { mayHave, type SourceFile } from './source.ts';
import { eachNode, nameOf, parse } from './syntax.ts';

/**
 * Returns true if a file reads `env` of `process`. Also true for uses that cannot be checked: imported, computed member, renamed, passed
 * on.
 */
export function readsEnvironment(file: SourceFile): boolean {
  if (!mayHave(file.text, /process/)) return false;
  let found = importsOf(file).some((target) => /^(node:)?process$/.test(target));
  eachNode(parse(file).program, (node, parent) => {
    found ||= isProcess(node, parent) && !isAskedForOther(node, parent);
  });
  return found;
}

/** Returns true for the value `process`, also as a member of the global object; false for a key or type of that name. */
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
