import { constants, setPriority } from 'node:os';

/** Leaves the processor to all others. Of this thread alone, which is so on Linux only; where the system forbids even that, the work is worth more than its manners. */
export function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    return;
  }
}
