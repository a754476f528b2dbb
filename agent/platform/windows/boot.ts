/** Id and previous crash of this boot, and whether it is about to end. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Native } from '../native.ts';
import { attempt, lastDump } from './attempt.ts';

/** Windows creates this key at each boot. Its time does not change if the clock is set later. */
const madeAtBoot = 'HKLM\\HARDWARE\\DESCRIPTION\\System';
const updated = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired';
/** Rounding of the boot time without the registry, because the clock may be corrected by minutes. */
const coarseMs = 600_000;
const hashLength = 32;

export type WindowsBootOptions = { native: () => Native; root: string; now(): number; uptime(): number };

/**
 * Guarantee: the boot id is stable during a boot and differs at the next. Without the registry this holds only if the clock is not
 * corrected.
 */
export function createBoot({ native, root, now, uptime }: WindowsBootOptions) {
  const bootedAt = () => now() - uptime() * 1_000;
  const isShuttingDown = () => {
    const seen = attempt(native().calls, (calls) => calls.isShuttingDown());
    return seen.known && seen.value;
  };
  return {
    bootedAt,
    bootId(): string {
      const made = attempt(native().calls, (calls) => calls.keyChangedAt(madeAtBoot));
      const at = made.known && made.value !== null ? made.value : Math.round(bootedAt() / coarseMs);
      return createHash('sha256').update(`${hostname()}/${at}`).digest('hex').slice(0, hashLength);
    },
    crashedBefore(): boolean {
      const dump = lastDump(root);
      return dump.known && dump.value !== null && dump.value >= bootedAt();
    },
    endBegun(): 'update' | 'shutdown' | null {
      if (!isShuttingDown()) return null;
      const waits = attempt(native().calls, (calls) => calls.keyChangedAt(updated));
      return waits.known && waits.value !== null ? 'update' : 'shutdown';
    },
    isShuttingDown: async () => isShuttingDown(),
  };
}
