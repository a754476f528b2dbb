/**
 * Finds the real programs that a suite needs. A missing program skips the suite with a reason, or fails the suite where nothing may be
 * skipped.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether the part is present. Guarantee: with CI=true a missing part fails the suite; elsewhere its reason is printed. */
export function requirePart(name: string, found: boolean): boolean {
  if (found) return true;
  if (process.env['CI'] === 'true') throw new Error(`${name} is not installed; with CI=true nothing is skipped`);
  console.warn(`skipped: ${name} is not installed`);
  return false;
}

export function installed(programs: readonly string[]): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return programs.every((program) => folders.some((folder) => existsSync(join(folder, program))));
}
