/** What is built into this PC and plugged into it: read at the start and once a day, since it is slow and holds nothing up. */
import { createHash } from 'node:crypto';
import { type Cancel, type Clock, encode, type Inventory, payloadLimitBytes, withinTime } from '#contracts';
import type { Platform } from '../platform/platform.ts';
import type { Log } from '../store/log.ts';

/** Who is asked, when, and who is told. */
export type InventoryOptions = {
  platform: Pick<Platform, 'inventory'>;
  clock: Clock;
  log: Log;
  onRead(inventory: Inventory): void;
};

/** The inventory of this PC, kept up to date. */
export type InventoryWatch = {
  start(): void;
  stop(): void;
  /** Undefined until it is known. */
  current(): Inventory | undefined;
};

const limitMs = 60_000;
const everyMs = 24 * 3_600_000;
const retryMs = 3_600_000;

/** Reads the inventory at the start and once a day, within 60 s, and an hour after a failure. */
export function watchInventory({ platform, clock, log, onRead }: InventoryOptions): InventoryWatch {
  let current: Inventory | undefined;
  let timer: Cancel = () => undefined;
  let stopped = false;

  async function look(): Promise<void> {
    const late = `no end within ${limitMs / 1_000} s`;
    const ask = async (signal: AbortSignal): Promise<Inventory | string> => inventoryOf(await platform.inventory(signal), clock.now());
    const read = await withinTime({ clock, limitMs, late }, ask).catch(String);
    if (stopped) return;
    const failed = typeof read === 'string';
    if (failed) log.warn({}, `the inventory could not be read: ${read.slice(0, 200)}`);
    else {
      current = read;
      onRead(current);
    }
    timer = clock.after(failed ? retryMs : everyMs, () => void look());
  }

  return {
    start: () => void look(),
    stop() {
      stopped = true;
      timer();
    },
    current: () => current,
  };
}

function inventoryOf(items: Record<string, unknown>, at: number): Inventory {
  const text = JSON.stringify(items);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const inventory = { hash, at, items };
  const { length } = encode('inventory', inventory);
  return length <= payloadLimitBytes ? inventory : { ...inventory, items: { tooLargeBytes: length } };
}
