/**
 * Puts a key at the end of a map that remembers the latest.
 * Guarantee: a map that is filled here alone holds at most `most` keys; the one that was put longest ago makes room.
 */
export function keepLatest<K, V>(held: Map<K, V>, [key, value]: readonly [K, V], most: number): void {
  held.delete(key);
  held.set(key, value);
  for (const oldest of held.size > most ? held.keys().take(1) : []) held.delete(oldest);
}
