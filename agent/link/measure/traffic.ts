/** How busy the network card was of late: what a link can carry is free only as far as nothing else uses it. */
import type { Clock } from '@sabha/contracts';
import type { Answer, CardFigures } from '../../platform/platform.ts';

/** How the counters of the card are read. */
export type TrafficOptions = {
  clock: Pick<Clock, 'up'>;
  card(address: string): Promise<Answer<CardFigures>>;
  /** The address by which this PC goes to the centre; undefined where there is no way now. */
  address(): Promise<string | undefined>;
};

/** What went through the card, bits/s. */
export type Busy = { upBps: number; downBps: number };

/** The last minute of the network card. */
export type Traffic = ReturnType<typeof createTraffic>;

type Sample = CardFigures & { up: number };

const lookBackMs = 65_000;
/** Each time the name of the centre may be asked for. */
const seekEveryMs = 600_000;

/** Knows nothing before two samples of one card. */
export function createTraffic({ clock, card, address }: TrafficOptions) {
  let samples: Sample[] = [];
  let way: string | undefined;
  let soughtUp = Number.NEGATIVE_INFINITY;
  const seek = async () => {
    if (clock.up() - soughtUp < seekEveryMs) return undefined;
    soughtUp = clock.up();
    return address();
  };
  const recent = () => samples.filter(({ up }) => clock.up() - up <= lookBackMs);
  return {
    /** Takes a sample; to be called every 10 s while somebody may want to know. */
    async sample(): Promise<void> {
      const asked = way ?? (await seek());
      // Where it is not known, another card is asked after a while, or another address of it.
      way = undefined;
      const answer = asked === undefined ? undefined : await card(asked);
      if (!answer?.known) return;
      way = asked;
      samples = [...recent(), { ...answer.value, up: clock.up() }];
    },
    /** The busiest time between two samples of the last minute; null where it is not known. */
    busiest(): Busy | null {
      const rates = recent().flatMap((to, at, all) => rateOf(all[at - 1], to) ?? []);
      if (rates.length === 0) return null;
      return { upBps: Math.max(...rates.map(({ upBps }) => upBps)), downBps: Math.max(...rates.map(({ downBps }) => downBps)) };
    },
    /** Rate of the card; null where it names none. */
    cardBps: (): number | null => samples.at(-1)?.speedBps ?? null,
  };
}

/** Counters that went back belong to another card, or to one that was started anew. */
function rateOf(from: Sample | undefined, to: Sample): Busy | undefined {
  if (from === undefined || to.up <= from.up || to.sentBytes < from.sentBytes || to.receivedBytes < from.receivedBytes) return undefined;
  const seconds = (to.up - from.up) / 1_000;
  return { upBps: ((to.sentBytes - from.sentBytes) * 8) / seconds, downBps: ((to.receivedBytes - from.receivedBytes) * 8) / seconds };
}
