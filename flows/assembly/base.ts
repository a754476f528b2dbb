/** What the parts of `flows` are put together from. */
import type { Clock } from '#contracts';
import type { Ledger } from '../records/ops.ts';
import type { CentreSettings } from '../settings.ts';

/** Takes one line of the log. */
export type Log = Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;

/** What everything else stands on. `dataDir`: the folder of the data of `flows`. */
export type Base = { settings: CentreSettings; dataDir: string; clock: Clock; ledger: Ledger; log: Log };
