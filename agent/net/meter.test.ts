import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../test/certificate.ts';
import { meteredTls, meterTcp, tcpWireBytes, udpWireBytes } from './meter.ts';

it('a datagram costs its Ethernet, IP and UDP headers', () => {
  expect([udpWireBytes(44), udpWireBytes(44, 6)]).toEqual([86, 106]);
});

it('each message costs a segment and its acknowledgement; what fills several costs several', () => {
  expect(tcpWireBytes(100, 1)).toBe(100 + 132);
  expect(tcpWireBytes(100, 3)).toBe(100 + 3 * 132);
  expect(tcpWireBytes(14_480, 0)).toBe(14_480 + 10 * 132);
});

/** A connection to a server that answers all that comes by ten bytes, by a clock of the test. */
async function counted(host = '127.0.0.1') {
  const server = createServer((socket) => socket.on('data', () => socket.write('0123456789')).on('error', () => undefined));
  onTestFinished(() => void server.close());
  await once(server.listen(0, host), 'listening');
  const socket = connect((server.address() as AddressInfo).port, host);
  const state = { bytes: 0, now: 1_000 };
  const meter = meterTcp(
    socket,
    (wireBytes) => (state.bytes += wireBytes),
    () => state.now,
  );
  socket.on('data', () => meter.message('in'));
  await once(socket, 'connect');
  return { socket, state, message: meter.message };
}
const opening = 74 + 74 + 66;

it('a connection is counted whole: its opening, its messages, what comes after the last, its end', async () => {
  const { socket, state, message } = await counted();
  expect(state.bytes).toBe(opening);
  message('out');
  socket.write('x'.repeat(200));
  await once(socket, 'data');
  expect(state.bytes).toBe(opening + 200 + 132 + 10 + 66);
  socket.end('y'.repeat(50));
  await once(socket, 'close');
  expect(state.bytes).toBe(opening + 200 + 132 + 10 + 66 + 50 + 66 + 10 + 66 + 3 * 66);
});

it('what went over IPv6 was counted with the shorter headers of IPv4, a sixth too little', async () => {
  const { socket, state, message } = await counted('::1');
  expect(state.bytes).toBe(94 + 94 + 86);
  message('out');
  socket.write('x'.repeat(1_430));
  await once(socket, 'data');
  // One more than fits.
  const sent = 1_430 + 2 * 172;
  expect(state.bytes).toBe(274 + sent + 10 + 86);
  socket.end();
  await once(socket, 'close');
  expect(state.bytes).toBe(274 + sent + 10 + 86 + 3 * 86);
  let bytes = 0;
  const refused = connect(1, '::1').on('error', () => undefined);
  meterTcp(refused, (wireBytes) => {
    bytes += wireBytes;
  });
  await new Promise((resolve) => refused.once('close', resolve));
  expect(bytes).toBe(94 + 86);
});

it('messages that are told before they are written are counted all the same; only a prompt answer carries what it acknowledges', async () => {
  const { socket, state, message } = await counted();
  for (let at = 0; at < 210; at += 1) {
    message('out');
    socket.write('x'.repeat(100));
    state.now += 100;
    await once(socket, 'data');
    state.now += 100;
  }
  expect(state.bytes).toBe(opening + 210 * (100 + 132 + 10 + 132));
  socket.destroy();
});

it('what is written in one turn goes in as few segments as it fills', async () => {
  const { socket, state, message } = await counted();
  for (let at = 0; at < 29; at += 1) {
    message('out');
    if (at === 28) socket.write('x'.repeat(2_900));
  }
  await once(socket, 'data');
  expect(state.bytes).toBe(opening + 2_900 + 3 * 132 + 10 + 66);
  socket.destroy();
});

it('a port that refuses costs a frame each way; where nobody answers five tries are counted', async () => {
  let bytes = 0;
  const socket = connect(1, '127.0.0.1').on('error', () => undefined);
  meterTcp(socket, (wireBytes) => {
    bytes += wireBytes;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(bytes).toBe(74 + 66);
  const silent = connect(9, '192.0.2.1').on('error', () => undefined);
  meterTcp(silent, (wireBytes) => {
    bytes += wireBytes;
  });
  silent.destroy();
  await new Promise((resolve) => silent.once('close', resolve));
  expect(bytes).toBe(140 + 5 * 74);
});

it('of TLS it counts what is on the wire, certificates and all, and not what it carries', async () => {
  const server = createTlsServer(selfSigned(['localhost']), (socket) =>
    socket.on('data', (piece) => socket.end(piece)).on('error', () => undefined),
  );
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  let bytes = 0;
  const { socket } = await meteredTls(
    { host: '127.0.0.1', port: (server.address() as AddressInfo).port, rejectUnauthorized: false },
    (wireBytes) => {
      bytes += wireBytes;
    },
  );
  socket.resume();
  await once(socket, 'secureConnect');
  socket.write('hello');
  await once(socket, 'close');
  expect(bytes).toBeGreaterThan(1_500);
  expect(bytes).toBeLessThan(8_000);
});
