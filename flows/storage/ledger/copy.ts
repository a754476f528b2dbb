/** A copy of the ledger while it is written: nobody else can open the file, so the connection that holds it makes it. */
import { open } from 'node:fs/promises';
import { backup, type DatabaseSync } from 'node:sqlite';

/** A commit waits for one such step at most: a quarter of a MiB. */
const pagesAtOnce = 64;
/** So much is brought to the disk at a time, or the last step would wait for all of it, and every commit for that step. */
const pagesBetweenSyncs = 4_096;
const tries = 100;

/**
 * Copies the ledger into a file, between its commits. Rejects with what SQLite or the system says.
 * Guarantee: the copy is the ledger as it was at one commit that was on disk when the copy was ready; no commit waits for more than a step.
 * A test passes its own `copy`, to see each try.
 */
export async function copyOf(db: DatabaseSync, file: string, copy: typeof backup = backup): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  let syncing = false;
  let syncedAt = 0;
  const sync = (pages: number) => {
    if (syncing || pages - syncedAt < pagesBetweenSyncs) return;
    syncing = true;
    syncedAt = pages;
    // Its failure is that of the copy, which says so at its end.
    handle.datasync().then(
      () => (syncing = false),
      () => undefined,
    );
  };
  try {
    await begun(() => copy(db, file, { rate: pagesAtOnce, progress: (at) => sync(at.totalPages - at.remainingPages) }));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A first step that falls into a transaction is given up by `backup`, without an error of its own. */
async function begun(copy: () => Promise<unknown>): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      await copy();
      return;
    } catch (error) {
      const isBusy = error instanceof Error && 'errcode' in error && [0, 5, 6].includes(Number(error.errcode));
      if (!isBusy || left === 0) throw error;
    }
  }
}
