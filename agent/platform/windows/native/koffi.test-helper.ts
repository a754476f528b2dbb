/** koffi without Windows: each library has the calls that a test names. */
import type { Call, Koffi } from './koffi.ts';

/** All calls do nothing but those that are named. */
export function library(calls: Record<string, Call>): Koffi {
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
