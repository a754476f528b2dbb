/** A simulated PC on a bare socket: it has sent its birth and has no fault. The bench decides what it sends later. */

import { type Check, digestOf, encode, nameOf, pcTopic } from '@sabha/contracts';
import type { Packet } from 'mqtt-packet';
import { connectRaw, publishPacket, subscribePacket } from './mqtt-load.ts';

export type HonestPc = {
  pc: string;
  beat(): Promise<void>;
  writeEvent(): Promise<void>;
  sayState(checks: readonly Check[]): Promise<void>;
  behind(): number;
};

type HonestOptions = { port: number; pc: string; password: string; acknowledged?: (afterMs: number) => void };

const spool = 'honest';

export const well: readonly Check[] = ['microphone', 'camera', 'speaker', 'power', 'clock'].map((component) => ({
  component,
  device: '',
  status: 'ok' as const,
  fault: null,
  reason: null,
}));

/** A state with a fault that has no hold and no shared cause. */
export const batteryLow: readonly Check[] = well.map((check) =>
  check.component === 'power' ? { ...check, status: 'fault', fault: 'power.battery_low' } : check,
);

/** Connects a PC. Resolves when it has sent its birth and its state. */
export async function connectHonest({ port, pc, password, acknowledged = () => {} }: HonestOptions): Promise<HonestPc> {
  const client = await connectRaw({ port, clientId: nameOf(pc), password });
  const sentAt = new Map<number, number>();
  const counts = { rev: 0, seq: 0, acked: 0, messageId: 0 };
  let checks: readonly Check[] = well;

  const send = (leaf: 'presence' | 'state' | 'beat' | 'event', payload: Buffer): Promise<void> => {
    counts.messageId = (counts.messageId % 65_535) + 1;
    return client.write(publishPacket(pcTopic(pc, leaf), payload, counts.messageId));
  };
  const hear = (packet: Packet): void => {
    if (packet.cmd !== 'publish') return;
    const ack = JSON.parse(packet.payload.toString());
    for (const [seq, at] of sentAt) {
      if (ack.spool !== spool || seq > ack.upTo) break;
      acknowledged(performance.now() - at);
      sentAt.delete(seq);
      counts.acked = seq;
    }
  };
  const sayState = (now: readonly Check[]): Promise<void> => {
    checks = now;
    counts.rev += 1;
    return send('state', encode('state', { digest: digestOf(checks), session: 1, rev: counts.rev, checks: [...checks] }));
  };

  client.onPacket(hear);
  await client.write(subscribePacket(pcTopic(pc, 'ack')));
  await send('presence', birth());
  await sayState(well);
  return {
    pc,
    sayState,
    beat: () => send('beat', encode('beat', { digest: digestOf(checks), session: 1, at: Date.now(), n: figures })),
    writeEvent() {
      counts.seq += 1;
      sentAt.set(counts.seq, performance.now());
      const said = { spool, seq: counts.seq, boot: 'b', at: Date.now(), grade: 'event' as const, kind: 'check.changed', body: event };
      return send('event', encode('event', said));
    },
    behind: () => counts.seq - counts.acked,
  };
}

const figures = { up: 86_400, load: 0.25, mem: 0.5 };
const event = { component: 'microphone', device: 'usb-046d', status: 'ok', ms: 12 };

function birth(): Buffer {
  const session = { kind: 'birth' as const, boot: 'b', session: 1, at: Date.now(), digest: digestOf(well), rev: 1 };
  return encode('presence', { ...session, agent: '0.1.0', config: 0, inventory: '', spool: { id: spool, first: 1, last: 0 } });
}
