/** Tests the registry with fake advapi32 calls. */
import { expect, test } from 'vitest';
import type { Koffi, NativeFunction } from './koffi.ts';
import { createRegistry } from './registry.ts';

/** Creates a registry reader with these fake functions of advapi32. All other functions return 0. */
function registry(calls: Record<string, NativeFunction>) {
  const koffi = {
    load: () => ({ func: (_: string, name: string) => calls[name] ?? (() => 0) }),
    pointer: () => 'pointer',
    out: () => 'out',
    inout: () => 'inout',
  };
  return createRegistry(koffi as unknown as Koffi);
}

test('S15 the registry reader stops after a limited number of calls at a key with endless content', () => {
  let asked = 0;
  const endless: NativeFunction = (...args) => {
    const [, at, into, length, , , , bytes] = args;
    asked += 1;
    if (bytes) (bytes as [number])[0] = 4;
    (length as [number])[0] = (into as Buffer).write(`n${at}`, 'utf16le') / 2;
    return 0;
  };
  const noMore: NativeFunction = () => 259;
  for (const RegEnumValueW of [endless, noMore])
    for (const depth of ['here', 'below'] as const) {
      asked = 0;
      expect(registry({ RegEnumKeyExW: endless, RegEnumValueW }).read('HKU\\S-1-5-21-1', depth)).toMatchObject({ known: true });
      expect(asked, depth).toBeLessThanOrEqual(60_000);
    }
});
