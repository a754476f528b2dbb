import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { udpTo } from './udp.ts';

const unpaid = () => undefined;
const lost = () => Promise.reject(Object.assign(new Error('lost'), { code: 'EAI_AGAIN' }));
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

it.each(['127.0.0.1', '::1', 'localhost'])('sends to the host %s and hears its answer', async (host) => {
  const reflector = await server(host === 'localhost' ? '127.0.0.1' : host);
  reflector.on('message', (packet, from) => reflector.send(`${packet}, too`, from.port, from.address));
  const heard: string[] = [];
  const udp = await udpTo(host)(reflector.address().port, (packet) => heard.push(String(packet)));
  if (typeof udp === 'string') throw new Error(udp);
  open.push(udp);
  udp.send(Buffer.from('hello'));
  await expect.poll(() => heard).toEqual(['hello, too']);
});

it('what any other port or address sends to it is not heard', async () => {
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

it('a line that loses much was not measured, as the name of the centre was lost too: its last address will do', async () => {
  const reflector = await server();
  const finds = [{ address: '127.0.0.1', family: 4 }];
  const open = udpTo('centre.example', unpaid, { find: async () => finds.pop() ?? lost() });
  for (const word of ['first', 'second']) {
    const udp = await open(reflector.address().port, () => undefined);
    if (typeof udp === 'string') throw new Error(udp);
    udp.send(Buffer.from(word));
    expect(String((await once(reflector, 'message'))[0])).toBe(word);
    udp.close();
  }
  expect(await udpTo('centre.example', unpaid, { find: lost })(1, () => undefined)).toBe('EAI_AGAIN');
});
