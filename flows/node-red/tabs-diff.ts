/** What differs between two sets of tabs, as an operator reads it. */
import { createHash } from 'node:crypto';
import { type FlowNode, tabFiles } from './tabs-storage.ts';

/** Where a node lies is no rule: it is only counted. */
const places = new Set(['x', 'y', 'w', 'h', 'g', 'nodes', 'style', 'l']);

/** Twelve characters by which two sets are told apart; the order of nodes and properties does not count. */
export function hashOf(nodes: readonly FlowNode[]): string {
  const split = tabFiles(nodes);
  const text = split.ok ? [...split.files].toSorted().flat().join('\0') : JSON.stringify(nodes);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** One line for each node that is new (`+`), gone (`-`) or another (`~`), tab by tab; one more for those that only lie elsewhere. */
export function differences(before: readonly FlowNode[], after: readonly FlowNode[]): string[] {
  const old = byId(before);
  const fresh = byId(after);
  const titles = byId([...before, ...after].filter(({ type }) => type === 'tab'));
  const shown = (sign: string, node: FlowNode, what = '') => ({
    place: `${titles.get(node.z ?? node.id)?.label ?? '-'}`,
    line: `${sign} ${where(node, titles)}${nameOf(node)}${what === '' ? '' : `: ${what}`}`,
  });
  const gone = before.filter(({ id }) => !fresh.has(id)).map((node) => shown('-', node));
  const added = after.filter(({ id }) => !old.has(id)).map((node) => shown('+', node));
  const both = after.flatMap((node) => {
    const was = old.get(node.id);
    return was === undefined ? [] : [{ was, node, keys: keysThatDiffer(was, node) }];
  });
  const changed = both.filter(({ keys }) => keys.some((key) => !places.has(key)));
  const moved = both.filter(({ keys }) => keys.length > 0 && keys.every((key) => places.has(key))).length;
  const said = changed.map(({ was, node, keys }) => {
    const rules = keys.filter((key) => !places.has(key));
    return shown('~', node, rules.map((key) => `${key} ${valueText(was[key])} → ${valueText(node[key])}`).join('; '));
  });
  const lines = [...gone, ...added, ...said].toSorted((a, b) => (a.place < b.place ? -1 : Number(a.place > b.place)));
  return [...lines.map(({ line }) => line), ...(moved === 0 ? [] : [`  ${moved} node${moved === 1 ? '' : 's'} moved`])];
}

function byId(nodes: readonly FlowNode[]): Map<string, FlowNode> {
  return new Map(nodes.map((node) => [node.id, node]));
}

function keysThatDiffer(was: FlowNode, node: FlowNode): string[] {
  const keys = new Set([...Object.keys(was), ...Object.keys(node)]);
  return [...keys].filter((key) => JSON.stringify(was[key]) !== JSON.stringify(node[key])).toSorted();
}

function where(node: FlowNode, titles: ReadonlyMap<string, FlowNode>): string {
  const tab = node.z === undefined ? undefined : titles.get(node.z)?.label;
  return tab === undefined ? '' : `${tab}: `;
}

function nameOf({ type, name, label, id }: FlowNode): string {
  const called = type === 'tab' ? `tab "${label ?? ''}"` : `"${name || id}"`;
  return type === 'tab' ? called : `${called} (${type})`;
}

function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
