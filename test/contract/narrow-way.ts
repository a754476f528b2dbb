/**
 * Simulates a path between a PC and the reflector in virtual time. Each direction has a token bucket, a delay, losses and a count of wire
 * bytes.
 */
import type { RemoteInfo } from 'node:dgram';
import type { Clock } from '@sabha/contracts';
import type { PacketHandler } from '../../broker/reflector/reflector.ts';
import { createTime } from '../simulation/time.ts';

/** `peakBps`: rate of the tokens in the bucket, unlimited if absent. `drops`: packets beyond the bucket are dropped instead of queued. */
export type Narrow = {
  bps: number;
  bucketBytes: number;
  delayMs: number;
  lost: (packet: Buffer) => boolean;
  peakBps?: number;
  drops?: boolean;
  /** Bytes that the queue before the bottleneck holds; further packets are dropped. */
  queueBytes?: number;
  /** Delay in ms after which each packet arrives a second time, without a wait in the queue. */
  copyMs?: number;
};
export type Way = {
  clock: Clock;
  open(onPacket: (packet: Buffer) => void): Promise<{ send(packet: Buffer): void; close(): void }>;
  /** Advances the virtual time until the promise settles. */
  run<T>(answer: Promise<T>): Promise<T>;
  /** Changes the port under which the reflector sees this PC. Replies to the old port are lost. */
  rebind(): void;
  /** Replaces the reflector by a new process without state. */
  restart(): void;
  /** Wire bytes that passed in each direction. */
  passed: { up: number; down: number };
};

const ipAndUdpBytes = 28;
const frameBytes = 14;
const first: RemoteInfo = { address: '10.1.2.3', port: 40_000, family: 'IPv4', size: 0 };

/** Creates the path. Its internal times are in microseconds. */
export function createWay(answerer: (clock: Clock) => PacketHandler, { up, down }: { up: Narrow; down: Narrow }): Way {
  const time = createTime();
  const clock: Clock = {
    now: () => 1_790_000_000_000 + time.now() / 1_000,
    up: () => time.now() / 1_000,
    after: (delayMs, task) => time.later(delayMs * 1_000, task),
  };
  let reflector = answerer(clock);
  let from = first;
  const passed = { up: 0, down: 0 };
  const [upwards, downwards] = [narrow(time.now, up), narrow(time.now, down)];
  const copied = ({ copyMs }: Narrow, atUs: number, arrive: () => void) => {
    time.at(atUs, arrive);
    if (copyMs !== undefined) time.at(atUs + copyMs * 1_000, arrive);
  };
  return {
    clock,
    passed,
    rebind() {
      from = { ...from, port: from.port + 1 };
    },
    restart() {
      reflector = answerer(clock);
    },
    async open(onPacket) {
      let isOpen = true;
      const replyTo = (to: RemoteInfo) => (packet: Buffer) => {
        if (to !== from) return;
        const atUs = downwards(packet);
        if (atUs === null) return;
        copied(down, atUs, () => {
          passed.down += packet.length + ipAndUdpBytes + frameBytes;
          if (isOpen) onPacket(packet);
        });
      };
      return {
        send(packet) {
          const atUs = upwards(packet);
          passed.up += packet.length + ipAndUdpBytes + frameBytes;
          if (atUs === null) return;
          copied(up, atUs, () => {
            if (reflector.matches(packet)) reflector.handlePacket(packet, from, replyTo(from));
          });
        },
        close() {
          isOpen = false;
        },
      };
    },
    async run(answer) {
      let isOver = false;
      const over = answer.finally(() => {
        isOver = true;
      });
      while (!isOver) await time.run(time.now() + 50_000);
      return over;
    },
  };
}

/** Returns the arrival time of a packet in µs; null if it is dropped or lost. */
function narrow(
  nowUs: () => number,
  { bps, bucketBytes, delayMs, lost, peakBps, drops = false, queueBytes = Number.POSITIVE_INFINITY }: Narrow,
): (packet: Buffer) => number | null {
  let tokens = bucketBytes;
  let lastUs = 0;
  let filledUs = 0;
  const perUs = bps / 8 / 1e6;
  return (packet) => {
    const bytes = packet.length + ipAndUdpBytes;
    if ((lastUs - nowUs()) * perUs > queueBytes) return null;
    const wentUs = Math.max(nowUs(), lastUs) + (peakBps === undefined ? 0 : (bytes * 8e6) / peakBps);
    tokens = Math.min(bucketBytes, tokens + (wentUs - filledUs) * perUs);
    const outUs = wentUs + (drops ? 0 : Math.max(0, bytes - tokens) / perUs);
    const isDropped = drops && tokens < bytes;
    tokens += (outUs - wentUs) * perUs - (isDropped ? 0 : bytes);
    filledUs = outUs;
    lastUs = outUs;
    return isDropped || lost(packet) ? null : outUs + delayMs * 1_000;
  };
}
