/** The keys under which what is held beside the rows has its times. */
const keys = ['at', 'since', 'lastAt', 'endedAt', 'backAt', 'toldAt', 'from', 'to'];

/** Moves what maps, lists and objects hold of times to the corrected clock, in place (R29): a bare number is a time. */
export function moveTimes<T>(held: T, byMs: number): T {
  if (typeof held === 'number') return (held + byMs) as T;
  if (held instanceof Map) for (const [key, one] of held) held.set(key, moveTimes(one, byMs));
  else if (Array.isArray(held)) for (const [index, one] of held.entries()) held[index] = moveTimes(one, byMs);
  else if (typeof held === 'object') {
    const row = held as Record<string, unknown>;
    for (const key of keys) if (typeof row[key] === 'number') row[key] += byMs;
  }
  return held;
}
