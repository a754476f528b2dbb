/** Proves copies of the ledger one by one, in a thread beside all else. */
import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { BackupError, DamageError } from './format/backup-error.ts';
import type { ArchivesAt, Proof } from './proof.ts';

/** `prove` rejects with a `BackupError` where the copy cannot be opened; `stop` ends a proof that is under way. */
export type Prover = { prove(file: string, archives: ArchivesAt): Promise<Proof>; stop(): void };

/** Nothing runs before the first proof is asked for. `key`: the public one of the centre. */
export function createProver(key: KeyObject): Prover {
  const running = new Set<Worker>();
  return {
    prove(file, archives) {
      const { promise, resolve, reject } = Promise.withResolvers<Proof>();
      const worker = new Worker(new URL('./proof-worker.ts', import.meta.url), { workerData: { file, key, archives } });
      running.add(worker);
      worker.once('message', (said: Proof | { failed: string; isDamage: boolean }) => {
        if ('audit' in said) resolve(said);
        else reject(said.isDamage ? new DamageError(said.failed) : new BackupError(said.failed));
      });
      worker.once('error', reject);
      worker.once('exit', () => {
        running.delete(worker);
        reject(new BackupError('the proof was stopped'));
      });
      return promise;
    },
    stop() {
      for (const worker of running) void worker.terminate();
    },
  };
}
