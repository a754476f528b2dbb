/** Which exports of a file say nothing of what they promise. */
import type { Comment, Directive, Node, Statement } from 'oxc-parser';
import { lineOf, type SourceFile } from './source.ts';
import { nameOf, parse } from './syntax.ts';

type Made = { name: string; at: Statement | Directive };

/** The type of a value, made from it alone: the value says what it is. */
const derived = /^export type [\w$]+ = [^{|&]*\btypeof\b[^{|&]*;$/;

/**
 * `path:line name` of each export that has no doc comment directly above the thing exported; line comments, such as a linter's, may stand between.
 * Of overloads only the first needs one; what is exported again (`export … from`, `export *`, an import) has it where it is made, and a type that is
 * made from a value alone where that value stands.
 */
export function undocumentedExports(file: SourceFile): string[] {
  const { program, comments } = parse(file);
  const seen = new Set<string>();
  return exported(program.body).flatMap(({ name, at }) => {
    if (derived.test(file.text.slice(at.start, at.end))) return [];
    const isOverload = isFunction(at) && seen.has(name);
    if (isFunction(at)) seen.add(name);
    return isOverload || isDocumented(at, comments, file.text) ? [] : [`${file.path}:${lineOf(file.text, at.start)} ${name}`];
  });
}

/** What is exported, and the statement that makes it: `export { a }` and `export default a` lead to where `a` is declared. */
function exported(body: readonly (Statement | Directive)[]): Made[] {
  const made = body.flatMap((at) => namesOf(at).map((name) => ({ name, at })));
  return body.flatMap((at) => {
    if (at.type !== 'ExportNamedDeclaration' && at.type !== 'ExportDefaultDeclaration') return [];
    if (at.declaration && at.declaration.type !== 'Identifier') return [{ name: namesOf(at)[0] ?? 'default', at }];
    if ('source' in at && at.source) return [];
    const locals = at.type === 'ExportDefaultDeclaration' ? [nameOf(at.declaration)] : at.specifiers.map(({ local }) => nameOf(local));
    return made.filter((one) => locals.includes(one.name) && !one.at.type.startsWith('Export'));
  });
}

/** The names that a statement declares, of itself or as what it exports. */
function namesOf(node: Node): string[] {
  if (node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration')
    return node.declaration ? namesOf(node.declaration) : [];
  if (node.type === 'VariableDeclaration') return node.declarations.flatMap(({ id }) => bound(id));
  return 'id' in node && node.id ? [nameOf(node.id) ?? ''] : [];
}

/** The names in a pattern such as `{ a, b: [c] }`. */
function bound(pattern: Node): string[] {
  if (pattern.type === 'Identifier') return [pattern.name];
  if (pattern.type === 'ObjectPattern')
    return pattern.properties.flatMap((one) => bound(one.type === 'Property' ? one.value : one.argument));
  if (pattern.type === 'ArrayPattern') return pattern.elements.flatMap((one) => (one ? bound(one) : []));
  if (pattern.type === 'AssignmentPattern') return bound(pattern.left);
  return pattern.type === 'RestElement' ? bound(pattern.argument) : [];
}

function isFunction(node: Node): boolean {
  const what = 'declaration' in node && node.declaration ? node.declaration.type : node.type;
  return what === 'FunctionDeclaration' || what === 'TSDeclareFunction';
}

function isDocumented(at: Node, comments: readonly Comment[], text: string): boolean {
  const above = comments.findLast(({ type, end }) => type === 'Block' && end <= at.start);
  if (above === undefined || !/^\*.*[a-z]{3}/is.test(above.value)) return false;
  return /^\r?\n(\/\/.*\n)*$/.test(text.slice(above.end, at.start));
}
