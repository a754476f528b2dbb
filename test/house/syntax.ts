/** A file of code read as a program, not as text: no layout, comment or spelling hides from a rule what it does. */
import { type Node, type ParseResult, parseSync } from 'oxc-parser';
import type { SourceFile } from './source.ts';

/** The program of a file and its comments. Throws where it is none: what cannot be read would be held to nothing. */
export function parse({ path, text }: SourceFile): ParseResult {
  const parsed = parseSync(path, text);
  if (parsed.errors[0]) throw new Error(`${path}: ${parsed.errors[0].message}`);
  return parsed;
}

/** Shows each node of a program with the one that it stands in, from top to bottom. */
export function eachNode(node: Node, see: (node: Node, parent: Node) => void): void {
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (!isNode(child)) continue;
      see(child, node);
      eachNode(child, see);
    }
  }
}

/** The text that an expression is, if it is written out; undefined where it must be computed. */
export function textOf(node: Node | null | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node?.type === 'TemplateLiteral' && node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
}

/** The name of a variable, a key or a member: `a`, `.a`, `['a']` and `"a"` alike; undefined where it must be computed. */
export function nameOf(node: Node | null | undefined): string | undefined {
  if (node?.type === 'MemberExpression') return node.computed ? textOf(node.property) : nameOf(node.property);
  return node?.type === 'Identifier' ? node.name : textOf(node);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
