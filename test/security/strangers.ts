/** Unknown senders at the reflector, and their packets. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { sealReflectorToken, stampBytes, writeProbe } from '@sabha/contracts';
import type { ReflectorProcess } from '../reflector-process.ts';

const probe = (token: Buffer) => writeProbe({ seq: 1, sentAt: Date.now(), session: 1, token });

/** Returns functions that make packets without a reply. A function requests a token of the reflector only when it is called. */
export function unansweredBy(reflector: () => ReflectorProcess) {
  return {
    'a made-up token': () => probe(randomBytes(16)),
    'a token by another key': () => probe(sealReflectorToken('up/lucknow/hall', Date.now() + 3_600_000, randomBytes(32))),
    'a token that has ended': () => probe(reflector().tokenOf('up/lucknow/hall', -1_000)),
    'random bytes of the right size': () => randomBytes(stampBytes),
    'nothing at all': () => Buffer.alloc(0),
    'a packet of 1,400 bytes': () => randomBytes(1_400),
  } satisfies Record<string, () => Buffer>;
}

/** Opens a socket at this address, connected to the reflector. Collects the replies. */
export async function strangerAt(address: string, { port }: ReflectorProcess): Promise<{ socket: Socket; answers: Buffer[] }> {
  const socket = createSocket('udp4');
  const answers: Buffer[] = [];
  socket.on('message', (packet) => answers.push(packet));
  socket.bind(0, address);
  await once(socket, 'listening');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return { socket, answers };
}
