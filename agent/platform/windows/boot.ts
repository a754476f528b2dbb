/** How this boot began, and whether it is about to end. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Native } from '../native.ts';
import { attempt, lastDump } from './attempt.ts';

/** Windows makes this branch anew at each boot; a clock that is set later does not change when. */
const madeAtBoot = 'HKLM\\HARDWARE\\DESCRIPTION\\System';
const updated = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired';
/** By the clock alone, which may be put right by minutes. */
const coarseMs = 600_000;
const hashLength = 32;

/** What the system tells of this boot and of the end of the last one. */
export type BootOptions = { native: () => Native; root: string; now(): number; uptime(): number };

/** Guarantee: one id a boot, another one at the next; where the registry cannot be asked, as far as the clock is not put right meanwhile. */
export function createBoot({ native, root, now, uptime }: BootOptions) {
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
