/** Slows down whoever tries enrolment codes, and says when somebody does. */
import { type Clock, createBuckets, networkOf } from '@sabha/contracts';

const minuteMs = 60_000;
/** Wrong codes of one address: a clerk mistypes five, then one a minute. Codes have 100 random bits, so this limits the load, not the guessing. */
const wrongCodes = { perSecond: 1 / 60, burst: 5 };
/** More failures than this in a minute, from wherever, are counted and not written down one by one. */
const notedInMinute = 60;
const alarmTries = 5;
const alarmWithinMs = 10 * minuteMs;

/** What is written down of failures, and who is told of many. */
export type GuessesOptions = {
  clock: Pick<Clock, 'up'>;
  /** `site`: whose code somebody at one address fails to type, and nobody else fails; null where it may be anybody. */
  onAlarm(address: string, site: string | null): void;
};
/** Who failed, when, and for a PC of which site that was given a code. */
type Failure = { at: number; network: string; site: string | null };
/** Failures of those who try codes. */
export type Guesses = ReturnType<typeof createGuesses>;

/**
 * Counts failures by address (of IPv6 its /64) and in total. Who asks only does so where the code is wrong: a right one is never held up.
 * Guarantee: five failures within ten minutes call `onAlarm`.
 */
export function createGuesses({ clock, onAlarm }: GuessesOptions) {
  const buckets = createBuckets(wrongCodes);
  let recent: Failure[] = [];
  let noted = { since: Number.NEGATIVE_INFINITY, count: 0 };

  return {
    /** Milliseconds until this address may try again; 0 = now. */
    waitMs: (address: string): number => buckets.waitMs(networkOf(address), 1, clock.up()),

    /** Whether there is time to look closer at a failure: a flood is only counted. */
    isCalm: (): boolean => clock.up() - noted.since >= minuteMs || noted.count < notedInMinute,

    /** One more failure, for a PC of `site` as far as that is known; false where there are too many to write each of them down. */
    failed(address: string, site: string | null = null): boolean {
      const now = clock.up();
      const network = networkOf(address);
      buckets.tryTake(network, 1, now);
      recent = [...recent, { at: now, network, site }].filter(({ at }) => now - at < alarmWithinMs).slice(-alarmTries);
      if (recent.length >= alarmTries) {
        const isOne = recent.every((one) => one.network === network && one.site === site);
        recent = [];
        onAlarm(address, isOne ? site : null);
      }
      if (now - noted.since >= minuteMs) noted = { since: now, count: 0 };
      noted.count += 1;
      return noted.count <= notedInMinute;
    },
  };
}
