/** How often somebody is told because of orders on the roster: each test and each shift that goes over is a message to a person. */
const hourMs = 3_600_000;

/** So often an hour. A channel is set up, tried, mended and tried again; a shift goes over, goes over again since the first cannot, and that is all. */
export const anHour = { tests: 6, takes: 3 } as const;

/** Keeps the times of one kind of order, by the person whom it is about. */
export type Often = ReturnType<typeof createOften>;

/** Guarantee: holds no more times of one person than it lets through, and of none that is not asked for by the roster. A start of `flows` begins anew. */
export function createOften(most: number) {
  const times = new Map<string, number[]>();
  const lately = (id: string, now: number) => (times.get(id) ?? []).filter((at) => at <= now && now - at < hourMs);
  return {
    /** When the next may go, `12:40 UTC`; undefined where it may go now. */
    next(id: string, now: number): string | undefined {
      const [oldest, ...later] = lately(id, now);
      if (oldest === undefined || later.length + 1 < most) return undefined;
      return `${new Date(oldest + hourMs).toISOString().slice(11, 16)} UTC`;
    },
    count: (id: string, now: number): void => void times.set(id, [...lately(id, now), now].slice(-most)),
  };
}
