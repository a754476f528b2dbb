/** The updates of a running agent: where they come from, by whom they are proven, and when nobody is disturbed by one. */
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '#contracts';
import type { Budget } from '../../link/net/data-budget.ts';
import { isInMeeting } from '../../platform/in-meeting.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Log } from '../../uplink/store/log.ts';
import { openSlots } from './slots.ts';
import { createUpdateSource } from './source.ts';
import { startUpdater, type UpdaterOptions } from './updater.ts';

/** The running agent, and what decides about its updates. */
export type Watched = {
  dataDir: string;
  /** Public half of the key of the releases. */
  key: KeyObject;
  /** Where updates come from for a PC that no centre has enrolled. */
  at: string;
  /** The door of the centre that enrolled this PC, and the only roots by which it is believed now. */
  door: { at: string; roots(): string[] } | undefined;
  agent: Pick<UpdaterOptions, 'isHeard' | 'record' | 'now'>;
  platform: Pick<Platform, 'sound' | 'cameras' | 'isHeldInRoom'>;
  clock: Clock;
  version: string;
  budget: Pick<Budget, 'used'>;
  /** Ends this process with this reason; its supervisor starts the next version. */
  restart(reason: string): void;
  log: Log;
};

/** Begins to look for updates; the result ends it. */
export function watchUpdates({ dataDir, key, at, door, agent, platform, clock, version, budget, restart, log }: Watched): {
  stop(): void;
} {
  return startUpdater({
    version,
    key,
    clock,
    restart,
    log,
    slots: openSlots(join(dataDir, 'update')),
    source: createUpdateSource(door?.at ?? at, { roots: door?.roots, used: (bytes) => budget.used('telemetry', bytes) }),
    random: Math.random,
    isBusy: () => isInMeeting(platform),
    isHeard: agent.isHeard,
    now: agent.now,
    record: agent.record,
  });
}
