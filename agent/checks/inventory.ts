/** What is built into this PC and plugged into it: read at the start, once a day and after a change, since it is slow and holds nothing up. */
import { createHash } from 'node:crypto';
import { type Cancel, type Clock, encode, type Inventory, messageOf, payloadLimitBytes, withinTime } from '@sabha/contracts';
import type { Platform } from '../platform/platform.ts';
import type { Log } from '../uplink/store/log.ts';

/** Who is asked, when, and who is told. */
export type InventoryOptions = {
  platform: Pick<Platform, 'inventory' | 'watchCameras'>;
  clock: Clock;
  log: Log;
  onRead(inventory: Inventory): void;
};

/** The inventory of this PC, kept up to date. */
export type InventoryWatch = ReturnType<typeof watchInventory>;

const limitMs = 60_000;
/** The first word to the centre goes before it. */
const firstMs = 5_000;
const everyMs = 24 * 3_600_000;
const retryMs = 3_600_000;
/** What is plugged in comes in pieces; and what comes and goes all day is read no more often than that. */
const change = { settledMs: 30_000, leastMs: 600_000 };

/** Reads the inventory soon after the start and once a day, within 60 s, and an hour after a failure; soon after a camera came or went. */
export function watchInventory({ platform, clock, log, onRead }: InventoryOptions) {
  let current: Inventory | undefined;
  let timer: Cancel = () => undefined;
  let unwatch: Cancel = () => undefined;
  let stopped = false;
  let begunUp = 0;
  /** Null while it is read. */
  let isStale: boolean | null = null;

  /** Whatever the change, it is read once. */
  function changed(): void {
    if (stopped || isStale === true) return;
    const isReading = isStale === null;
    isStale = true;
    if (isReading) return;
    timer();
    again(Math.max(change.settledMs, begunUp + change.leastMs - clock.up()));
  }

  function again(inMs: number): void {
    timer = clock.after(inMs, () => void look());
  }

  async function look(): Promise<void> {
    begunUp = clock.up();
    isStale = null;
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
    again(failed ? retryMs : isStale ? change.leastMs : everyMs);
    isStale ??= false;
  }

  return {
    start(): void {
      try {
        unwatch = platform.watchCameras(changed);
      } catch (error) {
        log.warn({}, `the inventory is read once a day only: ${messageOf(error)}`);
      }
      again(firstMs);
    },
    stop(): void {
      stopped = true;
      unwatch();
      timer();
    },
    /** Undefined until it is known. */
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
