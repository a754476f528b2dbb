/** For how long the processor had to slow itself down because of its heat: the counters of Intel's processors. */
import { join } from 'node:path';
import { readNames, readNumber } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';

/** Milliseconds since the boot, of the core that lost the most. Not known where the processor counts none. */
export const throttledMs: Question<number> = { linux: ({ root }) => readThrottled(root) };

const counters = ['package_throttle_total_time_ms', 'core_throttle_total_time_ms'];

async function readThrottled(root: string): Promise<Answer<number>> {
  const folder = join(root, 'sys/devices/system/cpu');
  const counts: number[] = [];
  for (const cpu of ((await readNames(folder)) ?? []).filter((name) => /^cpu\d+$/.test(name)))
    for (const counter of counters) {
      const count = await readNumber(join(folder, cpu, 'thermal_throttle', counter));
      if (count !== undefined) counts.push(count);
    }
  if (counts.length === 0) return { known: false, reason: 'the processor does not count it' };
  return { known: true, value: Math.max(...counts) };
}
