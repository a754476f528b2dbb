/** Parses code files, so that rules do not depend on layout, comments or spelling. */
import { type Node, type ParseResult, parseSync } from 'oxc-parser';
import type { SourceFile } from './source.ts';

/** Returns the syntax tree and the comments of a file. Throws for invalid syntax, because a skipped file would escape the rules. */
export function parse({ path, text }: SourceFile): ParseResult {
  const parsed = parseSync(path, text);
  if (parsed.errors[0]) throw new Error(`${path}: ${parsed.errors[0].message}`);
  return parsed;
}

/** Visits each node of a tree with its parent, from top to bottom. */
export function eachNode(node: Node, see: (node: Node, parent: Node) => void): void {
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (!isNode(child)) continue;
      see(child, node);
      eachNode(child, see);
    }
  }
}

/** Returns the text of a literal; undefined if it is computed. */
export function textOf(node: Node | null | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node?.type === 'TemplateLiteral' && node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
}

/** Returns the name of a variable, key or member: `a`, `.a`, `['a']` and `"a"` give the same; undefined if it is computed. */
export function nameOf(node: Node | null | undefined): string | undefined {
  if (node?.type === 'MemberExpression') return node.computed ? textOf(node.property) : nameOf(node.property);
  return node?.type === 'Identifier' ? node.name : textOf(node);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
