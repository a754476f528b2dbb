/** Reads the registry with advapi32, in this process. It writes nothing. */
import { type Depth, fromFileTime, type RegistryKey, type RegistryValue } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { type Koffi, type Pointer, textsOf, untilZero } from './koffi.ts';

const hives: Readonly<Record<string, bigint>> = { HKLM: 0xffff_ffff_8000_0002n, HKU: 0xffff_ffff_8000_0003n };
/** Access rights: read the 64-bit view of the registry. */
const access = 0x2_0019 | 0x100;
const codes = { notThere: 2, more: 234, end: 259 };
const longestName = 16_384;
/** Limit of a value in bytes. A larger value is ignored, because no relevant setting is as large. */
const largestValue = 4_096;
/** Limit of calls per reading, because a user can create any number of keys. Relevant keys need far fewer calls. */
const looksLimit = 60_000;

/** Guarantee: each opened key is closed, and the time of a reading is limited for any size of the tree. */
export function createRegistry(koffi: Koffi) {
  const calls = callsOf(koffi);
  const room = { name: Buffer.alloc(longestName * 2), data: Buffer.alloc(largestValue), left: looksLimit };

  function within<T>(path: string, work: (key: Pointer) => T): { code: number; value?: T } {
    const [hive = '', ...rest] = path.split('\\');
    const key: [Pointer] = [0n];
    const code = calls.open(hives[hive] ?? 0n, rest.join('\\'), 0, access, key);
    if (code !== 0) return { code };
    try {
      return { code, value: work(key[0]) };
    } finally {
      calls.close(key[0]);
    }
  }

  function collect(path: string, depth: Depth, found: RegistryKey[]): number {
    const { code, value: names = [] } = within(path, (key) => {
      found.push({ path, values: valuesOf(calls, key, room), changedAt: changedAt(calls, key) });
      return namesOf(calls, key, room);
    });
    for (const name of names) {
      const below = `${path}\\${name}`;
      if (depth === 'below' && room.left > 0) collect(below, depth, found);
      else found.push({ path: below, values: new Map(), changedAt: null });
    }
    return code;
  }

  return {
    read(path: string, depth: Depth): Answer<RegistryKey[]> {
      const found: RegistryKey[] = [];
      room.left = looksLimit;
      const code = collect(path, depth, found);
      return code === 0 || code === codes.notThere ? { known: true, value: found } : { known: false, reason: `registry: code ${code}` };
    },
    changedAt: (path: string): number | null => within(path, (key) => changedAt(calls, key)).value ?? null,
  };
}

type RegistryCalls = ReturnType<typeof callsOf>;

function callsOf(koffi: Koffi) {
  const library = koffi.load('advapi32.dll');
  const number = koffi.inout(koffi.pointer('uint32'));
  const none = 'void *';
  return {
    open: library.func('__stdcall', 'RegOpenKeyExW', 'int32', ['uint64', 'str16', 'uint32', 'uint32', koffi.out(koffi.pointer('uint64'))]),
    close: library.func('__stdcall', 'RegCloseKey', 'int32', ['uint64']),
    info: library.func('__stdcall', 'RegQueryInfoKeyW', 'int32', ['uint64', ...Array.from({ length: 10 }, () => none), none]),
    name: library.func('__stdcall', 'RegEnumKeyExW', 'int32', ['uint64', 'uint32', none, number, none, none, none, none]),
    value: library.func('__stdcall', 'RegEnumValueW', 'int32', ['uint64', 'uint32', none, number, none, number, none, number]),
  };
}

function changedAt(calls: RegistryCalls, key: Pointer): number | null {
  const time = Buffer.alloc(8);
  const absent = Array.from({ length: 10 }, () => null);
  return calls.info(key, ...absent, time) === 0 ? fromFileTime(time.readBigUInt64LE()) : null;
}

/** Output buffers that the calls of one reading share, and `left`, the number of calls that the reading may still make. */
type ValueBuffers = { name: Buffer; data: Buffer; left: number };

function namesOf(calls: RegistryCalls, key: Pointer, room: ValueBuffers): string[] {
  const { name } = room;
  const names: string[] = [];
  for (let at = 0; room.left > 0; at += 1) {
    room.left -= 1;
    const length: [number] = [longestName];
    if (calls.name(key, at, name, length, null, null, null, null) !== 0) break;
    names.push(name.toString('utf16le', 0, length[0] * 2));
  }
  return names;
}

function valuesOf(calls: RegistryCalls, key: Pointer, room: ValueBuffers): Map<string, RegistryValue> {
  const { name, data } = room;
  const values = new Map<string, RegistryValue>();
  for (let at = 0; room.left > 0; at += 1) {
    room.left -= 1;
    const [length, kind, bytes]: [[number], [number], [number]] = [[longestName], [0], [largestValue]];
    const code = calls.value(key, at, name, length, null, kind, data, bytes);
    if (code === codes.end || (code !== 0 && code !== codes.more)) break;
    const value = code === codes.more ? undefined : valueFrom(kind[0], data.subarray(0, bytes[0]));
    if (value !== undefined) values.set(name.toString('utf16le', 0, length[0] * 2).toLowerCase(), value);
  }
  return values;
}

const kinds = { text: 1, expandable: 2, number: 4, texts: 7, long: 11 };

/** Guarantee: data whose length does not fit its type is returned as bytes. */
function valueFrom(kind: number, data: Buffer): RegistryValue {
  if (kind === kinds.text || kind === kinds.expandable) return untilZero(data.toString('utf16le'));
  if (kind === kinds.number && data.length === 4) return data.readUInt32LE();
  if (kind === kinds.long && data.length === 8) return data.readBigUInt64LE();
  if (kind === kinds.texts) return textsOf(data);
  return Buffer.from(data);
}
