/** Follows a file that others replace: what it says now, and again whenever it says something else. */
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Cancel, type Clock, codeOf } from '#contracts';

/** The text, or why there is none. */
export type FileText = { ok: boolean; value: string };

/** Said where the file does not exist. */
export const none = 'there is none';

/** The folder is watched; this only serves file systems that do not tell, and a folder that appears later. */
const readAgainMs = 2_000;

/** Reads the file now, again whenever it changes, and every 2 s; `onText` hears what differs from the last reading. */
export function followFile(file: string, clock: Clock, onText: (text: FileText) => void): { close(): void } {
  let seen: string | undefined;
  let watcher: FSWatcher | undefined;
  let cancel: Cancel = () => {};

  function read(): void {
    const text = readText(file);
    if (text.value === seen) return;
    seen = text.value;
    onText(text);
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
    close() {
      cancel();
      watcher?.close();
    },
  };
}

/** The text of the file now. */
export function readText(file: string): FileText {
  try {
    return { ok: true, value: readFileSync(file, 'utf8') };
  } catch (error) {
    return { ok: false, value: codeOf(error) === 'ENOENT' ? none : `cannot be read: ${codeOf(error)}` };
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
    return undefined; // the folder is not there yet; the next reading tries again
  }
}
