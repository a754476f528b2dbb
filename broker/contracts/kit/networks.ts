/** Whom an address stands for, where somebody is to be slowed down and not his neighbour. */
import { isLoopback } from './start.ts';

/** Who is counted as one: an IPv4 address, or the 64 bits of IPv6 that one subscriber has to himself. */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined || !address.includes(':') || isLoopback(address)) return mapped ?? address;
  const [head = [], tail = []] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  return [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail].slice(0, 4).join(':');
}
