/**
 * Converts a ledger of version 18, which was never released, to version 1: `node test/convert-ledger.ts LEDGER`.
 * Stop the server first, and keep a copy of the file. The spool of an agent needs no conversion. Archives and backups of that version are not
 * converted: the old release reads them.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@sabha/contracts';
import { numberFrom } from '../flows/storage/ledger/schema.ts';
import { sumUp } from '../flows/storage/ledger/sums.ts';

/** Throws where the file holds no ledger of version 18, or where another process has it open. Then the file is as before. */
export function convertLedger(file: string): void {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE');
    const version = numberFrom(db, 'PRAGMA user_version');
    if (version !== 18) throw new Error(`${file}: the ledger has version ${version}, and only version 18 can be converted`);
    if (numberFrom(db, 'SELECT count(*) FROM archives') > 0) throw new Error(`${file}: it has archives, which cannot be converted`);
    // Rows of early versions lack these keys.
    db.exec(`
      UPDATE pcs SET row = json_set(row, '$.calledAt', json('null')) WHERE row -> '$.calledAt' IS NULL;
      UPDATE registry SET row = json_set(row, '$.certificates', json('[]')) WHERE row -> '$.certificates' IS NULL;
      ALTER TABLE archive_spools DROP COLUMN b;
      ALTER TABLE archive_spools DROP COLUMN sha256;
    `);
    sumUp(db);
    db.exec('PRAGMA user_version = 1; COMMIT');
    // An early file cannot give free pages back to the disk until it is written anew.
    if (numberFrom(db, 'PRAGMA auto_vacuum') === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  } finally {
    db.close();
  }
}

if (import.meta.main) {
  const [file = ''] = process.argv.slice(2);
  try {
    if (!existsSync(file)) throw new Error(`${file || 'usage: node test/convert-ledger.ts LEDGER'}${file && ': there is no such file'}`);
    convertLedger(file);
    console.log(`${file}: converted to version 1`);
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
