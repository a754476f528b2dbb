/** The one way to the disk (R20): what comes in one turn of the event loop, and all that comes while a commit is under way, is one batch. */

/**
 * `up`: a clock that never jumps. `commit` gathers everything since the last batch, resolves when that is on disk and what may follow has followed.
 * `failed`, called once: the disk did not take a batch, and nothing of this memory is true any more.
 * Guarantee: one batch at a time, in order; nothing follows a batch that is not on disk, and nothing at all after the end.
 */
export function createCommits(up: () => number, commit: () => Promise<void>, failed: (error: Error) => void) {
  /** Who waits for the next commit, and is told when none comes any more. */
  let waiting: ((committed: boolean) => void)[] = [];
  /** Those whose batch is being written. */
  let served: typeof waiting = [];
  /** A commit is under way, or will be at the end of this turn. */
  let busy = false;
  /** Something came while one was under way. */
  let again = false;
  let over = false;
  let writingUp: number | undefined;

  function end(): void {
    over = true;
    for (const tell of [...served, ...waiting]) tell(false);
    served = [];
    waiting = [];
  }

  async function commitAll(): Promise<void> {
    while (again && !over) {
      again = false;
      served = waiting;
      waiting = [];
      writingUp = up();
      await commit();
      writingUp = undefined;
      if (over) return;
      for (const tell of served) tell(true);
      served = [];
    }
    busy = false;
  }

  function soon(): void {
    again = true;
    if (busy || over) return;
    busy = true;
    queueMicrotask(() => {
      commitAll().catch((error: Error) => {
        if (over) return;
        end();
        failed(error);
      });
    });
  }

  return {
    /** What was gathered is committed at the end of this turn, or after the commit that is under way. */
    soon,
    /** True after the next commit; false where there is none, because this memory is over. */
    next(): Promise<boolean> {
      if (over) return Promise.resolve(false);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waiting.push(resolve);
      soon();
      return promise;
    },
    isOver: () => over,
    /** For how long the batch is being written. */
    writingMs: () => (writingUp === undefined ? 0 : up() - writingUp),
    /** What is not committed was never said. */
    end,
  };
}
