import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type DyingDisk, installDyingDisk } from '../../../test/dying-disk.ts';
import type { Op } from '../../engine/records/ops.ts';
import { openDatabase } from '../ledger/schema.ts';
import { openStore } from '../ledger/store.ts';
import { serverIdentity } from './backup.ts';
import type { PackedFile } from './format/backup-file.ts';
import { copyInto, readBackup, writeBackup } from './format/backup-file.ts';
import { proofOf } from './proof.ts';
import { restore } from './restore.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const act = (what: string): Op => ({ op: 'audit', at: 5, who: 'asha', what, about: '' });
/** Month of an archive that the ledger of the backup knows. */
const month = '2026-05';

let disk: DyingDisk;
beforeAll(() => {
  disk = installDyingDisk();
});
afterAll(() => disk.remove());

let root = '';
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sabha-killed-'));
  const flows = join(root, 'now/data/flows');
  for (const folder of ['now/data/flows/archives', 'now/data/broker']) mkdirSync(join(root, folder), { recursive: true });
  const store = openStore(openDatabase({ file: join(flows, 'ledger.db') }));
  store.commit([[act('sites imported')]]);
  store.seal({ month, at: 0, bytes: 1, sha256: '00', spools: [] });
  const copy = join(root, 'copy.db');
  await store.copyTo(copy);
  store.commit([[act('accounts add')]]);
  store.close();
  writeFileSync(join(flows, 'centre.key'), key);
  writeFileSync(join(flows, 'archives', `${month}.archive`), 'x');
  writeFileSync(join(root, 'now/data/broker/registry.json'), 'told since');
  writeFileSync(join(root, 'now/sabha.json'), '{"people":[],"editor":true}');
  const packed = (path: string, text: string): PackedFile => ({ path, bytes: text.length, content: Buffer.from(text) });
  await writeBackup(join(root, 'a.backup'), {
    files: [
      { path: 'flows/ledger.db', bytes: readFileSync(copy).length, content: { file: copy } },
      ...[packed('flows/centre.key', key), packed('broker/registry.json', 'told'), packed('sabha.json', '{"people":[]}')],
    ],
    about: { at: 1, centre: serverIdentity(privateKey), commits: 1 },
    passphrase: undefined,
  });
});
afterEach(() => {
  disk.left = Number.POSITIVE_INFINITY;
  rmSync(root, { recursive: true });
});

const restored = (at: string, now: number) =>
  restore({
    file: join(root, 'a.backup'),
    data: join(at, 'data'),
    settings: join(at, 'sabha.json'),
    passphrase: undefined,
    check: false,
    now: () => now,
  });
const rowsIn = (flows: string) => proofOf(join(flows, 'ledger.db')).audit.chain?.rows;

/** Returns the number of audit rows after a kill: 2 = the old server, 1 = the backup, undefined = no server can start. */
function leftAt(at: string): number | undefined {
  const flows = join(at, 'data/flows');
  if (existsSync(flows)) return rowsIn(flows);
  // This folder stops the start from creating a new ledger.
  expect(existsSync(`${flows}.restoring`)).toBe(true);
  return undefined;
}

test.each(['over a centre that stands there', 'onto an empty machine'])(
  'a restore %s, killed at any write to the disk, leaves the old server, the complete new one or none, and a repeated restore completes',
  { tags: ['long'] },
  async (how) => {
    const isEmpty = how.endsWith('machine');
    const found: (number | undefined)[] = [];
    for (let isKilled = true; isKilled; ) {
      const at = join(root, `kill-${found.length}`);
      if (isEmpty) mkdirSync(at);
      else cpSync(join(root, 'now'), at, { recursive: true });
      disk.left = found.length;
      await restored(at, 1_000).catch(() => undefined);
      isKilled = disk.left <= 0;
      disk.left = Number.POSITIVE_INFINITY;
      const rows = isEmpty && !existsSync(join(at, 'data/flows')) ? 0 : leftAt(at);
      found.push(rows);
      if (rows !== 1) await restored(at, 5_000_000);
      const names = readdirSync(join(at, 'data'));
      expect(rowsIn(join(at, 'data/flows'))).toBe(1);
      expect(readFileSync(join(at, 'data/flows/centre.key'), 'utf8')).toBe(key);
      expect(readFileSync(join(at, 'sabha.json'), 'utf8')).toBe('{"people":[]}');
      expect(readFileSync(join(at, 'data/broker/registry.json'), 'utf8')).toBe(isEmpty ? 'told' : 'told since');
      const before = names.filter((name) => name.startsWith('flows.before-')).map((name) => join(at, 'data', name));
      expect(before.map(rowsIn)).toEqual(isEmpty ? [] : [2]);
      const archives = [join(at, 'data/flows'), ...before].filter((folder) => existsSync(join(folder, 'archives', `${month}.archive`)));
      expect(archives).toHaveLength(isEmpty ? 0 : 1);
      rmSync(at, { recursive: true });
    }
    expect(found.length).toBeGreaterThan(15);
    expect(new Set(found)).toEqual(new Set(isEmpty ? [0, 1] : [2, undefined, 1]));
  },
);

test.each([
  ['a backup', (to: string) => writeBackup(to, { files: [], about: { at: 1, centre: 'ab', commits: 1 }, passphrase: undefined })],
  ['a copy of it in a second folder', (to: string) => copyInto(join(root, 'a.backup'), root, basename(to))],
])('%s that is killed at any write to the disk is complete or absent', async (_what, write) => {
  const found: boolean[] = [];
  for (let isKilled = true; isKilled; ) {
    const file = join(root, `${found.length}.backup`);
    disk.left = found.length;
    await write(file).catch(() => undefined);
    isKilled = disk.left <= 0;
    disk.left = Number.POSITIVE_INFINITY;
    found.push(existsSync(file));
    if (existsSync(file)) await readBackup(file, { passphrase: undefined });
  }
  expect([found[0], found.at(-1)]).toEqual([false, true]);
});
