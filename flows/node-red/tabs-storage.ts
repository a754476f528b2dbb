/** The tabs on disk: one sorted JSON file per tab, so that a changed rule is one changed line in a diff. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A node, tab, group or configuration node, as Node-RED writes it. */
export type FlowNode = { id: string; type: string; z?: string; name?: string; label?: string; wires?: string[][]; [key: string]: unknown };

export type TabsRead = { ok: true; nodes: FlowNode[] } | { ok: false; line: string };

/** Reads all nodes of all tabs. An error line names the file and the place. */
export function readTabs(dir: string): TabsRead {
  return tabsIn(textsOf(dir));
}

/** Parses the tabs from texts, by file name. */
export function tabsIn(texts: Iterable<[file: string, text: string]>): TabsRead {
  const nodes: FlowNode[] = [];
  const standsIn = new Map<string, string>();
  for (const [file, text] of texts) {
    const read = parseTab(text);
    if (!read.ok) return { ok: false, line: `${file}: ${read.line}` };
    for (const node of read.nodes) {
      const other = standsIn.get(node.id);
      if (other !== undefined) return { ok: false, line: `${file}: the id "${node.id}" is also in ${other}` };
      standsIn.set(node.id, file);
      nodes.push(node);
    }
  }
  const split = tabFiles(nodes);
  return split.ok ? { ok: true, nodes } : split;
}

/** Replaces the tabs in `all` that have the same id as a tab in `nodes`, and keeps all others. */
export function withTabs(all: readonly FlowNode[], nodes: readonly FlowNode[]): FlowNode[] {
  const homes = new Set(nodes.filter(isHome).map(({ id }) => id));
  return [...all.filter(({ id, z }) => !homes.has(z ?? id)), ...nodes];
}

/** Splits nodes into files: one per tab and subflow, named after its label, and `_global.json` for nodes on no tab. */
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

/** Writes these nodes as files and removes the files of deleted tabs. Returns one line if two tabs would share a file. */
export function writeTabs(dir: string, nodes: readonly FlowNode[]): string | undefined {
  const split = tabFiles(nodes);
  if (!split.ok) return split.line;
  // All new texts are complete on disk before the first rename, so that a full disk changes nothing.
  const present = jsonFiles(dir);
  const changed = [...split.files].filter(([file, text]) => !present.includes(file) || readFileSync(join(dir, file), 'utf8') !== text);
  for (const [file, text] of changed) writeFileSync(join(dir, `${file}.new`), text, { flush: true });
  for (const [file] of changed) renameSync(join(dir, `${file}.new`), join(dir, file));
  for (const file of present) if (!split.files.has(file)) rmSync(join(dir, file));
  return undefined;
}

export function textsOf(dir: string): Map<string, string> {
  return new Map(jsonFiles(dir).map((file) => [file, readFileSync(join(dir, file), 'utf8')]));
}

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

/** Serialises the tab itself, then its nodes by id, with one property a line in a fixed order. */
function textOf(nodes: FlowNode[]): string {
  const sorted = nodes.toSorted((a, b) => Number(isHome(b)) - Number(isHome(a)) || (a.id < b.id ? -1 : 1));
  return `[\n${sorted.map(nodeText).join(',\n')}\n]\n`;
}

function nodeText(node: FlowNode): string {
  const keys = Object.keys(node).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return `  {\n${keys.map((key) => `    ${JSON.stringify(key)}: ${valueText(node[key])}`).join(',\n')}\n  }`;
}

/** Returns a list of rules with one rule a line, and any other value on one line. */
function valueText(value: unknown): string {
  if (!Array.isArray(value) || !value.some((one) => typeof one === 'object' && !Array.isArray(one))) return JSON.stringify(value);
  return `[\n${value.map((one) => `      ${JSON.stringify(one)}`).join(',\n')}\n    ]`;
}

function rank(key: string): number {
  if (first.includes(key)) return first.indexOf(key) - first.length;
  return last.indexOf(key) + 1;
}

/** Returns the display name of a node: its name, else its channel, else its type. */
export function nodeName({ name, type, channel }: FlowNode): string {
  if (name) return name;
  return typeof channel === 'string' ? channel : type.replace('sabha-', '');
}

/** Properties of the layout, which do not change behaviour. Their changes are only counted. */
const places = new Set(['x', 'y', 'w', 'h', 'g', 'nodes', 'style', 'l']);

/** Returns twelve hex digits that identify a set of tabs. The order of nodes and properties does not matter. */
export function hashOf(nodes: readonly FlowNode[]): string {
  const split = tabFiles(nodes);
  const text = split.ok ? [...split.files].toSorted().flat().join('\0') : JSON.stringify(nodes);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Returns one line for each new (`+`), removed (`-`) or changed (`~`) node, sorted by tab, and one line with the number of moved nodes. */
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
