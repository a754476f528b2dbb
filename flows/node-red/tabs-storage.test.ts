import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FlowNode, readTabs, tabFiles, writeTabs } from './tabs-storage.ts';

const real = fileURLToPath(new URL('./tabs', import.meta.url));
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sabha-storage-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const tab = (id: string, label: string): FlowNode => ({ id, type: 'tab', label });
const node = (id: string, z: string, rest = {}): FlowNode => ({ wires: [['b']], y: 2, x: 1, name: '', z, type: 'change', id, ...rest });

test('the tabs in the repository have the format that the editor writes', () => {
  const read = readTabs(real);
  if (!read.ok) throw new Error(read.line);
  const split = tabFiles(read.nodes);
  if (!split.ok) throw new Error(split.line);
  expect([...split.files.keys()]).toEqual(readdirSync(real).filter((file) => file.endsWith('.json')));
  for (const [file, text] of split.files) expect(readFileSync(join(real, file), 'utf8')).toBe(text);
});

test('each tab has one file, with nodes sorted by id and properties in a fixed order', () => {
  const rules = [{ t: 'eq', v: '1' }, { t: 'else' }];
  expect(writeTabs(dir, [node('b', 't', { rules }), node('a', 't'), tab('t', '10 Faults & more')])).toBeUndefined();
  expect(readdirSync(dir)).toEqual(['10-faults-more.json']);
  expect(readFileSync(join(dir, '10-faults-more.json'), 'utf8')).toBe(`[
  {
    "id": "t",
    "type": "tab",
    "label": "10 Faults & more"
  },
  {
    "id": "a",
    "type": "change",
    "z": "t",
    "name": "",
    "x": 1,
    "y": 2,
    "wires": [["b"]]
  },
  {
    "id": "b",
    "type": "change",
    "z": "t",
    "name": "",
    "rules": [
      {"t":"eq","v":"1"},
      {"t":"else"}
    ],
    "x": 1,
    "y": 2,
    "wires": [["b"]]
  }
]
`);
});

test('a removed tab loses its file, an unchanged tab is not written, and other files remain', () => {
  writeTabs(dir, [tab('t', 'one'), tab('u', 'two'), node('a', 't')]);
  writeFileSync(join(dir, 'notes.txt'), 'ours');
  const before = statSync(join(dir, 'one.json')).ino;
  writeTabs(dir, [node('a', 't'), tab('t', 'one'), { id: 'c', type: 'global-config' }]);
  expect(readdirSync(dir)).toEqual(['_global.json', 'notes.txt', 'one.json']);
  expect(statSync(join(dir, 'one.json')).ino).toBe(before);
});

test.each([
  ['broken JSON', '[\n  {"id": "a",}\n]', /^bad\.json: not JSON: .*line 2 column 14/],
  ['no byte at all', '', /^bad\.json: the file is empty$/],
  ['something else than a list', '{}', /^bad\.json: expected a list of nodes$/],
  ['a node without a type', '[{"id":"a","type":"tab"},{"id":"b"}]', /^bad\.json: entry 2 has no id or no type$/],
  ['an id of another tab', '[{"id":"t","type":"tab"}]', /^bad\.json: the id "t" is also in a\.json$/],
  [
    'a tab of the same name',
    '[{"id":"u","type":"tab","label":"a"}]',
    /^the tabs "a" and "a" would share the file a\.json; rename one of them$/,
  ],
])('a tab file is refused with one line that names the file and the place: %s', (_, text, line) => {
  writeFileSync(join(dir, 'a.json'), '[{"id":"t","type":"tab","label":"a"}]');
  writeFileSync(join(dir, 'bad.json'), text);
  const read = readTabs(dir);
  expect(!read.ok && read.line).toMatch(line);
});
