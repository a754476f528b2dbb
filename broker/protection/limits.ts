/** Limits of one client, so that it cannot harm the others. */
import type { Rate } from '@sabha/contracts';

export type Limits = typeof defaultLimits;

export const defaultLimits = {
  /** Milliseconds for which the broker keeps a subscriber that stopped reading. Then it closes the connection. */
  drainTimeoutMs: 5_000,
  /** Milliseconds from the connection to its CONNECT. */
  connectTimeoutMs: 10_000,
  /** Number of unauthenticated connections. Beyond it the oldest one is closed. */
  // About as many as one core can serve with TLS handshakes before the handshakes time out (480 a second).
  strangers: 4_000,
  /** Rate of new unauthenticated connections from one address. */
  // An admitted client returns its token, so the burst is the number of parallel handshakes of one address. At 100 a second the PCs of half
  // a nation behind one gateway reconnect in about a minute. The limit also makes it slow to guess tokens. A stranger with more than 10 a
  // second behind the same gateway still delays new clients, because a handshake does not distinguish them. Connected clients stay
  // connected.
  connects: { perSecond: 10, burst: 50 },
  /** Whether connections over loopback have no rate limit. */
  // Loopback carries only the server's own parts and forwarded connections, which are many PCs from one address.
  exemptLoopback: true,
  /** Rate of messages of one PC, over all its connections. */
  // An agent sends about 3 messages a minute, a dozen at each birth, and at most one state in 2 s.
  messages: { perSecond: 20, burst: 200 },
  /** Rate of bytes of one PC, over all its connections. */
  // A spool of 64 MB in batches of 60 KB takes 9 minutes, and no batch waits more than half a second.
  bytes: { perSecond: 128 * 1_024, burst: 1_024 * 1_024 },
  /** Maximum delay of a message in milliseconds. A PC that exceeds it sent more than any agent does, and is disconnected. */
  // Allows 600 messages at once, and is well below the 30 s after which an agent sends again.
  maxDelayMs: 20_000,
};

const unlimited: Rate = { perSecond: Number.POSITIVE_INFINITY, burst: 1 };
/** Limits for benchmarks, in which one client sends as much as hundreds of PCs. */
export const noRateLimits: Partial<Limits> = { messages: unlimited, bytes: unlimited };

/** Returns the number of connections and files that this process may open. */
export function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { soft: number | 'unlimited' } } };
  const soft = userLimits?.open_files.soft ?? 'unlimited';
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft;
}
