/** How a backup fails. */

/** Its message is one line for a person: what is wrong, and where. */
export class BackupError extends Error {
  override name = 'BackupError';
}
