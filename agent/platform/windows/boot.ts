/** Reads the id of this boot, whether the previous boot crashed, and whether the PC is about to shut down or restart. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Native } from '../native.ts';
import { attempt, lastDump } from './attempt.ts';

/** Registry key that Windows creates at each boot. A later change of the clock does not change the time of the key. */
const madeAtBoot = 'HKLM\\HARDWARE\\DESCRIPTION\\System';
const updated = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired';
/** Unit to which a boot time from the clock is rounded, because the clock may be corrected by minutes. Used without the registry. */
const coarseMs = 600_000;
const hashLength = 32;

export type WindowsBootOptions = { native: () => Native; root: string; now(): number; uptime(): number };

/**
 * Guarantee: the boot id is the same during one boot and differs at the next boot. Without the registry this is true only while the
 * clock is not corrected.
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
