/** Tells when a camera node appears or goes. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import type { Cancel, Clock } from '#contracts';
import { readNames } from './files.ts';

/** A camera makes several nodes, and udev sets them up for a while. */
const debounceMs = 2_000;
/** How often the folder is read where the kernel cannot tell of changes. */
const pollMs = 10_000;

const camera = /^video\d+$/;

/** Calls back about 2 s after a change of the camera nodes in /dev. Guarantee: the result frees the watch and its timers. */
export function watchCameras(root: string, clock: Clock, changed: () => void): Cancel {
  const folder = join(root, 'dev');
  let debounce: Cancel | undefined;
  let stop: Cancel = () => {};
  const tell = () => {
    debounce ??= clock.after(debounceMs, () => {
      debounce = undefined;
      changed();
    });
  };
  const poll = () => {
    stop = pollNames(folder, clock, tell);
  };
  try {
    const watcher = watch(folder, (_kind, name) => {
      if (name === null || camera.test(name)) tell();
    });
    stop = () => watcher.close();
    watcher.on('error', () => {
      watcher.close();
      poll();
    });
  } catch {
    poll();
  }
  return () => {
    debounce?.();
    stop();
  };
}

function pollNames(folder: string, clock: Clock, tell: () => void): Cancel {
  let before: string | undefined;
  let over = false;
  let cancel: Cancel = () => {};
  const look = async () => {
    const now = ((await readNames(folder)) ?? []).filter((name) => camera.test(name)).join();
    if (over) return;
    if (before !== undefined && now !== before) tell();
    before = now;
    cancel = clock.after(pollMs, () => void look());
  };
  void look();
  return () => {
    over = true;
    cancel();
  };
}
