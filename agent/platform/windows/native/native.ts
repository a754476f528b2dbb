/** Implements the interface to Windows with koffi. Without koffi every result is unknown. */
import { messageOf } from '@sabha/contracts';
import type { Native } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';
import { beginThread, openCallQueue } from './call-queue.ts';
import { type Koffi, loadKoffi } from './koffi.ts';
import { createRegistry } from './registry.ts';
import { createPipes, createSystemCalls } from './system-calls.ts';

/** Guarantee: no library is loaded before the returned function is called. */
export function openNative(load = loadKoffi, asking = () => openCallQueue(beginThread)): () => Native {
  let opened: Native | undefined;
  return () => {
    opened ??= nativeOf(load(), asking);
    return opened;
  };
}

function nativeOf(koffi: Answer<Koffi>, asking: () => Native['ask']): Native {
  if (!koffi.known) return without(koffi);
  try {
    const { read, changedAt } = createRegistry(koffi.value);
    return {
      registry: async (path, depth) => read(path, depth),
      calls: { known: true, value: { ...createSystemCalls(koffi.value), keyChangedAt: changedAt, pipe: createPipes(koffi.value) } },
      ask: asking(),
    };
  } catch (error) {
    return without({ known: false, reason: shortText(messageOf(error)) });
  }
}

function without(none: Answer<never>): Native {
  return { registry: async () => none, calls: none, ask: async () => none };
}
