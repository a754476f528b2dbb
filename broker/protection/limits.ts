/** How much one client may ask of the broker, so that no other one is hurt. */
import type { Rate } from '@sabha/contracts';

/** Every limit of the broker that is a number. */
export type Limits = typeof usualLimits;

/** The limits in use. */
export const usualLimits = {
  /** How long a subscriber that stopped reading is waited for; then it is dropped. */
  drainTimeoutMs: 5_000,
  /** From the connection to its CONNECT. */
  connectTimeoutMs: 10_000,
  /** Connections that are not admitted yet; above it the one that waits longest makes room. */
  // About as many as one core shakes hands with over TLS before they are timed out (480 a second): more would wait in vain.
  strangers: 4_000,
  /** New connections of one address that are not admitted, or not yet. */
  // Who is admitted gives his place back, so that the burst is how many handshakes one address may have under way: with 100 a second the PCs
  // of half a nation behind one gateway are back in about a minute. A guesser is slow. A stranger that opens more than 10 a second
  // behind the same gateway still holds up who is not in yet: before the handshake nobody can tell them apart. Who is in stays in.
  connects: { perSecond: 10, burst: 50 },
  /** Loopback has no limit of connections. */
  // From there come only the centre's own parts and what its operator forwards, which is many PCs by one address.
  sparesLoopback: true,
  /** Frames of one PC, over all its connections. */
  // An agent says some 3 messages a minute, a dozen at each birth, and at most one state in 2 s.
  messages: { perSecond: 20, burst: 200 },
  /** Bytes of one PC, over all its connections. */
  // A spool of 64 MB comes in batches of 60 KB, one at a time: it is empty in 9 minutes, and no batch waits longer than half a second.
  bytes: { perSecond: 128 * 1_024, burst: 1_024 * 1_024 },
  /** A PC whose next message would wait longer than this has sent what no agent sends, and is dropped. */
  // 600 messages in one breath; well below the 30 s after which an agent sends again.
  longestWaitMs: 20_000,
};

const unlimited: Rate = { perSecond: Number.POSITIVE_INFINITY, burst: 1 };
/** For benches, which send as one PC what hundreds would. */
export const withoutPace: Partial<Limits> = { messages: unlimited, bytes: unlimited };

/** How many connections and files the system lets this process have open. */
export function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { soft: number | 'unlimited' } } };
  const soft = userLimits?.open_files.soft ?? 'unlimited';
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft;
}
