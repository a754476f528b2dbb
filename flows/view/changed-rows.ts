/** Rows that others see: each is made anew only when it was touched, and is news only where it then reads differently. */

/** `make` answers undefined for a key that is no more. Guarantee: `news` never holds a row that reads as it did when it was last news or listed. */
export function createRows<K, R>(make: (key: K) => R | undefined) {
  const held = new Map<K, { row: R; text: string }>();
  const touched = new Set<K>();
  const fresh = new Set<K>();
  const gone = new Set<K>();

  function refresh(): void {
    for (const key of touched) renew(key, make(key));
    touched.clear();
  }

  function renew(key: K, row: R | undefined): void {
    if (row === undefined) {
      if (held.delete(key)) gone.add(key);
      fresh.delete(key);
      return;
    }
    const text = JSON.stringify(row);
    if (held.get(key)?.text === text) return;
    held.set(key, { row, text });
    fresh.add(key);
    gone.delete(key);
  }

  return {
    touch: (key: K) => void touched.add(key),
    touchAll(which: (key: K) => boolean = () => true): void {
      for (const key of held.keys()) if (which(key)) touched.add(key);
    },
    list(): R[] {
      refresh();
      return [...held.values()].map(({ row }) => row);
    },
    /** What changed since the last call, and the keys that are no more. */
    news(): { rows: R[]; gone: K[] } {
      refresh();
      const taken = { rows: [...fresh].flatMap((key) => held.get(key)?.row ?? []), gone: [...gone] };
      fresh.clear();
      gone.clear();
      return taken;
    },
  };
}
