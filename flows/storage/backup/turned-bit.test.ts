import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ofTier, reportFigure } from '../../../test/figures.ts';
import { randomFrom } from '../../../test/random.ts';
import type { Op } from '../../engine/records/ops.ts';
import { openDatabase } from '../ledger/schema.ts';
import { openStore } from '../ledger/store.ts';
import { proofOf } from './proof.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-bit-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pc = 'la/leh/pc-1';
const event = (seq: number): Op => {
  const body = { component: 'camera', roundTripMs: seq, lost: 3 };
  return { op: 'event', pc, event: { spool: 'a', seq, boot: 'b', at: seq, grade: 'event', kind: 'round', body }, at: 1 };
};
const incident = (id: number) => ({ op: 'meta', key: `link/la/site-${id}`, value: `{"note":"a line of site ${id}"}` }) as Op;

/** Returns the content of all tables; for events without the time of receipt, which their hash does not cover. */
function contentsOf(file: string): Record<string, string> {
  const db = new DatabaseSync(file, { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const found = tables.map(({ name }) => [
    String(name),
    db
      .prepare(`SELECT ${name === 'events' ? 'spool, seq, mark, boot, at, grade, kind, body' : '*'} FROM "${name}"`)
      .all()
      .map((row) => Object.values(row).join()),
  ]);
  db.close();
  return Object.fromEntries(found.map(([name, rows]) => [name, JSON.stringify(rows)]));
}

test('F4 one flipped bit anywhere in the file of a ledger is refused, reported or without effect', {
  tags: ['long'],
  timeout: 900_000,
}, () => {
  const file = join(folder, 'ledger.db');
  const store = openStore(openDatabase({ file }));
  const acts = Array.from({ length: 100 }, (_, n): Op => ({ op: 'audit', at: n, who: 'asha', what: 'note', about: `incident ${n}` }));
  const events = Array.from({ length: 300 }, (_, n) => event(n + 1));
  const rows = Array.from({ length: 100 }, (_, n) => incident(n));
  store.commit([[{ op: 'birth', pc, spool: 'a', first: 1, last: 300, carries: null, at: 1 }, ...events, ...acts, ...rows]]);
  store.checkpoint();
  store.close();
  const [good, whole, proof] = [readFileSync(file), contentsOf(file), JSON.stringify(proofOf(file))];
  const random = randomFrom(5);
  const turned = join(folder, 'turned.db');
  const counts = { refused: 0, named: 0, harmless: 0 };
  const all = ofTier(30, 200, 1_000);
  for (let n = 0; n < all; n += 1) {
    const bytes = Buffer.from(good);
    const place = random.below(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8));
    writeFileSync(turned, bytes);
    const found = judged(turned, proof);
    if (found === 'unseen') expect(changedIn(whole, contentsOf(turned)), `byte ${place}`).toEqual([]);
    counts[found === 'unseen' ? 'harmless' : found] += 1;
  }
  const { refused, named, harmless } = counts;
  reportFigure('F4', `${all} bits turned in a ledger: ${refused} refused, ${named} named, ${harmless} change nothing`);
});

function judged(file: string, proof: string): 'refused' | 'named' | 'unseen' {
  const copy = `${file}.opened`;
  writeFileSync(copy, readFileSync(file));
  try {
    const store = openStore(openDatabase({ file: copy }));
    store.load();
    store.close();
  } catch {
    return 'refused';
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true });
  }
  try {
    return JSON.stringify(proofOf(file)) === proof ? 'unseen' : 'named';
  } catch {
    return 'named';
  }
}

function changedIn(whole: Record<string, string>, found: Record<string, string>): string[] {
  return Object.keys(whole).filter((table) => whole[table] !== found[table]);
}
