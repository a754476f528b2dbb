import { expect, test } from 'vitest';
import type { PcRecord } from '../records/incidents.ts';
import type { TreeNode } from '../records/sites.ts';
import { lackOf } from './shape.ts';

const node: TreeNode = { path: 'la', name: { en: 'Ladakh', hi: 'लद्दाख' }, layer: {}, site: null };
const check = { component: 'camera', device: '', status: 'ok', fault: null, reason: null, since: 1 } as const;
const record: PcRecord = {
  pc: 'la/leh/pc-1',
  link: 'geo',
  presence: 'online',
  boot: null,
  session: 1,
  rev: 1,
  digest: null,
  heardAt: null,
  lostAt: null,
  lostSession: 0,
  unheard: false,
  spool: null,
  config: 0,
  inventory: null,
  agent: null,
  calledAt: null,
  checks: [check, check],
  ended: { 'camera.missing|': 2 },
};

test.each([
  ['nodes', node, ['path', 'name', 'name.en', 'name.hi', 'layer', 'site']],
  ['pcs', record, ['pc', 'presence', 'ended', 'checks', 'checks.status', 'checks.since']],
] as const)('each bit that turns within the name of a key of %s is found, and named by what the row lacks', (table, row, names) => {
  const text = JSON.stringify(row);
  expect(lackOf(table, JSON.parse(text))).toBeUndefined();
  for (const name of names) {
    const key = `"${name.split('.').at(-1)}":`;
    const at = text.indexOf(key);
    for (let bit = 0; bit < 7 * (key.length - 3); bit += 1) {
      const turned = turn(text, at + 1 + Math.floor(bit / 7), bit % 7);
      if (turned !== undefined) expect(lackOf(table, turned), `${name}, bit ${bit}`).toBe(name);
    }
  }
});

test('what came later and may be absent is not missed, nor is anything in a table of which nothing is known', () => {
  const { calledAt: _, ...older } = record;
  expect(lackOf('pcs', older)).toBeUndefined();
  expect(lackOf('commands', {})).toBeUndefined();
  expect(lackOf('nodes', null)).toBe('path');
});

/** The row with one bit of its text turned; undefined where it is no text of a row any more: that is told as such. */
function turn(text: string, at: number, bit: number): unknown {
  const code = text.charCodeAt(at) ^ (1 << bit);
  try {
    return JSON.parse(text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1));
  } catch {
    return undefined;
  }
}
