/**
 * A long link in user space: delays each packet by half the round trip and drops some.
 * - Arguments: host, port, port of the reflector, delay in each direction, loss, seed.
 * - Optional arguments of a bad link: largest additional delay in ms, which reorders packets; share of duplicates; another loss downwards.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { randomFrom } from '../random.ts';

type Held = { dueUp: number; send: () => void };

const [host = '', ...figures] = process.argv.slice(2);
const [port = 0, reflector = 0, holdMs = 0, loss = 0, seed = 1, unevenMs = 0, doubled = 0, lossDown = loss] = figures.map(Number);
const random = randomFrom(seed);
const held: Held[] = [];
const outside = createSocket('udp4');
const inside = createSocket('udp4');
let client = { port: 0, address: '' };

outside.on('message', (packet, from) => {
  client = from;
  hold(loss, () => inside.send(packet, reflector, host));
});
inside.on('message', (packet) => hold(lossDown, () => outside.send(packet, client.port, client.address)));
for (const socket of [outside, inside]) socket.on('listening', () => socket.setRecvBufferSize(4 << 20));
inside.bind(0);
outside.bind(port, () => process.stdout.write('relay ready\n'));

function hold(lost: number, send: () => void): void {
  if (random.next() < lost) return;
  keep(send);
  if (doubled > 0 && random.next() < doubled) keep(send);
}

function keep(send: () => void): void {
  const dueUp = performance.now() + holdMs + (unevenMs > 0 ? unevenMs * random.next() : 0);
  const at = held.findLastIndex((one) => one.dueUp <= dueUp) + 1;
  held.splice(at, 0, { dueUp, send });
  if (held.length === 1) void release();
}

/** Sleeps until shortly before a packet is due and then busy-waits. A timer alone would be late by the time between two packets. */
async function release(): Promise<void> {
  for (let first = held[0]; first !== undefined; first = held[0]) {
    const leftMs = first.dueUp - performance.now();
    if (leftMs > 3) await delay(leftMs - 3);
    else if (leftMs > 0) await turn();
    else {
      first.send();
      held.shift();
    }
  }
}
