/** Follows the registry's snapshot file: the last good one stays in use, an older one never comes back. */
import type { KeyObject } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Cancel, type Clock, codeOf, openSnapshot, type RegistrySnapshot, replaceFile, StartError } from '#contracts';
import type { Log } from './log.ts';

const none = 'there is none';

export type RegistryFileOptions = {
  file: string;
  key: KeyObject;
  /** Keeps the highest version ever used, so that an old snapshot is refused after a restart too. */
  floorFile: string;
  clock: Clock;
  log: Log;
  onSnapshot: (snapshot: RegistrySnapshot) => void;
};
export type RegistryFile = {
  /** Version of the snapshot in use, 0 for none. */
  version(): number;
  close(): void;
};

/** The folder is watched; this only serves file systems that do not tell, and a folder that appears later. */
const readAgainMs = 2_000;

/**
 * Reads the snapshot now, again whenever its file changes, and every 2 s.
 * Guarantee: `onSnapshot` is called only with a snapshot of the right signature whose version is not below any that was used before.
 */
export function followRegistry(options: RegistryFileOptions): RegistryFile {
  const { file, key, floorFile, clock, log, onSnapshot } = options;
  let floor = readFloor(floorFile);
  let seen: string | undefined;
  let version = 0;
  let watcher: FSWatcher | undefined;
  let cancel: Cancel = () => {};

  function read(): void {
    const text = readText(file);
    if (text.value === seen) return;
    seen = text.value;
    const opened = text.ok ? openSnapshot(text.value, key) : { ok: false as const, reason: text.value };
    if (!opened.ok) refuse(opened.reason);
    else if (opened.value.version < floor) refuse(`version ${opened.value.version} is older than ${floor}`);
    else use(opened.value);
  }

  function use(snapshot: RegistrySnapshot): void {
    version = snapshot.version;
    onSnapshot(snapshot);
    log.info({ version, pcs: snapshot.pcs.length }, 'registry snapshot in use');
    raiseFloor();
  }

  /** A full disk must not keep a revocation from taking effect: the snapshot is in use before its version is remembered. */
  function raiseFloor(): void {
    if (version <= floor) return;
    floor = version;
    try {
      replaceFile(floorFile, String(floor));
    } catch (error) {
      log.error({ file: floorFile }, `cannot remember the version of the registry: ${codeOf(error)}`);
    }
  }

  function refuse(reason: string): void {
    log.warn({ file, inUse: version }, `registry snapshot cannot be used: ${reason}`);
  }

  function follow(): void {
    watcher ??= watchFolder(file, read, () => {
      watcher = undefined;
    });
    read();
    cancel = clock.after(readAgainMs, follow);
  }

  follow();
  return {
    version: () => version,
    close() {
      cancel();
      watcher?.close();
    },
  };
}

/** Watches the folder, not the file: an atomic rename replaces the file. */
function watchFolder(file: string, onChange: () => void, onLost: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(file)) onChange();
    });
    watcher.on('error', () => {
      watcher.close();
      onLost();
    });
    return watcher;
  } catch {
    return undefined; // the folder is not there yet; the next reading tries again
  }
}

function readText(file: string): { ok: boolean; value: string } {
  try {
    return { ok: true, value: readFileSync(file, 'utf8') };
  } catch (error) {
    return { ok: false, value: codeOf(error) === 'ENOENT' ? none : `cannot be read: ${codeOf(error)}` };
  }
}

function readFloor(file: string): number {
  const text = readText(file);
  if (text.value === none) return 0;
  if (!text.ok) throw new StartError(`${file}: ${text.value}`);
  if (!/^\d{1,15}$/.test(text.value)) throw new StartError(`${file}: not a version: ${text.value.slice(0, 40)}`);
  return Number(text.value);
}
