/** The entry of an installed agent: starts the version in use, or the one on trial. Small and seldom changed, for no update replaces it. */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleName, openSlots } from './slots.ts';

const installed = fileURLToPath(new URL(bundleName, import.meta.url));
const slots = openSlots(join(process.env['SABHA_DATA'] ?? '.', 'update'));
// A self-test or an enrolment beside the running agent is no trial.
const chosen = process.argv[2] === 'run' ? slots.choose(Date.now()) : slots.inUse();

try {
  await import(pathToFileURL(chosen ?? installed).href);
} catch (error) {
  console.error(error);
  slots.takeBack(`it does not start: ${String(error).slice(0, 200)}`, Date.now());
  process.exit(1);
}
