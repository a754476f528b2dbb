/** The tabs on disk: one sorted JSON file per tab, so that a change of a rule is a change of a line. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A node, tab, group or configuration node, as Node-RED writes it. */
export type FlowNode = { id: string; type: string; z?: string; name?: string; label?: string; wires?: string[][]; [key: string]: unknown };

/** The tabs as they were read, or one line that says what is wrong. */
export type TabsRead = { ok: true; nodes: FlowNode[] } | { ok: false; line: string };

/** All nodes of all tabs, or one line that names the file and the place of what is wrong. */
export function readTabs(dir: string): TabsRead {
  return tabsIn(textsOf(dir));
}

/** The same of texts by the names of their files. */
export function tabsIn(texts: Iterable<[file: string, text: string]>): TabsRead {
  const nodes: FlowNode[] = [];
  const standsIn = new Map<string, string>();
  for (const [file, text] of texts) {
    const read = parseTab(text);
    if (!read.ok) return { ok: false, line: `${file}: ${read.line}` };
    for (const node of read.nodes) {
      const other = standsIn.get(node.id);
      if (other !== undefined) return { ok: false, line: `${file}: the id "${node.id}" stands also in ${other}` };
      standsIn.set(node.id, file);
      nodes.push(node);
    }
  }
  const split = tabFiles(nodes);
  return split.ok ? { ok: true, nodes } : split;
}

/** The tabs of `nodes` in the place of those of the same id; all others stay. */
export function withTabs(all: readonly FlowNode[], nodes: readonly FlowNode[]): FlowNode[] {
  const homes = new Set(nodes.filter(isHome).map(({ id }) => id));
  return [...all.filter(({ id, z }) => !homes.has(z ?? id)), ...nodes];
}

/** The files that hold these nodes, by name: one per tab and subflow, named after its label, and `_global.json` for what stands on none. */
export function tabFiles(nodes: readonly FlowNode[]): { ok: true; files: Map<string, string> } | { ok: false; line: string } {
  const homes = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const node of nodes.filter(isHome)) {
    const title = String(node.label ?? node.name ?? '');
    const file = `${node.type === 'subflow' ? 'subflow-' : ''}${slug(title)}.json`;
    const other = owners.get(file);
    if (other !== undefined)
      return { ok: false, line: `the tabs "${other}" and "${title}" would share the file ${file}; rename one of them` };
    owners.set(file, title);
    homes.set(node.id, file);
  }
  const home = (node: FlowNode) => homes.get(isHome(node) ? node.id : (node.z ?? '')) ?? '_global.json';
  const files = Map.groupBy(nodes, home);
  return { ok: true, files: new Map([...files].map(([file, group]) => [file, textOf(group)])) };
}

/**
 * Writes these nodes as files, all or none of them, and removes the files of tabs that are gone.
 * Returns one line where it refuses.
 */
export function writeTabs(dir: string, nodes: readonly FlowNode[]): string | undefined {
  const split = tabFiles(nodes);
  if (!split.ok) return split.line;
  // Every new text stands whole on the disk before the first old one is replaced.
  const present = jsonFiles(dir);
  const changed = [...split.files].filter(([file, text]) => !present.includes(file) || readFileSync(join(dir, file), 'utf8') !== text);
  for (const [file, text] of changed) writeFileSync(join(dir, `${file}.new`), text, { flush: true });
  for (const [file] of changed) renameSync(join(dir, `${file}.new`), join(dir, file));
  for (const file of present) if (!split.files.has(file)) rmSync(join(dir, file));
  return undefined;
}

/** The text of each file of tabs, by its name. */
export function textsOf(dir: string): Map<string, string> {
  return new Map(jsonFiles(dir).map((file) => [file, readFileSync(join(dir, file), 'utf8')]));
}

/** The nodes of one file, or one line that says what is wrong with it. */
export function parseTab(text: string): TabsRead {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') return { ok: false, line: 'the file is empty' };
    return { ok: false, line: `not JSON: ${error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error)}` };
  }
  if (!Array.isArray(parsed)) return { ok: false, line: 'expected a list of nodes' };
  const bad = parsed.findIndex((node) => typeof node?.id !== 'string' || typeof node?.type !== 'string');
  return bad < 0 ? { ok: true, nodes: parsed } : { ok: false, line: `entry ${bad + 1} has no id or no type` };
}

function jsonFiles(dir: string): string[] {
  const files = readdirSync(dir).filter((file) => file.endsWith('.json'));
  return files.sort();
}

function isHome(node: FlowNode): boolean {
  return node.type === 'tab' || node.type === 'subflow';
}

function slug(title: string): string {
  return (title.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? ['unnamed']).join('-');
}

const first = ['id', 'type', 'z', 'g', 'label', 'name'];
const last = ['x', 'y', 'w', 'h', 'wires'];

/** The tab itself, then its nodes by id; one property a line, in a fixed order: the change of a rule is the change of a line. */
function textOf(nodes: FlowNode[]): string {
  const sorted = nodes.toSorted((a, b) => Number(isHome(b)) - Number(isHome(a)) || (a.id < b.id ? -1 : 1));
  return `[\n${sorted.map(nodeText).join(',\n')}\n]\n`;
}

function nodeText(node: FlowNode): string {
  const keys = Object.keys(node).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return `  {\n${keys.map((key) => `    ${JSON.stringify(key)}: ${valueText(node[key])}`).join(',\n')}\n  }`;
}

/** A list of rules stands one rule a line; everything else on one line. */
function valueText(value: unknown): string {
  if (!Array.isArray(value) || !value.some((one) => typeof one === 'object' && !Array.isArray(one))) return JSON.stringify(value);
  return `[\n${value.map((one) => `      ${JSON.stringify(one)}`).join(',\n')}\n    ]`;
}

function rank(key: string): number {
  if (first.includes(key)) return first.indexOf(key) - first.length;
  return last.indexOf(key) + 1;
}

/** What a node is called: its name, else its channel, else what it does. */
export function nodeName({ name, type, channel }: FlowNode): string {
  if (name) return name;
  return typeof channel === 'string' ? channel : type.replace('sabha-', '');
}

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
  const shownAt = (node: FlowNode, key: string) => (node[key] === undefined ? 'nothing' : JSON.stringify(node[key]));
  const titles = byId([...before, ...after].filter(({ type }) => type === 'tab'));
  const shown = (sign: string, { id, type, z, name, label }: FlowNode, what = '') => {
    const tab = titles.get(z ?? '')?.label;
    const called = type === 'tab' ? `tab "${label ?? ''}"` : `"${name || id}" (${type})`;
    const line = `${sign} ${tab === undefined ? '' : `${tab}: `}${called}${what === '' ? '' : `: ${what}`}`;
    return { place: titles.get(z ?? id)?.label ?? '-', line };
  };
  const gone = before.filter(({ id }) => !fresh.has(id)).map((node) => shown('-', node));
  const added = after.filter(({ id }) => !old.has(id)).map((node) => shown('+', node));
  const both = after.flatMap((node) => {
    const was = old.get(node.id) ?? node;
    const keys = new Set([...Object.keys(was), ...Object.keys(node)]);
    const other = [...keys].filter((key) => JSON.stringify(was[key]) !== JSON.stringify(node[key])).toSorted();
    return other.length === 0 ? [] : [{ was, node, rules: other.filter((key) => !places.has(key)) }];
  });
  const moved = both.filter(({ rules }) => rules.length === 0).length;
  const said = both.flatMap(({ was, node, rules }) => {
    const what = rules.map((key) => `${key} ${shownAt(was, key)} → ${shownAt(node, key)}`).join('; ');
    return rules.length === 0 ? [] : [shown('~', node, what)];
  });
  const lines = [...gone, ...added, ...said].toSorted((a, b) => (a.place < b.place ? -1 : Number(a.place > b.place)));
  return [...lines.map(({ line }) => line), ...(moved === 0 ? [] : [`  ${moved} node${moved === 1 ? '' : 's'} moved`])];
}

function byId(nodes: readonly FlowNode[]): Map<string, FlowNode> {
  return new Map(nodes.map((node) => [node.id, node]));
}
