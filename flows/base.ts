/** What the parts of `flows` are put together from. */
import type { Clock, Settings } from '@sabha/contracts';
import type { Ledger } from './engine/records/ops.ts';
import type { ChannelSettings } from './notify/people/channels/channels.ts';

/** The settings with their channels. */
export type CentreSettings = Settings & { channels: ChannelSettings };

/** Takes one line of the log. */
export type Log = Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;

/** What everything else stands on. `dataDir`: the folder of the data of `flows`. */
export type Base = { settings: CentreSettings; dataDir: string; clock: Clock; ledger: Ledger; log: Log };
