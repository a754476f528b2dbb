/** Answers the packets of the quality test: a stateful STAMP reflector (RFC 8762, 4.3), for those who show a token and for nobody else. */
import { type Clock, isStampProbe, keepLatest, sessionWord, tokenOf, writeReply } from '#contracts';
import { createBuckets } from '../protection/buckets.ts';
import type { Rate } from '../protection/limits.ts';
import type { Answerer } from './answerer.ts';
import type { Rights } from './rights.ts';

/** What the answerer of STAMP needs. */
export type StampOptions = {
  rights: Rights;
  clock: Pick<Clock, 'now' | 'up'>;
  count(kind: 'stamp', result: string): void;
};

/** A round sends 20 or 63 packets, some 30 a second. */
const packets: Rate = { perSecond: 100, burst: 300 };
/** Of one token: the rounds that it has under way, and a few that were left. */
const sessionsAtMost = 4;
/** A token that says nothing for this long begins anew. */
const forgetMs = 120_000;
const tokensAtMost = 32_768;

type Holder = {
  heardUp: number;
  /** The next number of each of its sessions, the latest last. */
  next: Map<string, number>;
};

/** Guarantee: it answers a proven token with 44 bytes for 44, within the token's pace, and nobody else. */
export function createStampAnswerer({ rights, clock, count }: StampOptions): Answerer {
  const buckets = createBuckets(packets);
  const holders = new Map<string, Holder>();
  // Not Date.now, which knows no microseconds and jumps in the middle of a round.
  const offsetMs = clock.now() - clock.up();
  const time = () => offsetMs + clock.up();

  return {
    takes: isStampProbe,
    answer(packet, from, reply) {
      const receivedAt = time();
      const opened = rights.prove(tokenOf(packet));
      if (typeof opened === 'string') return count('stamp', opened);
      const word = sessionWord(packet);
      const who = word.slice(2);
      const now = clock.up();
      if (buckets.waitMs(who, 1, now) > 0) return count('stamp', 'limited');
      buckets.take(who, 1, now);
      const seq = nextNumber(holderOf(holders, who, now), `${word}${from.port} ${from.address}`);
      reply(writeReply(packet, { seq, receivedAt, sentAt: time }));
      count('stamp', 'answered');
    },
  };
}

/** The one that was heard of last stands last, so that those who fell silent are found at the front. */
function holderOf(holders: Map<string, Holder>, who: string, now: number): Holder {
  const held = holders.get(who);
  const holder = held !== undefined && now - held.heardUp < forgetMs ? held : { heardUp: now, next: new Map<string, number>() };
  holder.heardUp = now;
  holders.delete(who);
  holders.set(who, holder);
  for (const [oldest, { heardUp }] of holders) {
    if (now - heardUp < forgetMs && holders.size <= tokensAtMost) break;
    holders.delete(oldest);
  }
  return holder;
}

function nextNumber({ next }: Holder, session: string): number {
  const seq = next.get(session) ?? 0;
  keepLatest(next, [session, seq + 1], sessionsAtMost);
  return seq;
}
