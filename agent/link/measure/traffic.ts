/** Measures the traffic of the network card in the last minute. Only the rest of the capacity is free for a meeting. */
import type { Clock } from '@sabha/contracts';
import type { Answer, CardFigures } from '../../platform/platform.ts';

export type TrafficOptions = {
  clock: Pick<Clock, 'up'>;
  card(address: string): Promise<Answer<CardFigures>>;
  /** Returns the address of this PC on the route to the server; undefined without a route. */
  address(): Promise<string | undefined>;
};

export type Busy = { upBps: number; downBps: number };

export type Traffic = ReturnType<typeof createTraffic>;

type CardSample = CardFigures & { up: number };

const lookBackMs = 65_000;
/** Minimum interval between two lookups of the address, because each may cause a DNS query. */
const seekEveryMs = 600_000;

/** Creates a meter that returns null until it has two samples of one network card. */
export function createTraffic({ clock, card, address }: TrafficOptions) {
  let samples: CardSample[] = [];
  let way: string | undefined;
  let soughtUp = Number.NEGATIVE_INFINITY;
  const seek = async () => {
    if (clock.up() - soughtUp < seekEveryMs) return undefined;
    soughtUp = clock.up();
    return address();
  };
  const recent = () => samples.filter(({ up }) => clock.up() - up <= lookBackMs);
  return {
    /** Reads the counters of the network card. The caller repeats it every 10 s while the traffic may be needed. */
    async sample(): Promise<void> {
      const asked = way ?? (await seek());
      // Forgets the address after a failed read, because the network card or its address may have changed.
      way = undefined;
      const answer = asked === undefined ? undefined : await card(asked);
      if (!answer?.known) return;
      way = asked;
      samples = [...recent(), { ...answer.value, up: clock.up() }];
    },
    /** Returns the highest rate between two consecutive samples of the last minute; null if unknown. */
    busiest(): Busy | null {
      const rates = recent().flatMap((to, at, all) => rateOf(all[at - 1], to) ?? []);
      if (rates.length === 0) return null;
      return { upBps: Math.max(...rates.map(({ upBps }) => upBps)), downBps: Math.max(...rates.map(({ downBps }) => downBps)) };
    },
    /** Returns the speed of the network card; null if the card reports none. */
    cardBps: (): number | null => samples.at(-1)?.speedBps ?? null,
  };
}

/** Decreasing counters belong to another network card, or to one that was reset. */
function rateOf(from: CardSample | undefined, to: CardSample): Busy | undefined {
  if (from === undefined || to.up <= from.up || to.sentBytes < from.sentBytes || to.receivedBytes < from.receivedBytes) return undefined;
  const seconds = (to.up - from.up) / 1_000;
  return { upBps: ((to.sentBytes - from.sentBytes) * 8) / seconds, downBps: ((to.receivedBytes - from.receivedBytes) * 8) / seconds };
}
