/** The ledger and its backups, and how a fault of the centre's own is told. */
import { join } from 'node:path';
import { type Cancel, type Clock, realClock } from '@sabha/contracts';
import type { CentreEvent } from './engine/records/incidents.ts';
import type { Base, CentreSettings, Log } from './settings.ts';
import { createEventsReader, type EventsReader } from './storage/archive/events.ts';
import { type RetentionOptions, startRetention } from './storage/archive/retention.ts';
import { archivesIn, passphraseOf } from './storage/backup/backup.ts';
import { type DiskOptions, watchDisk } from './storage/backup/disk-watch.ts';
import { isSynchronised, type LedgerWatch, watchLedger } from './storage/backup/watch.ts';
import { openLedger } from './storage/ledger/ledger.ts';

/** Where the ledger lies, and what is beside it. */
type KeptAt = { settings: CentreSettings; dataDir: string; clock: Clock; registry: string; log: Log };
/** Says of a fault of the centre's own that it stands by a reason, or no more. */
export type Say = (fault: string, reason: string | null) => void;

/**
 * The ledger, looked at before anything is written to it; `gone` hears that its file is. What is beside it goes by the time of the machine, as
 * certificates do.
 */
export async function openWatched({ settings, dataDir, clock, registry, log }: KeptAt, gone: (line: string) => void): Promise<LedgerWatch> {
  const ledgerFile = join(dataDir, 'ledger.db');
  const ledger = await openLedger({ file: ledgerFile, limitMiB: settings.ledgerLimitMiB });
  // What a clock that runs faster than the day has written says nothing of that of the machine.
  const isOwnTime = clock.speed === undefined || clock.speed === 1;
  const at = { flows: dataDir, ledgerFile, registry, clock: realClock(), now: Date.now };
  return watchLedger({ ledger, ...at, isSynchronised, ignoresTime: !isOwnTime, gone, log });
}

/**
 * Begins to take out of the ledger what is old, and to look how full the disk is, until the result ends both. Archives are sealed by the
 * passphrase of backups.
 */
export function startHousekeeping({ settings, dataDir, clock, ledger, log }: Base, { now, settledAt, full }: Times, say: Say): Cancel {
  const ledgerFile = join(dataDir, 'ledger.db');
  const endRetention = startRetention({
    ledger,
    settings: settings.retention,
    ledgerFile,
    folder: archivesIn(dataDir),
    passphrase: passphraseOf(settings),
    clock,
    now,
    settledAt,
    log,
  });
  const endDisk = watchDisk({ folder: dataDir, ledgerFile, limitMiB: settings.ledgerLimitMiB, clock: realClock(), say, full, log });
  return () => {
    endRetention();
    endDisk();
  };
}

/** Whoever asks reads what PCs said, also after it has left the ledger. */
export function eventsOf({ settings, dataDir, ledger }: Base, has: (path: string) => boolean): EventsReader {
  const keptMonths = settings.retention.archiveMonths;
  return createEventsReader({
    ledger,
    folder: archivesIn(dataDir),
    keptMonths,
    passphrase: passphraseOf(settings),
    has,
  });
}

type Times = Pick<RetentionOptions, 'now' | 'settledAt'> & Pick<DiskOptions, 'full'>;

/** Says it by the word of a centre. */
export function sayOf(say: (word: Extract<CentreEvent, { type: 'centre' }>) => void): Say {
  return (fault, reason) => say({ type: 'centre', fault, device: '', standing: reason !== null, ...(reason !== null && { reason }) });
}
