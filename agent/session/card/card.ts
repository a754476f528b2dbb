/** Room card: a local file that a person at this PC opens in a browser. It shows whether the room is ready, or the one thing to fix. */
import type { Clock } from '@sabha/contracts';
import type { OnInternalError } from '../../uplink/store/log.ts';
import { type Page, pageOf, renewedEveryMs } from './page.ts';
import { type RoomFacts, statementOf } from './statement.ts';

export type Card = ReturnType<typeof createCard>;

export type CardOptions = {
  clock: Pick<Clock, 'now' | 'up'>;
  known(): RoomFacts;
  /** Replaces the whole file; returns false on failure. */
  save(html: string): boolean;
  onInternalError: OnInternalError;
};

/**
 * Creates the room card. Guarantee: the card is rendered and written at once when its statement changes. While the agent runs, the time
 * on the card is renewed, so a card with an old time is stale. A failed write is retried at the next call.
 */
export function createCard({ clock, known, save, onInternalError }: CardOptions) {
  let said = '';
  let page: Page | undefined;
  let writtenUp = 0;
  let isOver = false;

  function write(at: number): void {
    const isWritten = page === undefined || save(page.join(String(at)));
    writtenUp = isWritten ? clock.up() : Number.NEGATIVE_INFINITY;
  }

  return {
    /** Updates the card if its statement changed. Callers call it after every possible change, and every few seconds. */
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
        onInternalError('writing the room card', error);
      }
    },
    /** Marks the card as stale when the agent ends. */
    stop(): void {
      isOver = true;
      write(0);
    },
  };
}
