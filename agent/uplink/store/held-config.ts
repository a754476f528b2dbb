/** The configuration by which this PC goes: the last good one of the centre, and until there is one what the agent was started with. */
import type { KeyObject } from 'node:crypto';
import type { Config, PcPath, Profile, Signed } from '#contracts';
import { type ConfigStore, keptConfig, openConfig } from './config-store.ts';
import type { Log } from './log.ts';

/** What is gone by now, and how another comes. */
export type HeldConfig = ReturnType<typeof holdConfig>;

/** Where it is kept, by what it is proven, and who hears of it. */
export type HeldConfigOptions = {
  store: ConfigStore;
  /** Public half of the centre's key; null = none is taken. */
  key: KeyObject | null;
  pc: PcPath;
  /** Gone by until the centre has sent one. */
  profile: Profile;
  log: Log;
  onTaken(config: Config): void;
  /** It was not the centre's for this PC, or it was an older one. */
  onRefused(reason: string): void;
};

/** Begins with the last good one of the store. */
export function holdConfig({ store, key, pc, profile, log, onTaken, onRefused }: HeldConfigOptions) {
  let held = keptConfig(store, { key, pc, log });
  const version = () => held?.version ?? 0;
  return {
    profile: (): Profile => held?.profile ?? profile,
    /** How people call site and room; undefined where the centre has not said it. */
    place: (): Config['place'] => held?.place,
    /** 0 where the centre has sent none. */
    version,
    /** True where it is taken: the centre signed it for this very PC, and it is newer than the one that is held. */
    take(signed: Signed): boolean {
      const opened = openConfig(signed, { key, pc });
      if (!opened.ok || opened.value.version < version()) {
        onRefused(opened.ok ? 'older than the one that is held' : opened.reason);
        return false;
      }
      if (opened.value.version === version()) return false;
      const problem = store.save(signed);
      if (problem !== null) log.warn({}, `the configuration is used but not kept: ${problem}`);
      held = opened.value;
      log.info({ version: held.version }, 'configuration taken');
      onTaken(held);
      return true;
    },
  };
}
