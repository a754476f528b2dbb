/** The client addresses are faked, because loopback is exempt from the limit. */
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createConnectionLimit } from './http-auth.ts';

function comeFrom(address: string): Socket {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  return socket;
}

test('one network holds at most its share of open connections, and another network and loopback are not affected', () => {
  let now = 0;
  // One minute per connection refills the rate limit, so only the number of open connections counts.
  const share = createConnectionLimit({ most: 3, perSecond: 1, up: () => (now += 60_000) });
  const admitted = (address: string, count: number) =>
    Array.from({ length: count }, () => {
      const socket = comeFrom(address);
      share(socket);
      return socket;
    }).filter(({ destroyed }) => !destroyed);
  const [first, ...others] = admitted('10.0.0.1', 10);
  expect(others).toHaveLength(2);
  expect(admitted('::ffff:10.0.0.1', 1)).toHaveLength(0);
  expect(admitted('10.0.0.2', 3)).toHaveLength(3);
  expect([admitted('2001:db8:1:2::1', 2), admitted('2001:db8:1:2::2', 2)].map(({ length }) => length)).toEqual([2, 1]);
  first?.emit('close');
  expect(admitted('10.0.0.1', 2)).toHaveLength(1);
  for (const own of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) expect(admitted(own, 10)).toHaveLength(10);
});

test('one network opens new connections at the limited rate after its burst, and another network and loopback are not affected', () => {
  let now = 0;
  const share = createConnectionLimit({ most: 3, perSecond: 2, up: () => now });
  const come = (address: string, count: number) =>
    Array.from({ length: count }, () => {
      const socket = comeFrom(address);
      share(socket);
      const isIn = !socket.destroyed;
      socket.emit('close');
      return isIn;
    }).filter((isIn) => isIn).length;
  expect(come('10.0.0.1', 100)).toBe(3);
  now += 1_000;
  expect(come('10.0.0.1', 100)).toBe(2);
  expect([come('10.0.0.2', 100), come('127.0.0.1', 100)]).toEqual([3, 100]);
  now += 60_000;
  expect(come('10.0.0.1', 100)).toBe(3);
});
