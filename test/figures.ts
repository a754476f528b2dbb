/** Figures that a test measures. The full tier measures more than a run at a desk. */

const tier = process.env['SABHA_FAULTS'];

/** True in the full tier (SABHA_FAULTS=full), which runs at night. */
export const isFullTier: boolean = tier === 'full';

/** Returns how much of the same a test runs: a sample at a desk, more in `.ci/run` (SABHA_FAULTS=quick), the full number at night. */
export function ofTier<T>(sample: T, quick: T, full: T = quick): T {
  if (isFullTier) return full;
  return tier === 'quick' ? quick : sample;
}

/** Prints a measured figure with the code of its row, for example `F3: 100 kills, 0 of 61,204 acknowledged events missing`. */
export function reportFigure(row: string, figure: string): void {
  console.info(`${row}: ${figure}`);
}
