/** Slows down whoever tries enrolment codes, and says when somebody does. */
import { type Clock, doubledMs, keepLatest, networkOf } from '#contracts';

const minuteMs = 60_000;
/** A clerk who types it wrong may do so this often in a minute. */
const freeTries = 5;
const waitMaxMs = 60 * minuteMs;
/** More failures than this in a minute, from wherever, are counted and not written down one by one. */
const notedInMinute = 60;
const addressesMax = 10_000;
const alarmTries = 5;
const alarmWithinMs = 10 * minuteMs;

/** `until` = before this it may not try again; `level` = how often it had to wait already. */
type Stranger = { tries: number; since: number; level: number; until: number };

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
 * Guarantee: five failures within ten minutes call `onAlarm`; memory is bounded.
 */
export function createGuesses({ clock, onAlarm }: GuessesOptions) {
  const strangers = new Map<string, Stranger>();
  let recent: Failure[] = [];
  let noted = { since: Number.NEGATIVE_INFINITY, count: 0 };

  return {
    /** Milliseconds until this address may try again; 0 = now. */
    waitMs: (address: string): number => Math.max(0, (strangers.get(networkOf(address))?.until ?? 0) - clock.up()),

    /** Whether there is time to look closer at a failure: a flood is only counted. */
    isCalm: (): boolean => clock.up() - noted.since >= minuteMs || noted.count < notedInMinute,

    /** One more failure, for a PC of `site` as far as that is known; false where there are too many to write each of them down. */
    failed(address: string, site: string | null = null): boolean {
      const now = clock.up();
      const network = networkOf(address);
      remember(strangers, network, now);
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
    /** How many addresses are remembered. */
    size: (): number => strangers.size,
  };
}

function remember(strangers: Map<string, Stranger>, network: string, now: number): void {
  const held = strangers.get(network);
  const quiet = held === undefined || now - Math.max(held.since, held.until) >= (held.level === 0 ? minuteMs : waitMaxMs);
  const one = quiet ? { tries: 0, since: now, level: 0, until: 0 } : held;
  one.tries += 1;
  if (one.level > 0 || one.tries >= freeTries) {
    one.until = now + doubledMs(one.level, { firstMs: minuteMs, maxMs: waitMaxMs });
    one.level += 1;
  }
  keepLatest(strangers, [network, one], addressesMax);
}
