/** Limits of one client, so that it cannot harm the others. */
import type { Rate } from '@sabha/contracts';

export type Limits = typeof defaultLimits;

export const defaultLimits = {
  /** Time for which a subscriber that stopped reading is kept; then it is closed. */
  drainTimeoutMs: 5_000,
  /** From the connection to its CONNECT. */
  connectTimeoutMs: 10_000,
  /** Unauthenticated connections. Beyond it the oldest one is closed. */
  // About as many as one core completes in TLS handshakes before they time out (480 a second).
  strangers: 4_000,
  /** Unauthenticated new connections from one address. */
  // An admitted client returns its token, so the burst is the number of parallel handshakes of one address. At 100 a second the PCs of half
  // a nation behind one gateway reconnect in about a minute. Guessing of tokens is slow. A stranger with more than 10 a second behind the
  // same gateway still delays new clients, since they are indistinguishable before the handshake. Connected clients stay connected.
  connects: { perSecond: 10, burst: 50 },
  /** Loopback has no rate limit. */
  // It carries only the server's own parts and forwarded connections, which are many PCs from one address.
  exemptLoopback: true,
  /** Frames of one PC, over all its connections. */
  // An agent sends about 3 messages a minute, a dozen at each birth, and at most one state in 2 s.
  messages: { perSecond: 20, burst: 200 },
  /** Bytes of one PC, over all its connections. */
  // A spool of 64 MB in batches of 60 KB takes 9 minutes, and no batch waits more than half a second.
  bytes: { perSecond: 128 * 1_024, burst: 1_024 * 1_024 },
  /** Maximum delay of a message. A PC beyond it sent more than any agent does, and is cut off. */
  // 600 messages at once; well below the 30 s after which an agent sends again.
  maxDelayMs: 20_000,
};

const unlimited: Rate = { perSecond: Number.POSITIVE_INFINITY, burst: 1 };
/** For benchmarks, in which one client sends as much as hundreds of PCs. */
export const noRateLimits: Partial<Limits> = { messages: unlimited, bytes: unlimited };

/** Returns the number of connections and files that this process may open. */
export function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { soft: number | 'unlimited' } } };
  const soft = userLimits?.open_files.soft ?? 'unlimited';
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft;
}
