/** Backups of the centre of this process, put together. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { loadText, realClock, type Settings } from '@sabha/contracts';
import type { Ledger } from '../../engine/records/ops.ts';
import { headLine } from '../audit/heads.ts';
import { type BackupOptions, type Backups, createBackups } from './backup.ts';
import { type CentrePlaces, centreFiles, centreMark } from './centre-files.ts';
import { createProver } from './prover.ts';

/** Where the centre lies, whose it is, and what `sabha.json` says of its backups. */
export type CentreBackups = Pick<BackupOptions, 'say' | 'log'> & {
  ledger: Ledger;
  places: CentrePlaces;
  centreKey: KeyObject;
  settings: Settings['backup'];
};

/** Where the archives of a data folder lie. */
export function archivesIn(flows: string): string {
  return join(flows, 'archives');
}

/** They go by the time of the machine, whatever the speed of the clock. */
export function openBackups({ ledger, places, centreKey, settings = {}, say, log }: CentreBackups): Backups {
  const { folder: second, passphraseFile } = settings;
  return createBackups({
    ledger,
    ledgerFile: join(places.flows, 'ledger.db'),
    prover: createProver(createPublicKey(centreKey)),
    async sign(head) {
      const { ledger: name } = await ledger.progress();
      const at = Date.now();
      await ledger.commit([{ op: 'audit', ...headLine({ ...head, ledger: name, at }, centreKey) }]);
      return { ...head, at };
    },
    files: () => centreFiles(places),
    centre: centreMark(centreKey),
    folder: join(places.flows, 'backups'),
    archives: archivesIn(places.flows),
    second,
    passphrase: () => (passphraseFile === undefined ? undefined : loadText(passphraseFile).trim()),
    say,
    clock: realClock(),
    now: Date.now,
    log,
  });
}
