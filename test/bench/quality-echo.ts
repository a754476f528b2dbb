/** The baseline of a probe's round trip: packets of the same size and rate through a similar relay to a bare UDP echo. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { stampBytes } from '@sabha/contracts';
import { type LinkModel, type Passage, startRelay } from '../udp-relay.ts';

type EchoOptions = { port: number; model: LinkModel; probes: number; paceMs: number; seed: number };

/** Milliseconds, longer than the delay of any link. A later packet counts as lost. */
const patienceMs = 2_000;

/** Returns for each echo the round trip minus the delay of the relay, in milliseconds. The difference is the share of the machine. */
export async function echoBeyondTruthMs({ port, model, probes, paceMs, seed }: EchoOptions): Promise<number[]> {
  const relay = await startRelay(port, model, seed);
  const socket = createSocket('udp4');
  socket.connect(relay.port, '127.0.0.1');
  await once(socket, 'connect');
  const sentAt: number[] = [];
  const tookMs = new Map<number, number>();
  socket.on('message', (packet) => {
    const seq = packet.readUInt32BE(0);
    tookMs.set(seq, performance.now() - (sentAt[seq] ?? Number.NaN));
  });
  const startedAt = performance.now();
  for (let seq = 0; seq < probes; seq += 1) {
    await delay(Math.max(0, startedAt + seq * paceMs - performance.now()));
    const packet = Buffer.alloc(stampBytes);
    packet.writeUInt32BE(seq, 0);
    sentAt.push(performance.now());
    socket.send(packet);
  }
  await delay(patienceMs);
  socket.close();
  relay.close();
  const [up, down] = [heldMs(relay.truth.up), heldMs(relay.truth.down)];
  return [...tookMs].map(([seq, ms]) => ms - (up.get(seq) ?? Number.NaN) - (down.get(seq) ?? Number.NaN));
}

function heldMs(passages: readonly Passage[]): Map<number, number> {
  return new Map(passages.map(({ mark, heldMs: ms }) => [Number.parseInt(mark.slice(0, 8), 16), ms ?? Number.NaN]));
}
