import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { udpTo } from './udp.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function server(host = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  open.push(socket);
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}

it.each(['127.0.0.1', '::1', 'localhost'])('udpTo reaches the host %s and receives its response', async (host) => {
  const reflector = await server(host === 'localhost' ? '127.0.0.1' : host);
  reflector.on('message', (packet, from) => reflector.send(`${packet}, too`, from.port, from.address));
  const heard: string[] = [];
  const udp = await udpTo(host)(reflector.address().port, (packet) => heard.push(String(packet)));
  if (typeof udp === 'string') throw new Error(udp);
  open.push(udp);
  udp.send(Buffer.from('hello'));
  await expect.poll(() => heard).toEqual(['hello, too']);
});

it('udpTo opens a UDP socket that ignores packets from any other port or address', async () => {
  const [reflector, stranger] = [await server(), await server('127.0.0.2')];
  const heard: string[] = [];
  const udp = await udpTo('127.0.0.1')(reflector.address().port, (packet) => heard.push(String(packet)));
  if (typeof udp === 'string') throw new Error(udp);
  open.push(udp);
  udp.send(Buffer.from('hello'));
  const [, from] = await once(reflector, 'message');
  for (const other of [stranger, await server()]) other.send('stranger', from.port, '127.0.0.1');
  reflector.send('friend', from.port, from.address);
  await expect.poll(() => heard).toEqual(['friend']);
});
