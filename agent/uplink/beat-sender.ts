/** Says the beat: the digest of the state and the numbers, and the question for the centre's time (R13, R16). */
import { type Beat, type Cancel, type Clock, encode, type LinkLimits } from '#contracts';
import type { CheckTable } from '../checks/check-table.ts';
import { createBeatNumbers } from './beat-numbers.ts';
import { createBeatRoom } from './beat-room.ts';
import type { Echo } from './echo.ts';

/** What is said, in which session, how often, and how. */
export type BeatSenderOptions = {
  table: Pick<CheckTable, 'digest' | 'numbers'>;
  clock: Clock;
  session: number;
  limits: () => LinkLimits;
  /** Of the topic, which each beat carries as well. */
  topicBytes: number;
  /** The question for the time. */
  echo: Pick<Echo, 'due' | 'ask'>;
  /** Runs a task later, unless the session is over by then. */
  later(delayMs: number, task: () => void): Cancel;
  /** True when the broker has it. */
  send(payload: Buffer): Promise<boolean>;
};

/** The beats of one session. */
export type BeatSender = ReturnType<typeof createBeatSender>;

/** Says nothing before `start`. */
export function createBeatSender({ table, clock, session, limits, topicBytes, echo, later, send }: BeatSenderOptions) {
  const beatNumbers = createBeatNumbers();
  const room = createBeatRoom(limits, topicBytes);

  function beat(): void {
    say(echo.due());
    later(limits().beatMs, beat);
  }

  /** Where something is left out, the beat says that it is a part. */
  function say(asked: number | undefined): void {
    const bare: Omit<Beat, 'n'> = { digest: table.digest(), session, at: clock.now(), ...(asked !== undefined && { echo: asked }) };
    const numbers = table.numbers();
    const n = beatNumbers.pick(numbers, room.bytes() - encode('beat', { ...bare, part: 1, n: {} }).length);
    const isPart = Object.keys(n).length < Object.keys(numbers).length;
    const payload = encode('beat', { ...bare, ...(isPart && { part: 1 as const }), n });
    room.used(payload.length);
    void send(payload).then((acked) => acked && beatNumbers.said(n));
  }

  return {
    /** The first is said now, the next as the class of the link says. */
    start: beat,
    /** One more, now, which asks for the time. */
    ask: (): void => say(echo.ask()),
    /** Who listens now may have heard none of them. */
    forget: beatNumbers.forget,
  };
}
