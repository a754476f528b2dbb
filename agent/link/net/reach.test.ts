import { Resolver } from 'node:dns/promises';
import { expect, it, vi } from 'vitest';
import { udpWireBytes } from './meter.ts';
import { look } from './reach.ts';

it('a name that has an address of IPv6 alone was asked for twice and counted once, with the headers of IPv4', async () => {
  vi.spyOn(Resolver.prototype, 'getServers').mockReturnValue(['[2001:db8::1]:53']);
  vi.spyOn(Resolver.prototype, 'resolve4').mockRejectedValue(Object.assign(new Error('none'), { code: 'ENODATA' }));
  vi.spyOn(Resolver.prototype, 'resolve6').mockResolvedValue(['2001:db8::5']);
  let bytes = 0;
  const used = (wireBytes: number) => {
    bytes += wireBytes;
  };
  expect(await look('centre.example', { used, signal: new AbortController().signal })).toEqual({ kind: 'found', address: '2001:db8::5' });
  expect(bytes).toBe(2 * (udpWireBytes(60, 6) + udpWireBytes(140, 6)));
});
