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

it('a connection is counted whole: its opening, its messages, what comes after the last, its end', async () => {
  const server = createServer((socket) => socket.on('data', () => socket.end('0123456789')));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
  let bytes = 0;
  const { message } = meterTcp(socket, (wireBytes) => {
    bytes += wireBytes;
  });
  await once(socket, 'connect');
  expect(bytes).toBe(74 + 74 + 66);
  socket.write('x'.repeat(200));
  message();
  expect(bytes).toBe(214 + 200 + 132);
  await once(socket, 'close');
  expect(bytes).toBe(214 + 200 + 132 + 10 + 132 + 3 * 66);
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
