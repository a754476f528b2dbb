/** Collects the texts that code assigns to a name such as `reason` or `device`, from the syntax tree. */
import type { Node } from 'oxc-parser';
import type { SourceFile } from './source.ts';
import { eachNode, nameOf, parse, textOf } from './syntax.ts';

/** Possible texts of one place. A sample number or word replaces a computed part. */
export type Said = { path: string; texts: string[] };

type File = { path: string; program: Node; named: Map<string, Node[]> };
/** Nodes in progress, to stop at circular references. */
type Open = ReadonlySet<Node>;

/** Samples for computed parts. */
const blanks = ['7', 'ERR'];
/** Members of a command result, which is not the result of a check. */
const orders = ['done', 'outcome', 'ok'];

/**
 * Returns every literal text for `name`: as a member of that name, or as the argument of a parameter of that name. Follows conditions,
 * template literals, and the constants and functions of the file.
 */
export function saidAs(name: string, sources: readonly SourceFile[]): Said[] {
  const files = sources.map((source): File => {
    const program = parse(source).program;
    return { path: source.path, program, named: namesOf(program) };
  });
  const places = new Map(files.flatMap(({ named }) => [...named].flatMap(([called, nodes]) => placesOf(name, called, nodes))));
  return files.flatMap((file) => {
    const found: Said[] = [];
    // A function of the file has priority over one of the same name elsewhere.
    const own = new Map([...file.named].flatMap(([called, nodes]) => placesOf(name, called, nodes)));
    const placeOf = (called: string) => (isFunction(file, called) ? own : places).get(called);
    eachNode(file.program, (node) => {
      const given = givenIn(node, name, placeOf);
      if (given === undefined) return;
      for (const texts of readsOf(given, file, new Set())) found.push({ path: file.path, texts });
    });
    return found;
  });
}

/** Returns the value that a node assigns to the name. */
function givenIn(node: Node, name: string, placeOf: (called: string) => number | undefined): Node | undefined {
  if (node.type === 'ObjectExpression') {
    const members = node.properties.flatMap((one) => (one.type === 'Property' ? [one] : []));
    if (name !== 'line' && members.some(({ key }) => orders.includes(nameOf(key) ?? ''))) return undefined;
    return members.find(({ key }) => nameOf(key) === name)?.value;
  }
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier') return undefined;
  const at = placeOf(node.callee.name);
  return at === undefined ? undefined : node.arguments[at];
}

/** Returns the texts of an expression, one list per alternative, with the samples filled in. */
function readsOf(node: Node, file: File, open: Open): string[][] {
  const text = textOf(node);
  if (text !== undefined) return [[text]];
  if (open.has(node)) return [];
  const within = new Set([...open, node]);
  const read = (nodes: readonly (Node | null)[]) => nodes.flatMap((one) => (one === null ? [] : readsOf(one, file, within)));
  if (node.type !== 'TemplateLiteral') return read(leadsOf(node, file));
  return node.expressions.reduce<string[][]>(
    (texts, expression, at) => {
      const own = read([expression]);
      const after = node.quasis[at + 1]?.value.cooked ?? '';
      const fills = own.length > 0 ? own : [blanks];
      return texts.flatMap((before) => fills.map((fill) => before.flatMap((start) => fill.map((word) => `${start}${word}${after}`))));
    },
    [[node.quasis[0]?.value.cooked ?? '']],
  );
}

/** Returns the expressions from which the text can come; none if it is computed. */
function leadsOf(node: Node, file: File): readonly (Node | null)[] {
  switch (node.type) {
    case 'ConditionalExpression':
      return [node.consequent, node.alternate];
    case 'LogicalExpression':
      return [node.left, node.right];
    case 'TSAsExpression':
      return [node.expression];
    case 'ObjectExpression':
      return node.properties.map((one) => (one.type === 'Property' ? one.value : null));
    case 'ArrayExpression':
      return node.elements;
    case 'Identifier':
      return file.named.get(node.name) ?? [];
    case 'MemberExpression':
      return node.computed && node.object.type === 'Identifier' ? [node.object] : [];
    case 'CallExpression':
      if (node.callee.type !== 'Identifier') return [];
      return isFunction(file, node.callee.name) ? (file.named.get(node.callee.name) ?? []).flatMap(answersOf) : node.arguments;
    default:
      return [];
  }
}

function isFunction({ named }: File, called: string): boolean {
  return named.get(called)?.some((one) => 'params' in one) ?? false;
}

/** Returns the expressions that a function can return. */
function answersOf(body: Node): Node[] {
  if (body.type === 'ArrowFunctionExpression' && body.body.type !== 'BlockStatement') return [body.body];
  const answers: Node[] = [];
  eachNode(body, (node) => {
    if (node.type === 'ReturnStatement' && node.argument) answers.push(node.argument);
  });
  return answers;
}

/** Returns the initial values of constants and the functions of a file, by name. */
function namesOf(program: Node): Map<string, Node[]> {
  const named = new Map<string, Node[]>();
  const add = (name: string | undefined, node: Node | null) => {
    if (name !== undefined && node) named.set(name, [...(named.get(name) ?? []), node]);
  };
  eachNode(program, (node) => {
    if (node.type === 'VariableDeclarator') add(nameOf(node.id), node.init);
    if (node.type === 'FunctionDeclaration') add(node.id?.name, node);
  });
  return named;
}

/** Returns the position of the parameter `name` in the functions of a name. */
function placesOf(name: string, called: string, nodes: readonly Node[]): [string, number][] {
  return nodes.flatMap((node) => {
    if (node.type !== 'FunctionDeclaration' && node.type !== 'ArrowFunctionExpression') return [];
    const at = node.params.findIndex((one) => nameOf(one.type === 'AssignmentPattern' ? one.left : one) === name);
    return at < 0 ? [] : [[called, at] as [string, number]];
  });
}
