/** Says the beat: the digest of the state and the numbers, and the question for the centre's time (R13, R16). */
import { type Beat, type Cancel, type Clock, encode, isThin, type LinkLimits, thinBeatBytes } from '#contracts';
import type { CheckTable, Numbers } from '../checks/check-table.ts';
import { createBeatNumbers, splitNumbers } from './beat-numbers.ts';
import type { Echo } from './echo.ts';

/** What is said, in which session, how often, and how. */
export type BeatSenderOptions = {
  table: Pick<CheckTable, 'digest' | 'numbers'>;
  clock: Clock;
  session: number;
  limits: () => LinkLimits;
  /** The question for the time. */
  echo: Pick<Echo, 'due' | 'ask'>;
  /** Runs a task later, unless the session is over by then. */
  later(delayMs: number, task: () => void): Cancel;
  /** True when the broker has it. */
  send(payload: Buffer): Promise<boolean>;
};

/** The beats of one session. */
export type BeatSender = {
  /** The first is said now, the next as the class of the link says. */
  start(): void;
  /** One more, now, which asks for the time. */
  ask(): void;
};

/** Says nothing before `start`. */
export function createBeatSender({ table, clock, session, limits, echo, later, send }: BeatSenderOptions): BeatSender {
  const beatNumbers = createBeatNumbers();

  function beat(): void {
    say(echo.due());
    later(limits().beatMs, beat);
  }

  function say(asked: number | undefined): void {
    const message = { digest: table.digest(), session, at: clock.now(), ...(asked !== undefined && { echo: asked }) };
    if (isThin(limits())) thin(message);
    else wide(message);
  }

  /** Guarantee: its payload has at most 150 B (`thinBeatBytes`). */
  function thin(bare: Omit<Beat, 'n'>): void {
    const message = { ...bare, part: 1 as const };
    const n = beatNumbers.pick(table.numbers(), thinBeatBytes - encode('beat', { ...message, n: {} }).length);
    void send(encode('beat', { ...message, n })).then((acked) => acked && beatNumbers.said(n));
  }

  /** Where something is left out because it did not change, the beat says that it is a part. */
  function wide(bare: Omit<Beat, 'n'>): void {
    const { each, slow } = splitNumbers(table.numbers());
    const news = beatNumbers.pick(slow, Number.POSITIVE_INFINITY);
    const isPart = Object.keys(news).length < Object.keys(slow).length;
    const message = { ...bare, ...(isPart && { part: 1 as const }), n: { ...shortened(each), ...news } };
    void send(encode('beat', message)).then((acked) => acked && beatNumbers.said(news));
  }

  return { start: beat, ask: () => say(echo.ask()) };
}

/** Three digits say enough of a ratio. */
function shortened(numbers: Numbers): Record<string, number> {
  const short = (value: number) => (Math.abs(value) < 1_000 ? Number(value.toPrecision(3)) : Math.round(value));
  return Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, short(value)]));
}
