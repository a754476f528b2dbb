/** Keeps the last good configuration of this PC in a file, signed as it came, so that a cut-off room still knows what is expected of it. */
import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  type Config,
  configuration,
  decode,
  encode,
  type Opened,
  openSigned,
  type PcPath,
  type Profile,
  replaceFile,
  type Signed,
} from '@sabha/contracts';
import type { Log } from './log.ts';

/** The last configuration of this PC, as it came. */
export type ConfigStore = ReturnType<typeof createConfigStore>;

/** The store in a file of this name. Never throws. */
export function createConfigStore(file: string) {
  return {
    /** What was last saved; a reason where it cannot be read. Nothing of it is proven yet. */
    load: (): { config: Signed | undefined; problem: string | null } => {
      if (!existsSync(file)) return { config: undefined, problem: null };
      try {
        const read = decode('config', readFileSync(file));
        return read.ok ? { config: read.value, problem: null } : { config: undefined, problem: `${file}: ${read.detail}` };
      } catch (error) {
        return { config: undefined, problem: `${file}: ${(error as Error).message}` };
      }
    },
    /** Guarantee: after a kill or a power cut the file holds the old one or this one, whole. Answers the reason where it could not be written. */
    save: (config: Signed): string | null => {
      try {
        replaceFile(file, encode('config', config));
        return null;
      } catch (error) {
        return `${file}: ${(error as Error).message}`;
      }
    },
  };
}

/**
 * Opens a configuration. `key` is the public half of the centre's; null where this PC has none.
 * Guarantee: only what the centre signed for this very PC is used, whoever carried it and wherever it lay.
 */
function openConfig(config: Signed, { key, pc }: { key: KeyObject | null; pc: PcPath }): Opened<Config> {
  if (key === null) return { ok: false, reason: 'this PC has no key of the centre' };
  const opened = openSigned(configuration, config, key);
  return opened.ok && opened.value.pc !== pc ? { ok: false, reason: 'addressed to another PC' } : opened;
}

/** The last good one of the store, proven anew: the disk may have been written by others, or come from another PC. */
export function keptConfig(store: ConfigStore, { log, ...by }: { key: KeyObject | null; pc: PcPath; log: Log }): Config | undefined {
  const { config, problem } = store.load();
  const opened = config && openConfig(config, by);
  if (opened?.ok) return opened.value;
  if (opened !== undefined || problem !== null) log.warn({}, `the kept configuration is not used: ${opened?.reason ?? problem}`);
  return undefined;
}

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
