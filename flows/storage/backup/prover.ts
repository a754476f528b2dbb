/** Proves copies of the ledger, each in a thread of its own. */
import type { KeyObject } from 'node:crypto';
import { runOnce } from '../archive/run-once.ts';
import { BackupError, DamageError } from './format/backup-error.ts';
import type { ArchivesAt, Proof } from './proof.ts';

/** `prove` rejects with a `BackupError` where the copy cannot be opened; `stop` ends a proof that is under way, and each later one. */
export type Prover = { prove(file: string, archives: ArchivesAt): Promise<Proof>; stop(): void };

/** Nothing runs before the first proof is asked for. `key`: the public one of the centre. */
export function createProver(key: KeyObject): Prover {
  const stopped = new AbortController();
  return {
    async prove(file, archives) {
      const worker = new URL('./proof-worker.ts', import.meta.url);
      const said = await runOnce<Proof | { failed: string; isDamage: boolean }>(worker, { file, key, archives }, stopped.signal);
      if (said === undefined) throw new BackupError('the proof was stopped');
      if ('audit' in said) return said;
      throw said.isDamage ? new DamageError(said.failed) : new BackupError(said.failed);
    },
    stop: () => stopped.abort(),
  };
}
