/** How busy the processor is, by /proc/stat. */
import { join } from 'node:path';
import { readText } from './files.ts';

type Ticks = { busy: number; all: number };

/** Busy time of all cores since the call before, 0 to 1; null at the first. Each meter has its own window. */
export function createLoadMeter(root: string): () => Promise<number | null> {
  let before: Ticks | undefined;
  return async () => {
    const ticks = readTicks(await required(root, 'proc/stat'));
    const ratio = before && ticks.all > before.all ? (ticks.busy - before.busy) / (ticks.all - before.all) : null;
    before = ticks;
    return ratio === null ? null : Math.min(1, Math.max(0, ratio));
  };
}

/** The text of a file without which nothing can be said. */
export async function required(root: string, path: string): Promise<string> {
  const text = await readText(join(root, path));
  if (!text) throw new Error(`/${path} cannot be read`);
  return text;
}

/** First line: user, nice, system, idle, iowait, irq, softirq, steal. Time that waits for a disk is not busy. */
function readTicks(stat: string): Ticks {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, all: busy + idle + iowait };
}
