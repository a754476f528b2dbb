import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { DeliveryOutcome } from '../../engine/records/notices.ts';
import { sendWithinLimit } from './delivery-queue.ts';
import { testClock } from './people.test-helper.ts';

const late: DeliveryOutcome = { result: 'retry', reason: 'no answer in 1 s' };

test.each(['the limit', 'the cut', 'a cut that came before'])(
  'sendWithinLimit ends a send that ignores its abort signal at %s, and aborts the signal',
  async (what) => {
    const [clock, cut] = [testClock(), new AbortController()];
    if (what === 'a cut that came before') cut.abort();
    let told: AbortSignal | undefined;
    const outcome = sendWithinLimit({ clock, limitMs: 1_000, cut: cut.signal }, (signal) => {
      told = signal;
      return new Promise(() => {});
    });
    if (what === 'the limit') await clock.pass(1_000);
    if (what === 'the cut') cut.abort();
    expect(await outcome).toEqual(late);
    expect(told?.aborted).toBe(true);
    expect(getEventListeners(cut.signal, 'abort')).toEqual([]);
  },
);
