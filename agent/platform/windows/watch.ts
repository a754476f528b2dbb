/** Tells of what comes, goes and changes by looking again and again: a look is cheap, and calls back from Windows are not safe here. */
import type { Cancel, Clock } from '#contracts';

const everyMs = 5_000;

/** Calls back where two looks differ. Guarantee: one look at a time, none after the end. */
export function watchLooks(look: () => Promise<unknown>, clock: Pick<Clock, 'after'>, changed: () => void): Cancel {
  let before: string | undefined;
  let over = false;
  let again: Cancel = () => undefined;
  const compare = async () => {
    const now = JSON.stringify(await look());
    if (over) return;
    const isNews = before !== undefined && now !== before;
    before = now;
    again = clock.after(everyMs, () => void compare());
    if (isNews) changed();
  };
  void compare();
  return () => {
    over = true;
    again();
  };
}
