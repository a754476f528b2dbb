import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type LookupFunction } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../test/certificate.ts';
import { hostWireBytes, meteredTls, meterTcp, type OnMessage, tcpWireBytes, udpWireBytes } from './meter.ts';

it('a datagram costs its Ethernet, IP and UDP headers', () => {
  expect([udpWireBytes(44), udpWireBytes(44, 6)]).toEqual([86, 106]);
});

it('each message costs a segment and its acknowledgement; what fills several costs several', () => {
  expect(tcpWireBytes(100, 1)).toBe(100 + 132);
  expect(tcpWireBytes(100, 3)).toBe(100 + 3 * 132);
  expect(tcpWireBytes(14_480, 0)).toBe(14_480 + 10 * 132);
});

type Told = (message: OnMessage) => void;
/** What comes answers what went out. */
const anAnswer: Told = (message) => message('in', false);

/** A connection to a server that answers all that comes, or so many bytes at once, by ten bytes; by a clock of the test. */
async function counted({ host = '127.0.0.1', told = anAnswer, connectedAt = 1_000, atOnce = 1 } = {}) {
  let got = 0;
  const server = createServer((socket) =>
    socket
      .on('data', (piece) => {
        got += piece.length;
        if (got < atOnce) return;
        got = 0;
        socket.write('0123456789');
      })
      .on('error', () => undefined),
  );
  onTestFinished(() => void server.close());
  await once(server.listen(0, host), 'listening');
  const socket = connect((server.address() as AddressInfo).port, host);
  const state = { bytes: 0, now: 1_000 };
  const { message } = meterTcp(
    socket,
    (wireBytes) => (state.bytes += wireBytes),
    () => state.now,
  );
  state.now = connectedAt;
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

it('a connection is counted whole: its opening, its messages, what comes after the last, its end', async () => {
  const { socket, state, ask } = await counted();
  expect(state.bytes).toBe(opening);
  await ask(200);
  expect(state.bytes).toBe(opening + 200 + 132 + 10 + 132);
  socket.end('y'.repeat(50));
  await once(socket, 'close');
  expect(state.bytes).toBe(opening + 200 + 132 + 10 + 132 + 50 + 132 + 10 + 66 + 3 * 66);
});

it('what went over IPv6 was counted with the shorter headers of IPv4, a sixth too little', async () => {
  const { socket, state, ask } = await counted({ host: '::1' });
  expect(state.bytes).toBe(94 + 94 + 86);
  await ask(1_430);
  // One more than fits.
  const sent = 1_430 + 2 * 172;
  expect(state.bytes).toBe(274 + sent + 10 + 172);
  socket.end();
  await once(socket, 'close');
  expect(state.bytes).toBe(274 + sent + 10 + 172 + 3 * 86);
  let bytes = 0;
  const refused = connect(1, '::1').on('error', () => undefined);
  meterTcp(refused, (wireBytes) => {
    bytes += wireBytes;
  });
  await new Promise((resolve) => refused.once('close', resolve));
  expect(bytes).toBe(94 + 86);
});

it('of a host with two addresses the one that refused was not counted', async () => {
  const server = createServer().on('connection', (socket) => socket.on('error', () => undefined));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const addresses = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ];
  const lookup: LookupFunction = (_, __, done) => void setImmediate(() => done(null, addresses));
  const socket = connect({ host: 'localhost', port: (server.address() as AddressInfo).port, lookup, autoSelectFamily: true });
  let bytes = 0;
  meterTcp(socket, (wireBytes) => {
    bytes += wireBytes;
  });
  await once(socket, 'connect');
  expect(bytes).toBe(94 + 86 + opening);
  socket.destroy();
});

it('the name of the centre that the system looked up before a connection was not counted', async () => {
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
  // For each kind of address a question and its answer.
  expect(await bytesTo('centre.example')).toBe(opening + hostWireBytes);
});

it('messages that are told before they are written are counted all the same; only a prompt answer carries what it acknowledges', async () => {
  const { socket, state, ask } = await counted();
  for (let at = 0; at < 210; at += 1) {
    await ask(100, 100);
    state.now += 100;
  }
  expect(state.bytes).toBe(opening + 210 * (100 + 132 + 10 + 132));
  socket.destroy();
});

it('an answer carries what it acknowledges only where the one before was prompt too: until then a system acknowledges at once', async () => {
  const { socket, state, ask } = await counted();
  for (let at = 0; at < 3; at += 1) {
    await ask(100, 10);
    state.now += 1_000;
  }
  const prompt = 100 + 132 + 10 + 66;
  expect(state.bytes).toBe(opening + 3 * prompt + 66);
  await ask(100, 50);
  state.now += 1_000;
  await ask(100, 10);
  expect(state.bytes).toBe(opening + 5 * prompt + 3 * 66);
  socket.destroy();
});

it('what came one after the other, and a busy PC found at once, was counted as one segment', async () => {
  // The broker has it, a word of the centre, and two answers of which nobody asked for the second.
  const told: Told = (message) => {
    message('in', false);
    message('in', true);
    message('in', false);
    message('in', false);
  };
  const { socket, state, message, ask } = await counted({ told, atOnce: 200 });
  message('out', true);
  socket.write('x'.repeat(100));
  await new Promise(setImmediate);
  state.now += 100;
  await ask(100, 100);
  expect(state.bytes).toBe(opening + 2 * (100 + 132) + 10 + 132 + 2 * 132);
  socket.destroy();
});

it('what TCP sent again was not counted: each byte is taken to be so in the share of answers that came late by as much as TCP waits, and of as many more as chance may hide', async () => {
  const { socket, state, message, ask } = await counted({ atOnce: 101 });
  for (let at = 0; at < 20; at += 1) {
    // What asks for nothing is not waited for.
    message('out', false);
    socket.write('y');
    await new Promise(setImmediate);
    state.now += 60_000;
    await ask(100, at === 5 || at === 19 ? 290 : 100);
    state.now += 1_000;
  }
  const sent = 20 * (1 + 132 + 100 + 132 + 10 + 132);
  expect(state.bytes).toBeCloseTo(opening + sent * (1 + (2 + Math.sqrt(2)) / 18));
  socket.destroy();
});

it('a line that became slower sends nothing twice, and a PC that stood still for ever is no line that loses all', async () => {
  const slower = await counted();
  for (let at = 0; at < 60; at += 1) await slower.ask(100, at < 20 ? 50 : 400);
  const sent = 60 * (100 + 132 + 10 + 132);
  expect(slower.state.bytes).toBeLessThanOrEqual(opening + sent * 1.25);
  slower.socket.destroy();
});

it('a connection that stood after three seconds was asked for three times more', async () => {
  const { socket, state } = await counted({ connectedAt: 4_100 });
  expect(state.bytes).toBe(opening + 3 * 74);
  socket.destroy();
});

it('what is written in one turn goes in as few segments as it fills', async () => {
  const { socket, state, message } = await counted();
  for (let at = 0; at < 29; at += 1) {
    message('out', true);
    if (at === 28) socket.write('x'.repeat(2_900));
  }
  await once(socket, 'data');
  expect(state.bytes).toBe(opening + 2_900 + 3 * 132 + 10 + 132);
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
