/** Stateful STAMP reflector (RFC 8762, 4.3) for the quality test. It responds only to a valid token. */
import { type Clock, createBuckets, isStampProbe, keepLatest, type Rate, seqOf, sessionKeyOf, tokenOf, writeReply } from '@sabha/contracts';
import type { PacketHandler } from './reflector.ts';
import type { TokenVerifier } from './rights.ts';

export type StampOptions = { tokens: TokenVerifier; clock: Pick<Clock, 'now' | 'up'>; count(kind: 'stamp', result: string): void };

/** Rate of packets per token. A round sends 23 or 63 packets, about 30 a second. */
const packets: Rate = { perSecond: 100, burst: 300 };
/** Sessions kept per token, enough for current rounds and a few aborted ones. */
const sessionsAtMost = 4;
/** Probes remembered per session, enough for several rounds. */
const probesAtMost = 256;
/** Milliseconds without packets after which a token starts a new session. */
const expiryMs = 120_000;
const tokensAtMost = 32_768;

type TokenState = {
  lastPacketUp: number;
  /** Sessions, the latest last. Each has the next reply number and the received probes. */
  sessions: Map<string, { next: number; heard: Map<number, true> }>;
};

/**
 * Identifies a session by its token and number, not by its port, which a router may change during a round.
 * Guarantee: sends 44 bytes for each 44-byte probe to a verified token, within its rate, and nothing to others. Each probe gets one
 * response, even if it is duplicated.
 */
export function createStampHandler({ tokens, clock, count }: StampOptions): PacketHandler {
  const buckets = createBuckets(packets);
  const holders = new Map<string, TokenState>();
  // Does not use Date.now, because it has no microseconds and may jump during a round.
  const offsetMs = clock.now() - clock.up();
  const time = () => offsetMs + clock.up();

  return {
    matches: isStampProbe,
    handlePacket(packet, _from, reply) {
      const receivedAt = time();
      const opened = tokens.verify(tokenOf(packet));
      if (typeof opened === 'string') return count('stamp', opened);
      const word = sessionKeyOf(packet);
      const who = word.slice(2);
      const now = clock.up();
      if (!buckets.tryTake(who, 1, now)) return count('stamp', 'limited');
      const seq = nextReplyNumber(tokenStateOf(holders, who, now), word, seqOf(packet));
      if (seq === undefined) return count('stamp', 'doubled');
      reply(writeReply(packet, { seq, receivedAt, sentAt: time }));
      count('stamp', 'answered');
    },
  };
}

/** Returns the state of a token. Keeps tokens in order of their last packet, so that expired ones are first. */
function tokenStateOf(holders: Map<string, TokenState>, who: string, now: number): TokenState {
  const held = holders.get(who);
  const holder: TokenState = held !== undefined && now - held.lastPacketUp < expiryMs ? held : { lastPacketUp: now, sessions: new Map() };
  holder.lastPacketUp = now;
  holders.delete(who);
  holders.set(who, holder);
  for (const [oldest, { lastPacketUp }] of holders) {
    if (now - lastPacketUp < expiryMs && holders.size <= tokensAtMost) break;
    holders.delete(oldest);
  }
  return holder;
}

/** Returns the reply number in the session, from 0. Returns undefined for a duplicate, which would count as two packets. */
function nextReplyNumber({ sessions }: TokenState, word: string, probe: number): number | undefined {
  const session = sessions.get(word) ?? { next: 0, heard: new Map() };
  keepLatest(sessions, [word, session], sessionsAtMost);
  if (session.heard.has(probe)) return undefined;
  keepLatest(session.heard, [probe, true], probesAtMost);
  return session.next++;
}
