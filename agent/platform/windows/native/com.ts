/** Calls COM objects of Windows with koffi: a method by its index in the virtual table. */
import type { CType, Koffi, Pointer } from './koffi.ts';

/** A COM method. Its HRESULT is a failure if the highest bit is set. Other values are success, 0 without further information. */
export type Method = (self: Pointer, ...args: unknown[]) => number;
/** Marks a COM pointer for release at the end of `scope`, and returns the pointer. */
export type Keep = (pointer: Pointer) => Pointer;

export type Com = ReturnType<typeof createCom>;

export type Out<T> = [T];

const allThreads = 0;
const inProcess = 1;
const pointerBytes = 8;

/** Guarantee: COM is initialised in this thread. */
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
    /** Returns the method at this index of the virtual table, with these argument types. */
    method,
    create(classId: string, interfaceId: string): Pointer {
      const made: Out<Pointer> = [0n];
      check('CoCreateInstance', createInstance(guid(classId), null, inProcess, guid(interfaceId), made));
      return made[0];
    },
    /** Runs `work`. Guarantee: every pointer that `work` passed to `keep` is released afterwards, also after an error. */
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
    /** Reads a text that Windows has allocated, and frees its memory. */
    takeText(at: Pointer): string {
      const text = koffi.decode.string16(at);
      free(at);
      return text;
    },
    clear: (variant: Buffer): void => void clearVariant(variant),
  };
}

/** True if the HRESULT is a success, with or without information. */
export function isSuccess(result: number): boolean {
  return result >>> 0 < 0x8000_0000;
}

/** Throws if the HRESULT is a failure. */
export function check(what: string, result: number): void {
  if (!isSuccess(result)) throw new Error(`${what}: ${(result >>> 0).toString(16)}`);
}

/** Returns the bytes of a GUID such as `CA3E7AB9-B4C3-4AE6-8251-579EF933890F`. The first three groups are little-endian. */
export function guid(text: string): Buffer {
  const plain = Buffer.from(text.replaceAll(/[{}-]/g, ''), 'hex');
  return Buffer.concat([
    plain.subarray(0, 4).toReversed(),
    plain.subarray(4, 6).toReversed(),
    plain.subarray(6, 8).toReversed(),
    plain.subarray(8),
  ]);
}
