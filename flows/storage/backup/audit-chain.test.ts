/** Tests the audit chain during backups: the head is signed, and changed rows are reported. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ledger, Op } from '../../engine/records/ops.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { headLine } from '../audit/chain.ts';
import { openLedger } from '../ledger/ledger.ts';
import { createBackups } from './backup.ts';
import { proofOf } from './proof.ts';
import { restore } from './restore.ts';
import { watchLedger } from './watch.ts';

const { privateKey: centreKey } = generateKeyPairSync('ed25519');
const key = createPublicKey(centreKey);
const start = Date.UTC(2026, 5, 1, 0, 30);
const hourMs = 3_600_000;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

let root = '';
let ledger: Ledger;
let time = start;
const said: string[] = [];
const heads: number[] = [];
const file = () => join(root, 'data', 'flows', 'ledger.db');
const centreFile = { path: 'flows/centre.key', content: Buffer.from(centreKey.export({ type: 'pkcs8', format: 'pem' })) };

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sabha-chain-'));
  for (const folder of ['flows', 'broker']) mkdirSync(join(root, 'data', folder), { recursive: true });
  time = start;
  for (const list of [said, heads]) list.length = 0;
  ledger = await openLedger({ file: file() });
  await ledger.commit([act('sites imported')]);
});
afterEach(async () => {
  await ledger.close();
  rmSync(root, { recursive: true });
});

function act(what: string): Op {
  return { op: 'audit', at: start, who: 'asha', what, about: 'sites.csv' };
}

/** Stops the server, runs this SQL on the file of the ledger as an attacker would, and starts the server again. */
async function edited(sql: string): Promise<void> {
  await ledger.close();
  const db = new DatabaseSync(file());
  db.exec(sql);
  db.close();
  ledger = await openLedger({ file: file() });
}

function backups() {
  return createBackups({
    ledger,
    ledgerFile: file(),
    clock: testClock(),
    now: () => time,
    second: undefined,
    passphrase: () => undefined,
    log: quiet,
    setFault: (fault, reason) => void said.push(`${fault}: ${reason}`),
    verifyCopy: async (copy, archives) => proofOf(copy, { key, archives }),
    files: async () => [{ ...centreFile, bytes: centreFile.content.length }],
    centre: 'ab',
    archives: join(root, 'data', 'flows', 'archives'),
    folder: join(root, 'data', 'flows', 'backups'),
    async sign(head) {
      heads.push(head.row);
      const { ledger: name } = await ledger.progress();
      await ledger.commit([{ op: 'audit', ...headLine({ ...head, ledger: name, at: time }, centreKey) }]);
      return { ...head, at: time };
    },
  });
}

test('S19 the head of the audit log is signed once a day and backed up; a changed row stops the signing and raises a fault', async () => {
  const one = backups();
  await one.make();
  await one.make();
  expect([heads, one.signed()]).toEqual([[1], { row: 1, hash: await ledger.hashAt(1), at: start }]);
  time += 24 * hourMs;
  const { file: made } = await one.make();
  expect(await one.audit(false)).toMatchObject({ chain: { rows: 2, signed: { row: 1 }, wrong: [] } });
  expect([heads, said.at(-2)]).toEqual([[1, 2], 'centre.audit_changed: null']);
  await edited("UPDATE audit SET who = 'ravi' WHERE id = 1");
  time += 48 * hourMs;
  const { file: bad } = await backups().make();
  expect(heads).toEqual([1, 2]);
  const line = 'row 1 (2026-06-01 00:30 UTC) is not the first one of this ledger: it was changed, moved or inserted';
  expect(said.at(-2)).toBe(`centre.audit_changed: ${line}`);
  const at = { settings: join(root, 'sabha.json'), passphrase: undefined, check: true, now: () => time };
  const check = (from: string, to: string) => restore({ ...at, file: from, data: join(root, to) });
  expect((await check(made, 'a')).audit.chain).toMatchObject({ rows: 2, signed: { row: 1 }, wrong: [] });
  expect((await check(bad, 'b')).audit.chain?.wrong).toEqual([line]);
});

test.each([
  ['DELETE FROM audit WHERE id = 2', 'its row 2 is gone'],
  ["UPDATE audit SET hash = zeroblob(32), about = 'x' WHERE id = 2", 'its row 2 differs from the row that was here'],
])(
  'S19 an audit log whose end was changed while the server was stopped is reported at the next start: %s',
  { tags: ['long'] },
  async (sql, how) => {
    await ledger.commit([act('accounts add')]);
    const lines: (string | null)[] = [];
    const look = async () => {
      const registry = join(root, 'data', 'broker', 'registry.json');
      writeFileSync(registry, 'told');
      const at = { ledgerFile: file(), flows: join(root, 'data', 'flows'), registry, clock: testClock(), now: () => time, log: quiet };
      const watch = await watchLedger({ ledger, ...at, gone: () => undefined });
      const record = async (ops: readonly Op[]) => (await ledger.commit([...ops])) !== undefined;
      await watch.start(record, (fault, line) => fault === 'centre.ledger_older' && void lines.push(line));
      await watch.close();
    };
    await look();
    await look();
    await edited(sql);
    await look();
    expect(lines).toEqual([null, null, `the audit was changed while the server did not run: ${how}`]);
  },
);
