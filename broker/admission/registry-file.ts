/** Follows the registry snapshot file. The last valid snapshot stays in use, and an older version is refused. */
import { createHash, type KeyObject } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Cancel, type Clock, codeOf, type Log, openSnapshot, type RegistrySnapshot, replaceFile, StartError } from '@sabha/contracts';

export type RegistryFileOptions = {
  file: string;
  key: KeyObject;
  /** Stores the highest version used, with a checksum, so that an older snapshot is refused after a restart too. */
  versionFile: string;
  clock: Clock;
  log: Log;
  onSnapshot: (snapshot: RegistrySnapshot) => void;
};
export type RegistryFile = ReturnType<typeof followRegistry>;

/**
 * Reads the snapshot at once, after each change of the file, and every 2 s.
 * Guarantee: `onSnapshot` receives only snapshots with a valid signature and a version not below any version used before.
 */
export function followRegistry(options: RegistryFileOptions) {
  const { file, key, versionFile, clock, log, onSnapshot } = options;
  let lowestVersion = readStoredVersion(options);
  let version = 0;

  function handleText(text: FileText): void {
    const opened = text.ok ? openSnapshot(text.value, key) : { ok: false as const, reason: text.value };
    if (!opened.ok && text.value === missingFile && lowestVersion === 0) log.info({ file }, refusalText(missingFile));
    else if (!opened.ok) logRefusal(opened.reason);
    else if (opened.value.version < lowestVersion) logRefusal(`version ${opened.value.version} is older than ${lowestVersion}`);
    else applySnapshot(opened.value);
  }

  function applySnapshot(snapshot: RegistrySnapshot): void {
    version = snapshot.version;
    onSnapshot(snapshot);
    log.info({ version, pcs: snapshot.pcs.length }, 'registry snapshot in use');
    storeVersion();
  }

  /** The snapshot is in use before its version is stored, so that a full disk does not delay a revocation. */
  function storeVersion(): void {
    if (version <= lowestVersion) return;
    lowestVersion = version;
    try {
      replaceFile(versionFile, versionText(lowestVersion));
    } catch (error) {
      log.error({ file: versionFile }, `cannot store the version of the registry: ${codeOf(error)}`);
    }
  }

  function logRefusal(reason: string): void {
    log.warn({ file, inUse: version }, refusalText(reason));
  }

  const followed = followFile(file, clock, handleText);
  return {
    /** Version of the snapshot in use, 0 for none. */
    version: (): number => version,
    close: followed.close,
  };
}

function refusalText(reason: string): string {
  return `registry snapshot cannot be used: ${reason}`;
}

/**
 * Returns the stored version. A damaged digit would refuse every snapshot or accept an older one, so a checksum follows the version. If the
 * checksum is wrong, the signed snapshot is trusted: only the broker's own user can write this file.
 */
function readStoredVersion({ versionFile: file, log }: RegistryFileOptions): number {
  const text = readText(file);
  if (text.value === missingFile) return 0;
  if (!text.ok) throw new StartError(`${file}: ${text.value}`);
  const floor = Number(/^\d{1,15}/.exec(text.value)?.[0]);
  // An earlier release wrote the version without a checksum.
  if (text.value === versionText(floor) || text.value === String(floor)) return floor;
  log.error({ file }, 'the version of the registry that was stored is damaged: the signed snapshot is used');
  return 0;
}

function versionText(version: number): string {
  return `${version} ${createHash('sha256').update(String(version)).digest('hex').slice(0, 16)}`;
}

/** The content of a file, or the reason why it cannot be read. */
export type FileText = { ok: boolean; value: string };

/** Error text for a missing file. */
export const missingFile = 'there is none';

/** Fallback interval for file systems without change events, and for a folder that appears later. */
const pollIntervalMs = 2_000;

/** Reads the file at once, after each change, and every 2 s. `onText` is called only when the content differs. */
export function followFile(file: string, clock: Clock, onText: (text: FileText) => void): { close(): void } {
  let lastText: string | undefined;
  let watcher: FSWatcher | undefined;
  let cancel: Cancel = () => {};

  function read(): void {
    const text = readText(file);
    if (text.value === lastText) return;
    lastText = text.value;
    onText(text);
  }

  function follow(): void {
    watcher ??= watchFolder(file, read, () => {
      watcher = undefined;
    });
    read();
    cancel = clock.after(pollIntervalMs, follow);
  }

  follow();
  return {
    close() {
      cancel();
      watcher?.close();
    },
  };
}

function readText(file: string): FileText {
  try {
    return { ok: true, value: readFileSync(file, 'utf8') };
  } catch (error) {
    return { ok: false, value: codeOf(error) === 'ENOENT' ? missingFile : `cannot be read: ${codeOf(error)}` };
  }
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
    return undefined; // the folder does not exist; the next periodic read retries
  }
}
