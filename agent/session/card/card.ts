/** The room card: a file that whoever sits at this PC opens in a browser. It says whether the room is ready, or the one thing to fix. */
import type { Clock } from '@sabha/contracts';
import type { OnSlip } from '../../uplink/store/log.ts';
import { type Page, pageOf, renewedEveryMs } from './page.ts';
import { type Known, statementOf } from './statement.ts';

/** The card of a running agent. */
export type Card = ReturnType<typeof createCard>;

/** Whose card it is, and where it goes. */
export type CardOptions = {
  clock: Pick<Clock, 'now' | 'up'>;
  known(): Known;
  /** Replaces the file, whole; false where that could not be. */
  save(html: string): boolean;
  onSlip: OnSlip;
};

/**
 * Guarantee: it is written at once when it says something else, and made anew only then; and its time is renewed as long as the agent runs, so
 * that a card which nobody renews is seen to be old. What could not be written is written at the next look.
 */
export function createCard({ clock, known, save, onSlip }: CardOptions) {
  let said = '';
  let page: Page | undefined;
  let writtenUp = 0;
  let isOver = false;

  function write(at: number): void {
    const isWritten = page === undefined || save(page.join(String(at)));
    writtenUp = isWritten ? clock.up() : Number.NEGATIVE_INFINITY;
  }

  return {
    /** To be called whenever something may have changed, and every few seconds. */
    look(): void {
      if (isOver) return;
      try {
        const statement = statementOf(known());
        const says = JSON.stringify(statement);
        if (says === said && clock.up() - writtenUp < renewedEveryMs) return;
        if (says !== said) page = pageOf(statement);
        said = says;
        write(clock.now());
      } catch (error) {
        onSlip('writing the room card', error);
      }
    },
    /** The agent ends: the card is old from now on. */
    stop(): void {
      isOver = true;
      write(0);
    },
  };
}
