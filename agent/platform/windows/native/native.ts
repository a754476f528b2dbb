/** The interface to Windows as it is: koffi where it lies beside Node, else `reg.exe` for the registry alone. */

import { messageOf } from '#contracts';
import type { Calls, Native, RunProgram } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';
import { beginThread, openAsking } from './asking.ts';
import { type Koffi, loadKoffi } from './koffi.ts';
import { registryByProgram } from './reg-exe.ts';
import { createRegistry } from './registry.ts';
import { createPipes, createSystemCalls } from './system-calls.ts';

/** Guarantee: nothing is loaded before it is first asked for. */
export function openNative(run: RunProgram, load = loadKoffi, asking = () => openAsking(beginThread)): () => Native {
  let opened: Native | undefined;
  const open = (): Native => {
    const koffi = load();
    const byProgram = registryByProgram(run);
    return koffi.known ? withKoffi(koffi.value, byProgram, asking) : without(byProgram, koffi);
  };
  return () => {
    opened ??= open();
    return opened;
  };
}

function withKoffi(koffi: Koffi, byProgram: Native['registry'], asking: () => Native['ask']): Native {
  try {
    const registry = createRegistry(koffi);
    return {
      registry: async (path, depth) => registry.read(path, depth),
      calls: { known: true, value: callsOf(koffi, registry) },
      ask: asking(),
    };
  } catch (error) {
    return without(byProgram, { known: false, reason: shortText(messageOf(error)) });
  }
}

function without(registry: Native['registry'], none: Answer<never>): Native {
  return { registry, calls: none, ask: async () => none };
}

function callsOf(koffi: Koffi, { changedAt }: ReturnType<typeof createRegistry>): Calls {
  return { ...createSystemCalls(koffi), keyChangedAt: changedAt, pipe: createPipes(koffi) };
}
