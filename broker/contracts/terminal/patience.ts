/** Whoever waits at a terminal sees that something goes on. */
import type { Clock } from '../kit/clock.ts';

/** Where a person looks on; without `isTTY` nobody does, and what is written may be read by a program. */
export type Screen = { isTTY?: boolean; write(text: string): unknown };
/** `say` = what is waited for, after so many seconds. */
export type Waiting = { clock: Pick<Clock, 'up' | 'after'>; screen: Screen; say(seconds: number): string };

/** What begins so takes the place of a line that said how long it takes. */
export const clearLine = '\r\u001b[K';
const patientMs = 2_000;
const everyMs = 1_000;

/** The end of the work; what takes over two seconds is told of on one line, each second anew, which goes when it is over. */
export async function withPatience<T>(work: Promise<T>, { clock, screen, say }: Waiting): Promise<T> {
  if (screen.isTTY !== true) return work;
  const begunUp = clock.up();
  let told = false;
  const tell = () => {
    told = true;
    screen.write(`${clearLine}${say(Math.round((clock.up() - begunUp) / 1_000))}`);
    cancel = clock.after(everyMs, tell);
  };
  let cancel = clock.after(patientMs, tell);
  try {
    return await work;
  } finally {
    cancel();
    if (told) screen.write(clearLine);
  }
}
