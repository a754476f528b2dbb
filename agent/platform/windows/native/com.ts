/** COM by koffi: objects whose methods are called by their place in a table. Each pointer that is had is given back. */
import type { CType, Koffi, Pointer } from './koffi.ts';

/** A method that answers with an HRESULT: what has its highest bit went wrong, 0 is well, and all between is well with something to say. */
export type Method = (self: Pointer, ...args: unknown[]) => number;
/** Notes what is to be given back at the end of a scope. */
export type Keep = (pointer: Pointer) => Pointer;

/** What the calls of Core Audio are made of. */
export type Com = ReturnType<typeof createCom>;

/** For a place that a callee fills. */
export type Out<T> = [T];

const allThreads = 0;
const inProcess = 1;
const pointerBytes = 8;

/** Guarantee: COM is begun in this thread. */
export function createCom(koffi: Koffi) {
  const ole = koffi.load('ole32.dll');
  const outPointer = koffi.out(koffi.pointer('void *'));
  const begin = ole.func('__stdcall', 'CoInitializeEx', 'int32', ['void *', 'uint32']);
  const createInstance = ole.func('__stdcall', 'CoCreateInstance', 'int32', ['void *', 'void *', 'uint32', 'void *', outPointer]);
  const free = ole.func('__stdcall', 'CoTaskMemFree', 'void', ['void *']);
  const clearVariant = ole.func('__stdcall', 'PropVariantClear', 'int32', ['void *']);
  begin(null, allThreads);

  const method = (slot: number, ...args: CType[]): Method => {
    const type = koffi.proto('__stdcall', 'int32', ['void *', ...args]);
    return (self, ...given) => {
      const table = koffi.decode(self, 0, 'void *');
      return koffi.call(koffi.decode(table, slot * pointerBytes, 'void *'), type, self, ...given) >>> 0;
    };
  };
  const release = method(2);

  return {
    /** The method at this place of the table, with these arguments. */
    method,
    create(classId: string, interfaceId: string): Pointer {
      const made: Out<Pointer> = [0n];
      check('CoCreateInstance', createInstance(guid(classId), null, inProcess, guid(interfaceId), made));
      return made[0];
    },
    /** Guarantee: all that was kept is released, whatever happens. */
    scope<T>(work: (keep: Keep) => T): T {
      const kept: Pointer[] = [];
      try {
        return work((pointer) => {
          kept.push(pointer);
          return pointer;
        });
      } finally {
        for (const pointer of kept.reverse()) release(pointer);
      }
    },
    /** Reads a text that the callee has allocated, and frees it. */
    takeText(at: Pointer): string {
      const text = koffi.decode.string16(at);
      free(at);
      return text;
    },
    /** Empties a PROPVARIANT. */
    clear: (variant: Buffer): void => void clearVariant(variant),
  };
}

/** Did the call do what it should, whatever else it has to say? */
export function isWell(result: number): boolean {
  return result >>> 0 < 0x8000_0000;
}

/** Throws where a call did not do well. */
export function check(what: string, result: number): void {
  if (!isWell(result)) throw new Error(`${what}: ${(result >>> 0).toString(16)}`);
}

/** The bytes of `CA3E7AB9-B4C3-4AE6-8251-579EF933890F`: of the first three groups the low byte comes first. */
export function guid(text: string): Buffer {
  const plain = Buffer.from(text.replaceAll(/[{}-]/g, ''), 'hex');
  return Buffer.concat([
    plain.subarray(0, 4).toReversed(),
    plain.subarray(4, 6).toReversed(),
    plain.subarray(6, 8).toReversed(),
    plain.subarray(8),
  ]);
}
