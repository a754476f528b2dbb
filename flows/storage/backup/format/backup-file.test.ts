import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ofTier } from '../../../../test/figures.ts';
import { randomFrom } from '../../../../test/random.ts';
import { readAbout, readBackup, writeBackup } from './backup-file.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sabha-backup-'));
  file = join(folder, 'a.backup');
});
afterEach(() => rmSync(folder, { recursive: true }));

const about = { at: 5, centre: 'c0ffee', commits: 7 };
const large = Buffer.from(Array.from({ length: 100_000 }, (_, at) => `${Math.sin(at)}`).join(' '));
const content = {
  'flows/ledger.db': large,
  'flows/ca/ca.key': Buffer.from('key'),
  'sabha.json': Buffer.from('{}'),
  'flows/empty': Buffer.alloc(0),
};
const files = Object.entries(content).map(([path, bytes]) => ({ path, bytes: bytes.length, content: bytes }));

async function written(passphrase?: string): Promise<Buffer> {
  await writeBackup(file, { files, about, passphrase });
  return readFileSync(file);
}

test.each([undefined, 'correct horse'])(
  'readBackup unpacks the same files as were packed, readable by their owner only; passphrase: %s',
  async (passphrase) => {
    await written(passphrase);
    expect(await readAbout(file)).toMatchObject({ ...about, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) });
    const out = join(folder, 'out');
    await readBackup(file, { folder: out, passphrase });
    for (const [path, bytes] of Object.entries(content)) expect(readFileSync(join(out, path)).equals(bytes), path).toBe(true);
    expect([statSync(file).mode & 0o777, statSync(join(out, 'sabha.json')).mode & 0o777]).toEqual([0o600, 0o600]);
    expect(readdirSync(folder).toSorted()).toEqual(['a.backup', 'out']);
  },
);

test('an encrypted backup shows no plain text, differs each time, and needs its passphrase', {
  tags: ['long'],
}, async () => {
  const first = await written('correct horse');
  expect(first.includes('flows/ca')).toBe(false);
  expect((await written('correct horse')).equals(first)).toBe(false);
  await expect(readBackup(file, { passphrase: 'wrong' })).rejects.toThrow('the passphrase is wrong, or it is damaged or cut');
  await expect(readBackup(file, { passphrase: undefined })).rejects.toThrow('it is encrypted: --passphrase-file names the file');
});

test.each(ofTier([undefined], [undefined, 'correct horse']))(
  'readBackup refuses a backup file that is truncated, damaged or too long; passphrase: %s',
  async (passphrase) => {
    const whole = await written(passphrase);
    const random = randomFrom(7);
    const damages = Array.from({ length: passphrase === undefined ? ofTier(6, 20) : 4 }, () => {
      const at = random.below(whole.length);
      const turned = Buffer.from(whole);
      turned[at] = (turned[at] ?? 0) ^ (1 << random.below(8));
      return { [`bit of byte ${at}`]: turned, [`cut at ${at}`]: whole.subarray(0, at) };
    });
    const all = Object.assign({ 'a byte behind': Buffer.concat([whole, Buffer.alloc(1)]) }, ...damages) as Record<string, Buffer>;
    for (const [how, bytes] of Object.entries(all)) {
      writeFileSync(file, bytes);
      const outcome = await readBackup(file, { passphrase }).then(
        () => 'taken',
        (error: Error) => `${error.name}: ${error.message}`,
      );
      expect(outcome, how).toMatch(/^BackupError: [^\n]+$/);
    }
  },
);

test('a backup with an empty passphrase is refused', async () => {
  await expect(written('')).rejects.toThrow('the passphrase is empty: it would protect nothing');
});

test('readBackup refuses a backup in a newer format or of another ledger version, and a file that is no backup', async () => {
  const whole = await written();
  const text = whole.toString('latin1');
  const as = async (changed: string) => {
    writeFileSync(file, Buffer.from(changed, 'latin1'));
    return readBackup(file, { passphrase: undefined }).catch((error: Error) => error.message);
  };
  expect(await as(text.replace('"format":2', '"format":3'))).toBe('its head is damaged, or another release of Sabha made it');
  expect(await as(text.replace(/"ledger":\d+/, '"ledger":99'))).toMatch('its ledger has version 99, this release reads version 1 only');
  expect(await as('PK zip')).toBe('it is no backup of Sabha');
  expect(await as('')).toBe('it is no backup of Sabha');
});

test('readBackup does not unpack a file whose path leads out of the folder', async () => {
  await writeBackup(file, { files: [{ path: '../evil', bytes: 1, content: Buffer.from('x') }], about, passphrase: undefined });
  await expect(readBackup(file, { folder: join(folder, 'out'), passphrase: undefined })).rejects.toThrow('it is damaged or cut');
  expect(readdirSync(folder)).toEqual(['a.backup']);
});

test('a file that changes during the backup makes the backup fail and leaves nothing', async () => {
  const shorter = [{ path: 'sabha.json', bytes: 9, content: Buffer.from('{}') }];
  await expect(writeBackup(file, { files: shorter, about, passphrase: undefined })).rejects.toThrow('sabha.json changed while it was read');
  expect(readdirSync(folder)).toEqual([]);
});
