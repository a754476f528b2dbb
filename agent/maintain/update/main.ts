/** Entry point of an installed agent. It starts the version in use or on trial. Updates do not replace this file, so it must be small. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { dataFolder } from '../../uplink/store/data-folder.ts';
import { chooseBundle, endTrial } from './launch.ts';
import { bundleName, openSlots, type Slots } from './slots.ts';

/** Time limit of a trial. It includes the start, the 5 min until the birth must be acknowledged, and an orderly stop. */
const trialMs = (8 * 60_000) / Number(process.env['SABHA_SPEED'] ?? 1);
/** Version that the bundler sets, the same as in the agent's bundle beside this launcher. */
declare const SABHA_VERSION: string | undefined;
const installed = typeof SABHA_VERSION === 'string' ? { installed: SABHA_VERSION } : {};
const slots = openSlots(join(dataFolder(process.env, process.argv.slice(2)), 'update'), installed);

if (isMainThread) await launch(slots);
else setTimeout(() => endTrial(slots, workerData, () => process.kill(process.pid, 'SIGKILL')), trialMs);

async function launch(from: Slots): Promise<void> {
  const { file, trial } = chooseBundle(from, process.argv[2] === 'run', console.error);
  // A separate thread watches the trial, because a version that blocks the event loop would block a timer too.
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
