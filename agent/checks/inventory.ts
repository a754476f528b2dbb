/**
 * Inventory: hardware of this PC and devices connected to it. Reading takes long, so it happens in the background: after the start, daily
 * and after a change.
 */
import { createHash } from 'node:crypto';
import { type Cancel, type Clock, encode, type Inventory, messageOf, payloadLimitBytes, withTimeout } from '@sabha/contracts';
import type { Platform } from '../platform/platform.ts';
import type { Log } from '../uplink/store/log.ts';

export type InventoryOptions = {
  platform: Pick<Platform, 'inventory' | 'watchCameras'>;
  clock: Clock;
  log: Log;
  onRead(inventory: Inventory): void;
};

export type InventoryWatch = ReturnType<typeof watchInventory>;

const limitMs = 60_000;
/** Delay of the first read, so that the birth is sent before. */
const firstMs = 5_000;
const everyMs = 24 * 3_600_000;
const retryMs = 3_600_000;
/** Debounce of device changes, and the minimum interval between two reads while changes continue. */
const change = { settledMs: 30_000, leastMs: 600_000 };

/**
 * Reads the inventory soon after the start, once a day, and soon after a camera change. A read may take 60 s. After a failure it retries an
 * hour later.
 */
export function watchInventory({ platform, clock, log, onRead }: InventoryOptions) {
  let current: Inventory | undefined;
  let timer: Cancel = () => undefined;
  let unwatch: Cancel = () => undefined;
  let stopped = false;
  let begunUp = 0;
  /** True: a change waits for its read. Null: a read is in progress. */
  let isStale: boolean | null = null;

  /** Combines any number of changes into one read. */
  function changed(): void {
    if (stopped || isStale === true) return;
    const isReading = isStale === null;
    isStale = true;
    if (isReading) return;
    timer();
    scheduleRead(Math.max(change.settledMs, begunUp + change.leastMs - clock.up()));
  }

  function scheduleRead(inMs: number): void {
    timer = clock.after(inMs, () => void readNow());
  }

  async function readNow(): Promise<void> {
    begunUp = clock.up();
    isStale = null;
    const timeoutValue = `not finished in ${limitMs / 1_000} s`;
    const ask = async (signal: AbortSignal): Promise<Inventory | string> => inventoryOf(await platform.inventory(signal), clock.now());
    const read = await withTimeout({ clock, limitMs, timeoutValue }, ask).catch(String);
    if (stopped) return;
    const failed = typeof read === 'string';
    if (failed) log.warn({}, `the inventory could not be read: ${read.slice(0, 200)}`);
    else {
      current = read;
      onRead(current);
    }
    scheduleRead(failed ? retryMs : isStale ? change.leastMs : everyMs);
    isStale ??= false;
  }

  return {
    start(): void {
      try {
        unwatch = platform.watchCameras(changed);
      } catch (error) {
        log.warn({}, `the inventory is read once a day only: ${messageOf(error)}`);
      }
      scheduleRead(firstMs);
    },
    stop(): void {
      stopped = true;
      unwatch();
      timer();
    },
    current: (): Inventory | undefined => current,
  };
}

function inventoryOf(items: Record<string, unknown>, at: number): Inventory {
  const text = JSON.stringify(items);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const inventory = { hash, at, items };
  const { length } = encode('inventory', inventory);
  return length <= payloadLimitBytes ? inventory : { ...inventory, items: { tooLargeBytes: length } };
}
