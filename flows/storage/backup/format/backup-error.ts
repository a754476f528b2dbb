/** How a backup fails. */

/** Its message is one line for a person: what is wrong, and where. */
export class BackupError extends Error {
  override name = 'BackupError';
}

/** The ledger that a backup is made of, or holds, cannot be read: its message says how that shows. A thread passes on the name only. */
export class DamageError extends BackupError {
  override name = 'DamageError';
}
