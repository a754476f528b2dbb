/** A call into Windows that fails is not known, with its reason. */
import { messageOf } from '#contracts';
import type { Calls } from '../native.ts';
import type { Answer } from '../platform.ts';
import { shortText } from '../text.ts';

/** What `ask` answers; the reason where no call can be made, or this one fails. */
export function attempt<T>(calls: Answer<Calls>, ask: (calls: Calls) => T): Answer<T> {
  if (!calls.known) return calls;
  try {
    return { known: true, value: ask(calls.value) };
  } catch (error) {
    return { known: false, reason: shortText(messageOf(error)) };
  }
}
