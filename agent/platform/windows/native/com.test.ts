import { expect, it } from 'vitest';
import { createCom, guid } from './com.ts';
import type { Koffi, Pointer } from './koffi.ts';

/** A memory in which each object has a table, and a method does what the test says; the third of each gives the object back. */
function memory() {
  const released: Pointer[] = [];
  const koffi: Koffi = {
    load: () => ({ func: () => () => 0 }),
    proto: () => 'proto',
    pointer: () => 'pointer',
    out: () => 'out',
    inout: () => 'inout',
    call: (_method, _type, self) => {
      if (typeof self === 'bigint') released.push(self);
      return 0;
    },
    decode: Object.assign(() => 0n, { string16: () => '' }) as unknown as Koffi['decode'],
  };
  return { com: createCom(koffi), released };
}

it('all that a look has taken is given back, the last first, also where it fails', () => {
  const { com, released } = memory();
  expect(com.scope((keep) => [keep(1n), keep(2n)])).toEqual([1n, 2n]);
  expect(released).toEqual([2n, 1n]);
  const fails = () =>
    com.scope((keep) => {
      keep(3n);
      throw new Error('gone');
    });
  expect(fails).toThrow('gone');
  expect(released).toEqual([2n, 1n, 3n]);
});

it('an id has its first three groups the other way round', () => {
  expect(guid('A95664D2-9614-4F35-A746-DE8DB63617E6').toString('hex')).toBe('d26456a91496354fa746de8db63617e6');
});
