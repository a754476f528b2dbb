/** A UDP link for tests between one client and a port: delays and drops packets by a seed, and records what it did. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Random, randomFrom } from './random.ts';

/** The model of one direction. `bursts` is the Gilbert-Elliott model: probabilities to enter and leave the bad state, and its loss. */
export type WayModel = { delayMs: number; jitterMs?: number; loss?: number; bursts?: { enter: number; leave: number; loss: number } };
export type LinkModel = { up: WayModel; down: WayModel };

/** The result for a packet: its real delay, or null if it was dropped. `mark` is its first 28 bytes in hexadecimal. */
export type Passage = { mark: string; heldMs: number | null };
export type Relay = { port: number; truth: { up: Passage[]; down: Passage[] }; close(): void };

/**
 * Guarantee: a seed always drops the same packets, each direction keeps the order of its packets, and `truth` records the real effect, not the plan.
 */
export async function startRelay(to: number, { up, down }: LinkModel, seed: number): Promise<Relay> {
  const [near, far] = [createSocket('udp4'), createSocket('udp4')];
  const truth: Relay['truth'] = { up: [], down: [] };
  const close = () => {
    closed = true;
    for (const socket of [near, far]) socket.close();
  };
  const goUp = way(up, randomFrom(seed), truth.up);
  const goDown = way(down, randomFrom(seed + 1_000), truth.down);
  let client: RemoteInfo | undefined;
  let closed = false;
  near.on('message', (packet, from) => {
    client = from;
    goUp(packet, () => closed || far.send(packet));
  });
  far.on('message', (packet) => goDown(packet, () => closed || (client && near.send(packet, client.port, client.address))));
  near.bind(0, '127.0.0.1');
  far.connect(to, '127.0.0.1');
  await Promise.all([once(near, 'listening'), once(far, 'connect')]);
  return { port: (near.address() as AddressInfo).port, truth, close };
}

function way({ delayMs, jitterMs = 0, loss = 0, bursts }: WayModel, random: Random, log: Passage[]) {
  let lastDue = 0;
  let isBad = false;
  const isLost = (): boolean => {
    if (bursts === undefined) return random.next() < loss;
    isBad = isBad ? random.next() >= bursts.leave : random.next() < bursts.enter;
    return isBad && random.next() < bursts.loss;
  };
  return (packet: Buffer, deliver: () => unknown): void => {
    const passage: Passage = { mark: packet.toString('hex', 0, 28), heldMs: null };
    log.push(passage);
    if (isLost()) return;
    const came = performance.now();
    lastDue = Math.max(lastDue, came + delayMs + random.next() * jitterMs);
    setTimeout(() => {
      passage.heldMs = performance.now() - came;
      deliver();
    }, lastDue - came);
  };
}
