/** The interface to Windows as it is: koffi where it lies beside Node, else `reg.exe` for the registry alone. */

import { messageOf } from '#contracts';
import type { Calls, Native, RunProgram } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';
import { type Koffi, loadKoffi } from './koffi.ts';
import { createPipes } from './pipes.ts';
import { createPnp } from './pnp.ts';
import { registryByProgram } from './reg-exe.ts';
import { createRegistry } from './registry.ts';
import { beginSoundThread, openSoundLooks } from './sound-looks.ts';
import { createSystemCalls } from './system-calls.ts';

/** Guarantee: nothing is loaded before it is first asked for. */
export function openNative(run: RunProgram, load = loadKoffi): () => Native {
  let opened: Native | undefined;
  return () => {
    opened ??= open(load(), run);
    return opened;
  };
}

function open(koffi: Answer<Koffi>, run: RunProgram): Native {
  const byProgram = registryByProgram(run);
  if (!koffi.known) return without(byProgram, koffi);
  try {
    const registry = createRegistry(koffi.value);
    const { look, mute } = openSoundLooks(beginSoundThread);
    return {
      registry: async (path, depth) => registry.read(path, depth),
      calls: { known: true, value: callsOf(koffi.value, registry) },
      sound: look,
      mute,
    };
  } catch (error) {
    return without(byProgram, { known: false, reason: shortText(messageOf(error)) });
  }
}

function without(registry: Native['registry'], none: Answer<never>): Native {
  return { registry, calls: none, sound: async () => none, mute: async () => none };
}

function callsOf(koffi: Koffi, { changedAt, writeOwn }: ReturnType<typeof createRegistry>): Calls {
  return { ...createSystemCalls(koffi), ...createPnp(koffi), keyChangedAt: changedAt, writeOwn, pipe: createPipes(koffi) };
}
