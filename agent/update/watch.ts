/** The updates of a running agent: where they are offered, by whom they are proven, and when nobody is disturbed by one. */
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { realClock } from '#contracts';
import type { Agent } from '../agent.ts';
import type { AgentSettings } from '../config.ts';
import type { Log } from '../log.ts';
import { createPlatform } from '../platform/index.ts';
import { isInMeeting } from './meeting.ts';
import { createOffers } from './offers.ts';
import { openSlots } from './slots.ts';
import { startUpdater } from './updater.ts';

export type Watched = {
  settings: Pick<AgentSettings, 'dataDir' | 'speed' | 'epochMs'>;
  /** Public half of the key of the releases. */
  key: KeyObject;
  /** Where updates are offered to a PC that no centre has enrolled. */
  at: string;
  /** The centre of an enrolled PC, and the only roots by which it is believed. */
  centre: { at: string; roots: string[] } | undefined;
  agent: Pick<Agent, 'isHeard' | 'record'>;
  version: string;
  /** Ends this process with this reason; its supervisor starts the next version. */
  restart(reason: string): void;
  log: Log;
};

export function watchUpdates({ settings, key, at, centre, agent, version, restart, log }: Watched): { stop(): void } {
  const platform = createPlatform();
  return startUpdater({
    ...{ version, key, restart, log },
    slots: openSlots(join(settings.dataDir, 'update')),
    offers: createOffers(centre?.at ?? at, centre?.roots),
    clock: realClock(settings.speed, settings.epochMs),
    random: Math.random,
    isBusy: () => isInMeeting(platform),
    isHeard: agent.isHeard,
    record: agent.record,
  });
}
