/** Creates a fake koffi, whose libraries contain the functions that a test defines. */
import type { Koffi, NativeFunction } from './koffi.ts';

export function library(calls: Record<string, NativeFunction>): Koffi {
  return {
    load: () => ({ func: (_, name) => calls[name] ?? (() => 0) }),
    proto: () => 'proto',
    pointer: () => 'pointer',
    out: () => 'out',
    inout: () => 'inout',
    call: () => 0,
    decode: Object.assign(() => 0n, { string16: () => 'Asha' }) as unknown as Koffi['decode'],
  };
}
