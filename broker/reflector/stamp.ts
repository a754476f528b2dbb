/** Answers the packets of the quality test: a stateful STAMP reflector (RFC 8762, 4.3), for those who show a token and for nobody else. */
import { type Clock, createBuckets, isStampProbe, keepLatest, type Rate, seqOf, sessionWord, tokenOf, writeReply } from '@sabha/contracts';
import type { Answerer } from './reflector.ts';
import type { Rights } from './rights.ts';

/** What the answerer of STAMP needs. */
export type StampOptions = {
  rights: Rights;
  clock: Pick<Clock, 'now' | 'up'>;
  count(kind: 'stamp', result: string): void;
};

/** A round sends 23 or 63 packets, some 30 a second. */
const packets: Rate = { perSecond: 100, burst: 300 };
/** Of one token: the rounds that it has under way, and a few that were left. */
const sessionsAtMost = 4;
/** Of one session, several rounds. */
const probesAtMost = 256;
/** A token that says nothing for this long begins anew. */
const forgetMs = 120_000;
const tokensAtMost = 32_768;

type Holder = {
  heardUp: number;
  /** Of each of its sessions, the latest last: the next number that we give, and the probes that came. */
  sessions: Map<string, { next: number; heard: Map<number, true> }>;
};

/**
 * A session is known by its token and its own number, not by its port, which a router may change in the middle of a round.
 * Guarantee: it answers a proven token with 44 bytes for 44, within the token's pace, and nobody else; each probe once, however often it comes.
 */
export function createStampAnswerer({ rights, clock, count }: StampOptions): Answerer {
  const buckets = createBuckets(packets);
  const holders = new Map<string, Holder>();
  // Not Date.now, which knows no microseconds and jumps in the middle of a round.
  const offsetMs = clock.now() - clock.up();
  const time = () => offsetMs + clock.up();

  return {
    takes: isStampProbe,
    answer(packet, _from, reply) {
      const receivedAt = time();
      const opened = rights.prove(tokenOf(packet));
      if (typeof opened === 'string') return count('stamp', opened);
      const word = sessionWord(packet);
      const who = word.slice(2);
      const now = clock.up();
      if (!buckets.tryTake(who, 1, now)) return count('stamp', 'limited');
      const seq = numberOf(holderOf(holders, who, now), word, seqOf(packet));
      if (seq === undefined) return count('stamp', 'doubled');
      reply(writeReply(packet, { seq, receivedAt, sentAt: time }));
      count('stamp', 'answered');
    },
  };
}

/** The one that was heard of last stands last, so that those who fell silent are found at the front. */
function holderOf(holders: Map<string, Holder>, who: string, now: number): Holder {
  const held = holders.get(who);
  const holder: Holder = held !== undefined && now - held.heardUp < forgetMs ? held : { heardUp: now, sessions: new Map() };
  holder.heardUp = now;
  holders.delete(who);
  holders.set(who, holder);
  for (const [oldest, { heardUp }] of holders) {
    if (now - heardUp < forgetMs && holders.size <= tokensAtMost) break;
    holders.delete(oldest);
  }
  return holder;
}

/** Which one of its session it is, from 0; undefined where it came before: a packet that the line doubled would count as two. */
function numberOf({ sessions }: Holder, word: string, probe: number): number | undefined {
  const session = sessions.get(word) ?? { next: 0, heard: new Map() };
  keepLatest(sessions, [word, session], sessionsAtMost);
  if (session.heard.has(probe)) return undefined;
  keepLatest(session.heard, [probe, true], probesAtMost);
  return session.next++;
}
