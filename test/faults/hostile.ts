/** Bytes of a hostile client: wrong, mutated, truncated or odd MQTT packets, and noise. The seed makes a run repeatable. */

import { nameOf, pcTopic } from '@sabha/contracts';
import packets, { type Packet } from 'mqtt-packet';
import type { Random } from '../random.ts';

export type Insider = { pc: string; token: string };

/**
 * Returns the bytes of one connection. Half of the connections have an insider's credentials, so that packets after CONNECT are parsed too.
 */
export function hostileBytes(random: Random, insiders: readonly Insider[]): Buffer {
  const insider = random.next() < 0.5 ? random.pick(insiders) : undefined;
  const version = insider || random.next() < 0.8 ? 4 : random.pick([3, 5]);
  const first = random.next() < 0.9 ? [generated(connectPacket(random, insider, version), version)] : [];
  const rest = Array.from({ length: random.below(6) }, () => generated(random.pick(later)(random, insider), version));
  if (!insider) return mangled(random, Buffer.concat([...first, ...rest]));
  return Buffer.concat([...first, mangled(random, Buffer.concat(rest))]);
}

const topics = [
  'a/b',
  '$SYS/x',
  'constructor',
  '__proto__/a',
  'a/'.repeat(200),
  '/'.repeat(3_000),
  '\u0000',
  '+/#',
  '#',
  'sabha/v1/all/hello',
  'x'.repeat(60_000),
];
const filters = ['#', '+/+', '$share/g/#', '$SYS/#', '__proto__', 'constructor', 'a/'.repeat(150), 'sabha/v1/+/+/+/beat'];

function connectPacket(random: Random, insider: Insider | undefined, version: number): Packet {
  const name = insider
    ? nameOf(insider.pc)
    : random.pick(['', 'flows', '__proto__', 'constructor', 'x'.repeat(3_000), `c${random.below(1e6)}`]);
  const will = {
    topic: random.pick([...topics, insider ? pcTopic(insider.pc, 'presence') : '']),
    payload: Buffer.from('x'),
    qos: 1,
    retain: random.next() < 0.3,
  };
  return {
    cmd: 'connect',
    protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    protocolVersion: version,
    clean: insider !== undefined || random.next() < 0.7,
    keepalive: insider ? 60 : random.below(400),
    clientId: name,
    username: name,
    password: Buffer.from(insider?.token ?? 'guess'),
    ...(random.next() < 0.5 ? { will } : {}),
  } as Packet;
}

const later: readonly ((random: Random, insider: Insider | undefined) => Packet)[] = [
  (random, insider) =>
    ({
      cmd: 'publish',
      topic: insider && random.next() < 0.5 ? pcTopic(insider.pc, random.pick(['beat', 'event', 'state'] as const)) : random.pick(topics),
      payload: Buffer.alloc(random.below(200)),
      qos: random.below(3),
      messageId: 1 + random.below(65_000),
      retain: random.next() < 0.3,
      dup: false,
    }) as Packet,
  (random, insider) =>
    ({
      cmd: 'subscribe',
      messageId: 7,
      subscriptions: [{ topic: random.pick([...filters, insider ? pcTopic(insider.pc, 'ack') : 'a']), qos: random.below(3) }],
    }) as Packet,
  () => ({ cmd: 'unsubscribe', messageId: 8, unsubscriptions: ['a/b', 'constructor', '__proto__'] }) as Packet,
  (random) => ({ cmd: random.pick(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const), messageId: 1 + random.below(100) }) as Packet,
  (random) => ({ cmd: random.pick(['pingreq', 'disconnect'] as const) }) as Packet,
];

/** Encodes a packet, or returns fixed bytes for a packet that cannot be encoded. */
function generated(packet: Packet, version: number): Buffer {
  try {
    return packets.generate(packet, { protocolVersion: version });
  } catch {
    return Buffer.from([0xf0, 0]);
  }
}

function mangled(random: Random, bytes: Buffer): Buffer {
  const kind = random.next();
  if (kind < 0.15) return bytes.subarray(0, random.below(bytes.length + 1));
  if (kind < 0.25) return Buffer.concat([bytes, Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)))]);
  if (kind > 0.7 || bytes.length === 0) return bytes;
  for (let flips = 1 + random.below(6); flips > 0; flips -= 1) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}
