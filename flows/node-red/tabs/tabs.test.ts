import { expect, test } from 'vitest';
import { tabsDir } from '../tabs.test-helper.ts';
import { lintFlows } from '../tabs.ts';
import { type FlowNode, readTabs } from '../tabs-storage.ts';

const read = readTabs(tabsDir);
if (!read.ok) throw new Error(read.line);
const tabs = read.nodes;

test('R23 no path of the shipped tabs forks or ends before conclude, and the lint finds no other problem', () => {
  expect(lintFlows(tabs)).toEqual([]);
});

test('the release has eight tabs, and each tab explains its decision in a comment node', () => {
  const labels = tabs.filter((node) => node.type === 'tab').map((node) => node.label);
  expect(labels.map((label) => label?.slice(0, 2))).toEqual(['10', '20', '30', '35', '40', '50', '60', '90']);
  for (const tab of tabs.filter((node) => node.type === 'tab')) {
    expect(tabs.some((node) => node.type === 'comment' && node.z === tab.id && String(node['info']).length > 50)).toBe(true);
  }
});

test('the shipped tabs contain no JSON or expression to edit', () => {
  const kinds = tabs.flatMap((node) => {
    const rules = Array.isArray(node['rules']) ? node['rules'] : [];
    const typed = [node, ...rules].flatMap((one) => Object.entries(one).filter(([key]) => /^(t|vt|pt|tot|fromt|.*Type)$/.test(key)));
    return typed.map(([, kind]) => ({ id: node.id, kind }));
  });
  expect(kinds.length).toBeGreaterThan(50);
  expect(kinds.filter(({ kind }) => /json/i.test(String(kind)))).toEqual([]);
});

test.each<[string, (nodes: FlowNode[]) => FlowNode[], string]>([
  ['an id twice', (all) => [...all, one('who-minor')], 'who-minor (minor: the technician): its id appears twice'],
  ['a function node', add({ type: 'function' }), 'new (function): nodes of type "function" are not used on the tabs'],
  ['a node without a place', add({ x: undefined }), 'new (change): it has no place (x, y)'],
  ['a node on no tab', add({ z: 'gone' }), 'new (change): it is on no tab'],
  [
    'a fork',
    change('deliver-own-order', { wires: [['deliver-console', 'deliver-to-escalate']] }),
    'deliver-own-order (sabha-deliver): output 1 forks to deliver-console and deliver-to-escalate',
  ],
  [
    'a circle without a way out',
    change('thin-longer', { wires: [['thin-longer']] }),
    'thin-longer (at least a minute): no path from it ends in conclude',
  ],
  [
    'a node switched off on a path',
    change('who-minor', { d: true }),
    'who-severity (how urgent?): output 3 leads to who-minor, which is switched off',
  ],
  ['a tab without a catch', (all) => all.filter((node) => node.id !== 'who-catch'), 'tab "40 Who": it has no catch for all of its nodes'],
  ['no head', (all) => all.filter((node) => node.id !== 'faults-head'), 'the tabs have 0 heads (sabha-incident); they need one'],
  [
    'a switch without "otherwise"',
    change('outages-where', { rules: [{ t: 'true' }, { t: 'false' }] }),
    `outages-where (of the server?): its last rule is not "otherwise", so a message that matches none is lost`,
  ],
  ['a who without anybody', change('who-minor', { to: [] }), 'who-minor (minor: the technician): nobody is chosen'],
  [
    'a number of causes out of its range',
    change('outages-numbers', { siteShare: '20' }),
    'outages-numbers (when many are one cause): "siteShare" is a number of percent of the PCs of a site from 50 to 100',
  ],
  [
    'a password',
    add({ credentials: { password: 'hunter2' } }),
    'new (change): "password" looks like a secret, which does not belong on a tab',
  ],
])('the lint of the tabs finds this problem: %s', (_, spoil, line) => {
  expect(lintFlows(spoil(structuredClone(tabs)))).toContain(line);
});

test('the lint accepts a secret that refers to an environment variable', () => {
  expect(lintFlows(add({ d: true, password: `\${MAIL_PASSWORD}` })(tabs))).toEqual([]);
});

test('the lint accepts a disabled node that is on no path', () => {
  expect(lintFlows(add({ d: true, wires: [] })(tabs))).toEqual([]);
});

test('the lint reports the removal of every single wire and link', () => {
  const cuts = tabs.flatMap((node) => {
    if (node.type === 'link out') return [tabs.map((other) => ({ ...other, links: without(other, node.id) }))];
    return (node.wires ?? []).map((_, port) => change(node.id, { wires: (node.wires ?? []).with(port, []) })(tabs));
  });
  expect(cuts.length).toBeGreaterThan(60);
  for (const nodes of cuts) expect(lintFlows(nodes).length).toBeGreaterThan(0);
});

function one(id: string): FlowNode {
  const found = tabs.find((node) => node.id === id);
  if (found === undefined) throw new Error(`no node ${id}`);
  return found;
}

function change(id: string, fields: object): (nodes: FlowNode[]) => FlowNode[] {
  one(id);
  return (nodes) => nodes.map((node) => (node.id === id ? { ...node, ...fields } : node));
}

function add(fields: object): (nodes: FlowNode[]) => FlowNode[] {
  return (nodes) => [...nodes, { id: 'new', type: 'change', z: 'tab-who', x: 100, y: 700, wires: [], ...fields }];
}

function without(node: FlowNode, id: string): unknown {
  if (node.id === id) return [];
  return Array.isArray(node['links']) ? node['links'].filter((from) => from !== id) : undefined;
}

test('the explanation of each tab and comment node includes Hindi', () => {
  const told = tabs.filter(({ type }) => type === 'tab' || type === 'comment');
  expect(told.filter((node) => !/[ऀ-ॿ]/.test(String(node['info']))).map(({ id }) => id)).toEqual([]);
  expect(told.length).toBeGreaterThan(20);
});
