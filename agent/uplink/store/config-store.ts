/**
 * Stores the last valid configuration of this PC in a file, with its signature. Without a connection, the PC then still knows its profile.
 */
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

export type ConfigStore = ReturnType<typeof createConfigStore>;

/** Creates the store for a file. Never throws. */
export function createConfigStore(file: string) {
  return {
    /** Returns the saved configuration before verification, or the reason why the file is unreadable. */
    load: (): { config: Signed | undefined; problem: string | null } => {
      if (!existsSync(file)) return { config: undefined, problem: null };
      try {
        const read = decode('config', readFileSync(file));
        return read.ok ? { config: read.value, problem: null } : { config: undefined, problem: `${file}: ${read.detail}` };
      } catch (error) {
        return { config: undefined, problem: `${file}: ${(error as Error).message}` };
      }
    },
    /**
     * Returns the reason if the write failed. Guarantee: after a kill or a power cut the file holds a complete configuration, old or new.
     */
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
 * Verifies a configuration. `key`: public key of the server; null if this PC has none.
 * Guarantee: accepts only what the server signed for this PC, regardless of how it arrived.
 */
function openConfig(config: Signed, { key, pc }: { key: KeyObject | null; pc: PcPath }): Opened<Config> {
  if (key === null) return { ok: false, reason: 'this PC has no public key of the server' };
  const opened = openSigned(configuration, config, key);
  return opened.ok && opened.value.pc !== pc ? { ok: false, reason: 'addressed to another PC' } : opened;
}

/** Returns the stored configuration after verification, because the file may have been changed or copied from another PC. */
export function loadConfig(store: ConfigStore, { log, ...by }: { key: KeyObject | null; pc: PcPath; log: Log }): Config | undefined {
  const { config, problem } = store.load();
  const opened = config && openConfig(config, by);
  if (opened?.ok) return opened.value;
  if (opened !== undefined || problem !== null) log.warn({}, `the stored configuration is not used: ${opened?.reason ?? problem}`);
  return undefined;
}

export type ActiveConfig = ReturnType<typeof openActiveConfig>;

export type ActiveConfigOptions = {
  store: ConfigStore;
  /** Public key of the server; null = no configuration is accepted. */
  key: KeyObject | null;
  pc: PcPath;
  /** Profile that applies until the server has sent a configuration. */
  profile: Profile;
  log: Log;
  onTaken(config: Config): void;
  /** Called if a configuration is older, or not signed by the server for this PC. */
  onRefused(reason: string): void;
};

export function openActiveConfig({ store, key, pc, profile, log, onTaken, onRefused }: ActiveConfigOptions) {
  let held = loadConfig(store, { key, pc, log });
  const version = () => held?.version ?? 0;
  return {
    profile: (): Profile => held?.profile ?? profile,
    /** Returns the display names of site and room; undefined if the server sent none. */
    place: (): Config['place'] => held?.place,
    /** Returns the version of the configuration; 0 if the server sent none. */
    version,
    /** Returns true if the configuration was accepted: signed by the server for this PC, and newer than the one in use. */
    take(signed: Signed): boolean {
      const opened = openConfig(signed, { key, pc });
      if (!opened.ok || opened.value.version < version()) {
        onRefused(opened.ok ? 'older than the present configuration' : opened.reason);
        return false;
      }
      if (opened.value.version === version()) return false;
      const problem = store.save(signed);
      if (problem !== null) log.warn({}, `the configuration is used but not stored: ${problem}`);
      held = opened.value;
      log.info({ version: held.version }, 'configuration taken');
      onTaken(held);
      return true;
    },
  };
}
