/** The centre's own gaps (R18a) and the clock of its machine (R29): found at each tick before anything is judged. */
import { hearingTopic } from '#contracts';
import { createHearing } from '../outages/hearing.ts';
import type { CentreEvent } from '../records/incidents.ts';
import type { CentreTime } from './centre-time.ts';
import type { Audit, IngestOptions } from './options.ts';

/** A time in which the centre heard nobody. */
export type Away = { from: number; to: number };

/** Whom the listener tells, and what it must know. */
export type ListeningOptions = Pick<IngestOptions, 'clock' | 'listening' | 'log' | 'send' | 'randomId'> & {
  time: CentreTime;
  /** Until when somebody listened before this memory began, as far as that is certain; 0 where nobody ever did. */
  listenedUntil: number;
  isSubscribed(): boolean;
  tell(event: CentreEvent, audit?: Audit): void;
  /** Asks every PC for a birth. */
  hello(): void;
};

/** What hears for one memory. */
export type Listening = ReturnType<typeof createListening>;

/** A gap that is shorter is shown to nobody. */
const awayShownMs = 30_000;

/** Hears nothing until `subscribed`. */
export function createListening(options: ListeningOptions) {
  const { time, log, listenedUntil, tell } = options;
  const hearing = createHearing(options.randomId(), options.clock.speed);
  let away: Away | null = null;

  function say(now: number): void {
    const word = hearing.word(now);
    if (word !== undefined) options.send(hearingTopic, Buffer.from(word), 1);
  }

  /** From now on what PCs say reaches us: every one of them has its whole limit anew, and is asked for a birth (R17, R18a). */
  function subscribed(): void {
    const now = time.now();
    const from = hearing.provenAt() ?? Math.min(now, listenedUntil);
    if (from > 0 && now - from >= awayShownMs) away = { from, to: now };
    hearing.begin(now);
    tell({ type: 'subscribed' });
    options.hello();
    say(now);
  }

  function followClock(): void {
    const byMs = time.follow();
    if (byMs === 0) return;
    const about = `${byMs > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(byMs) / 1_000)} s`;
    log.warn({ byMs: Math.round(byMs) }, `the clock of this machine was set ${about}`);
    hearing.shift(byMs);
    tell({ type: 'clock', byMs }, { who: 'centre', what: 'clock set', about });
    // PCs compare their clocks anew.
    if (options.isSubscribed()) subscribed();
  }

  return {
    away: () => away,
    provenAt: hearing.provenAt,
    tickAt: hearing.tickAt,
    subscribed,
    unsubscribed(): void {
      hearing.end();
      tell({ type: 'unsubscribed' });
    },

    /** A word on our own topic. */
    take(payload: Buffer): void {
      if (!hearing.back(payload.toString())) return;
      subscribed();
      options.listening();
    },

    /** Guarantee: a step of the clock ends no wait and no silence, and a gap of ours is none of theirs. */
    tick(): void {
      followClock();
      const now = time.now();
      const gap = hearing.tick(now);
      if (gap === undefined) return say(now);
      const why = gap === 'late' ? 'this process stood still' : 'the broker brings nothing back';
      log.warn({ heardUntil: new Date(hearing.provenAt() ?? now).toISOString() }, `no silence is judged: ${why}`);
      tell({ type: 'unsubscribed', slow: true });
      if (gap === 'late') subscribed();
      else say(now);
      options.listening();
    },
  };
}
