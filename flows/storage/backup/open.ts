/** Backups of the centre of this process, put together. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { loadText, realClock, type Settings } from '@sabha/contracts';
import type { Base } from '../../settings.ts';
import { headLine } from '../audit/chain.ts';
import { type BackupOptions, type Backups, createBackups } from './backup.ts';
import { type CentrePlaces, centreFiles, centreMark } from './centre-files.ts';
import { provingBy } from './proof.ts';

/** What a backup holds beside the data folder, and whose it is. */
type Beside = Omit<CentrePlaces, 'flows'> & { centreKey: KeyObject };

/** Where the archives of a data folder lie. */
export function archivesIn(flows: string): string {
  return join(flows, 'archives');
}

/** They go by the time of the machine, whatever the speed of the clock. */
export function openBackups(
  { settings, dataDir, ledger, log }: Base,
  { centreKey, ...beside }: Beside,
  say: BackupOptions['say'],
): Backups {
  const places = { flows: dataDir, ...beside };
  return createBackups({
    ledger,
    ledgerFile: join(places.flows, 'ledger.db'),
    prove: provingBy(createPublicKey(centreKey)),
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
    second: settings.backup?.folder,
    passphrase: passphraseOf(settings),
    say,
    clock: realClock(),
    now: Date.now,
    log,
  });
}

/** The passphrase of backups and archives; throws where its file cannot be read. */
export function passphraseOf({ backup }: Pick<Settings, 'backup'>): () => string | undefined {
  const file = backup?.passphraseFile;
  return () => (file === undefined ? undefined : loadText(file).trim());
}
