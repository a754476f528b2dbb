import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type LookupFunction } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { hostWireBytes, meterTcp, type OnMessage, tcpWireBytes, udpWireBytes } from './meter.ts';

it('udpWireBytes adds the Ethernet, IP and UDP headers to the payload of a datagram', () => {
  expect([udpWireBytes(44), udpWireBytes(44, 6)]).toEqual([86, 106]);
});

it('tcpWireBytes adds a data frame and an ACK frame for each message, and for each segment of a large message', () => {
  expect(tcpWireBytes(100, 1)).toBe(100 + 132);
  expect(tcpWireBytes(100, 3)).toBe(100 + 3 * 132);
  expect(tcpWireBytes(14_480, 0)).toBe(14_480 + 10 * 132);
});

type EmitMessage = (message: OnMessage) => void;
/** Reports received data to the byte counter as a response. */
const anAnswer: EmitMessage = (message) => message('in', false);

/** Opens a metered connection to a server that sends ten bytes for each piece it receives. The test sets the clock. */
async function counted({ host = '127.0.0.1', told = anAnswer } = {}) {
  const server = createServer((socket) => socket.on('data', () => socket.write('0123456789')).on('error', () => undefined));
  onTestFinished(() => void server.close());
  await once(server.listen(0, host), 'listening');
  const socket = connect((server.address() as AddressInfo).port, host);
  const state = { bytes: 0, now: 1_000 };
  const { message } = meterTcp(
    socket,
    (wireBytes) => (state.bytes += wireBytes),
    () => state.now,
  );
  socket.on('data', () => told(message));
  await once(socket, 'connect');
  const ask = async (bytes: number, tookMs = 0) => {
    message('out', true);
    socket.write('x'.repeat(bytes));
    state.now += tookMs;
    await once(socket, 'data');
  };
  return { socket, state, message, ask };
}
const opening = 74 + 74 + 66;

it('meterTcp counts the handshake, all messages, the bytes after the last message, and the close of a connection', async () => {
  const { socket, state, ask } = await counted();
  expect(state.bytes).toBe(opening);
  await ask(200);
  expect(state.bytes).toBe(opening + 200 + 132 + 10 + 132);
  socket.end('y'.repeat(50));
  await once(socket, 'close');
  expect(state.bytes).toBe(opening + 200 + 132 + 10 + 132 + 50 + 132 + 10 + 66 + 3 * 66);
});

it('meterTcp counts DNS queries for a host name, but none for an IP address or localhost', async () => {
  const server = createServer().on('connection', (socket) => socket.on('error', () => undefined));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const lookup: LookupFunction = (_, __, done) => void setImmediate(() => done(null, [{ address: '127.0.0.1', family: 4 }]));
  const bytesTo = async (host: string) => {
    let bytes = 0;
    const socket = connect({ host, port, lookup });
    meterTcp(socket, (wireBytes) => {
      bytes += wireBytes;
    });
    await once(socket, 'connect');
    socket.destroy();
    return bytes;
  };
  expect([await bytesTo('127.0.0.1'), await bytesTo('localhost')]).toEqual([opening, opening]);
  // One DNS query and response for each address family.
  expect(await bytesTo('centre.example')).toBe(opening + hostWireBytes);
});
