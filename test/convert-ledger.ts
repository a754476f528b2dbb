/**
 * Converts a ledger of version 18, which was never released, and its archives to version 1:
 * `node test/convert-ledger.ts LEDGER [PASSPHRASE-FILE]`. Stop the server first, and keep a copy of both. The spool of an agent needs no
 * conversion. Backups of that version are not converted: the old release reads them.
 */
import { createDecipheriv, createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import { messageOf } from '@sabha/contracts';
import { archiveFile, writeSegment } from '../flows/storage/archive/retention.ts';
import { keyFor } from '../flows/storage/backup/format/backup-file.ts';
import { numberFrom, sumUp } from '../flows/storage/ledger/schema.ts';

type Segment = { month: string; at: number; bytes: number; sha256: string };

/**
 * Rejects where the file holds no ledger of version 18, where another process has it open, and where an archive cannot be read. Then all
 * files are as before.
 */
export async function convertLedger(file: string, passphrase?: string): Promise<void> {
  const [archives, converted] = ['archives', 'archives.converted'].map((name) => join(dirname(file), name)) as [string, string];
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE');
    const version = numberFrom(db, 'PRAGMA user_version');
    // An earlier run was killed after the commit, before it moved the archives.
    if (version === 1 && existsSync(converted)) return putInPlace(archives, converted);
    if (version !== 18) throw new Error(`${file}: the ledger has version ${version}, and only version 18 can be converted`);
    await convertArchives(db, { archives, converted }, passphrase);
    // Rows of early versions lack these keys.
    db.exec(`
      UPDATE pcs SET row = json_set(row, '$.calledAt', json('null')) WHERE row -> '$.calledAt' IS NULL;
      UPDATE registry SET row = json_set(row, '$.certificates', json('[]')) WHERE row -> '$.certificates' IS NULL;
      ALTER TABLE archive_spools DROP COLUMN b;
      ALTER TABLE archive_spools DROP COLUMN sha256;
    `);
    sumUp(db);
    db.exec('PRAGMA user_version = 1; COMMIT');
    if (existsSync(converted)) putInPlace(archives, converted);
    // An early file cannot give free pages back to the disk until it is written anew.
    if (numberFrom(db, 'PRAGMA auto_vacuum') === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  } finally {
    db.close();
  }
}

function putInPlace(archives: string, converted: string): void {
  if (existsSync(archives)) renameSync(archives, `${archives}.version-18`);
  renameSync(converted, archives);
}

/** Writes each segment in the present format to a new folder, and updates the rows with its position there. */
async function convertArchives(
  db: DatabaseSync,
  at: { archives: string; converted: string },
  passphrase: string | undefined,
): Promise<void> {
  const segments = db.prepare('SELECT * FROM archive_segments ORDER BY month, at').all() as Segment[];
  if (segments.length === 0) return;
  rmSync(at.converted, { recursive: true, force: true });
  mkdirSync(at.converted, { mode: 0o700 });
  db.exec('DELETE FROM archive_segments; UPDATE archives SET bytes = 0');
  const row = db.prepare('INSERT INTO archive_segments VALUES (?, ?, ?, ?)');
  const grow = db.prepare('UPDATE archives SET bytes = bytes + ? WHERE month = ?');
  const end = db.prepare('SELECT bytes FROM archives WHERE month = ?');
  try {
    for (const segment of segments) {
      const { month } = segment;
      const text = await readOldSegment(archiveFile(at.archives, month), segment, passphrase);
      const place = { folder: at.converted, month, at: Number(end.get(month)?.['bytes']), passphrase };
      const written = await writeSegment(
        place,
        (async function* () {
          yield text;
        })(),
      );
      row.run(month, place.at, written.bytes, written.sha256);
      grow.run(written.bytes, month);
    }
  } catch (error) {
    rmSync(at.converted, { recursive: true });
    throw error;
  }
}

/** The lines of a segment of version 18: a head, then frames with a proof each, whose content is compressed. */
async function readOldSegment(file: string, { at, bytes, sha256 }: Segment, passphrase: string | undefined): Promise<string> {
  const all = readFileSync(file).subarray(at, at + bytes);
  if (createHash('sha256').update(all).digest('hex') !== sha256) throw new Error(`${file}: the segment at byte ${at} is damaged or cut`);
  const headEnd = all.indexOf('\n') + 1;
  const bound = all.subarray(0, headEnd);
  const { seal } = JSON.parse(bound.toString().slice('sabha-archive '.length));
  if (seal.cipher !== 'none' && passphrase === undefined)
    throw new Error(`${file} is encrypted: name the file with its passphrase behind the ledger`);
  const key = await keyFor(seal, passphrase);
  const plain: Buffer[] = [];
  for (let from = headEnd; from < all.length; ) {
    const content = all.subarray(from + 5, from + 5 + all.readUInt32BE(from));
    const proof = all.subarray(from + 5 + content.length).subarray(0, 16);
    const frame = { content, proof, number: plain.length, isLast: all[from + 4] === 1 };
    plain.push(key === undefined ? content : opened(frame, key, bound));
    from += 5 + content.length + 16;
  }
  return zstdDecompressSync(Buffer.concat(plain)).toString();
}

type Frame = { content: Buffer; proof: Buffer; number: number; isLast: boolean };

function opened({ content, proof, number, isLast }: Frame, key: Buffer, bound: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(bound).setAuthTag(proof);
  try {
    return Buffer.concat([decipher.update(content), decipher.final()]);
  } catch {
    throw new Error('the passphrase of the archives is wrong');
  }
}

if (import.meta.main) {
  const [file = '', passphraseFile] = process.argv.slice(2);
  try {
    if (!existsSync(file))
      throw new Error(`${file || 'usage: node test/convert-ledger.ts LEDGER [PASSPHRASE-FILE]'}${file && ': there is no such file'}`);
    await convertLedger(file, passphraseFile && readFileSync(passphraseFile, 'utf8').trim());
    console.log(`${file}: converted to version 1`);
  } catch (error) {
    const line = messageOf(error);
    console.error(line.startsWith(file) ? line : `${file}: ${line}`);
    process.exitCode = 1;
  }
}
