/** Entry point of an installed agent: starts the version in use or on trial. Small and rarely changed, because no update replaces it. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { dataFolder } from '../../uplink/store/data-folder.ts';
import { chooseBundle, endTrial } from './launch.ts';
import { bundleName, openSlots, type Slots } from './slots.ts';

/** Trial time, ms. Longer than a version needs to start, to get its birth acknowledged (5 min) or to give up, and to stop. */
const trialMs = (8 * 60_000) / Number(process.env['SABHA_SPEED'] ?? 1);
/** Set by the bundler, with the same value as in the bundle beside this launcher. */
declare const SABHA_VERSION: string | undefined;
const installed = typeof SABHA_VERSION === 'string' ? { installed: SABHA_VERSION } : {};
const slots = openSlots(join(dataFolder(process.env, process.argv.slice(2)), 'update'), installed);

if (isMainThread) await launch(slots);
else setTimeout(() => endTrial(slots, workerData, () => process.kill(process.pid, 'SIGKILL')), trialMs);

async function launch(from: Slots): Promise<void> {
  const { file, trial } = chooseBundle(from, process.argv[2] === 'run', console.error);
  // A separate thread, because a version that blocks the event loop would also block a timer.
  if (trial !== null) new Worker(new URL(import.meta.url), { workerData: trial }).on('error', console.error).unref();
  try {
    await import(pathToFileURL(file ?? fileURLToPath(new URL(bundleName, import.meta.url))).href);
  } catch (error) {
    console.error(error);
    try {
      if (trial !== null) from.rejectTrial(trial, `it does not start: ${String(error).slice(0, 200)}`, Date.now());
    } finally {
      process.exit(1);
    }
  }
}
