import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../ledger/schema.ts';
import { openStore } from '../ledger/store.ts';
import { centreFiles, centreMark } from './centre-files.ts';
import { writeBackup } from './format/backup-file.ts';
import { restore } from './restore.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sabha-centre-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('archives are in no backup; a restore where they lie keeps those that its ledger knows, and what it does not know of stays aside', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const [data, settings, registry] = [join(root, 'data'), join(root, 'sabha.json'), join(root, 'data', 'broker', 'registry.json')];
  const flows = join(data, 'flows');
  for (const folder of [join(flows, 'archives'), join(data, 'broker')]) mkdirSync(folder, { recursive: true });
  for (const month of ['2026-05', '2026-06', '2026-07']) writeFileSync(join(flows, 'archives', `${month}.archive`), 'a nation');
  writeFileSync(join(flows, 'centre.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(settings, '{}');
  writeFileSync(registry, 'told');
  const store = openStore(openDatabase({ file: join(flows, 'ledger.db') }));
  // Of the second the backup knows the beginning, of the third nothing.
  for (const [month, bytes] of [
    ['2026-05', 8],
    ['2026-06', 3],
  ] as const)
    store.seal({ month, at: 0, bytes, sha256: '00', spools: [] });
  store.close();
  const files = await centreFiles({ flows, registry, settings, registryKey: privateKey });
  expect(files.filter(({ path }) => path.includes('archives'))).toEqual([]);
  const content = readFileSync(join(flows, 'ledger.db'));
  const packed = [{ path: 'flows/ledger.db', bytes: content.length, content }, ...files];
  const file = join(root, 'a.backup');
  await writeBackup(file, { files: packed, about: { at: 5, centre: centreMark(privateKey), commits: 0 }, passphrase: undefined });
  const { aside } = await restore({ file, data, settings, passphrase: undefined, check: false, now: () => 9 });
  expect(readdirSync(join(flows, 'archives')).toSorted()).toEqual(['2026-05.archive', '2026-06.archive']);
  expect(readdirSync(join(aside[0] ?? '', 'archives')).toSorted()).toEqual(['2026-06.archive', '2026-07.archive']);
});
