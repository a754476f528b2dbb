import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { openReflector, type PacketHandler, type Reflector } from './reflector.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const echoOf = (first: number): PacketHandler => ({
  matches: (packet) => packet[0] === first,
  handlePacket: (packet, _from, reply) => reply(Buffer.concat([Buffer.from(`${first}:`), packet.subarray(1)])),
});

async function reflectorOf(handlers: PacketHandler[], counts: string[] = [], host = '127.0.0.1'): Promise<Reflector> {
  const reflector = await openReflector({ host, port: 0, handlers, count: (kind, result) => counts.push(`${kind} ${result}`) });
  open.push(reflector);
  return reflector;
}

async function client(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  open.push(socket);
  socket.connect(port, host);
  await once(socket, 'connect');
  return socket;
}

test('each packet goes to the first handler that accepts it, and other packets are counted without a response', async () => {
  const counts: string[] = [];
  const { port } = await reflectorOf([echoOf(1), echoOf(2), echoOf(1)], counts);
  const socket = await client(port);
  const answers: string[] = [];
  socket.on('message', (packet) => answers.push(packet.toString()));
  for (const text of ['\u0003no', '', '\u0002b', '\u0001a']) socket.send(text);
  await expect.poll(() => answers).toEqual(['2:b', '1:a']);
  expect(counts).toEqual(['other malformed', 'other malformed']);
});

test('a port in use and an address of another machine stop the start with one line', async () => {
  const { port } = await reflectorOf([]);
  const again = (host: string) => openReflector({ host, port, handlers: [], count: () => {} });
  await expect(again('127.0.0.1')).rejects.toThrow(`UDP port ${port} is in use by another program (127.0.0.1:${port})`);
  await expect(again('192.0.2.1')).rejects.toThrow(`cannot listen on UDP port ${port}: EADDRNOTAVAIL (192.0.2.1:${port})`);
});
