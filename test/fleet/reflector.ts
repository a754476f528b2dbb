/** The reflector at the far end of a simulated line: it answers STAMP packets as the broker's does, and snow takes some of them on the way. */
import { type Clock, isStampProbe, stampBytes, writeReply } from '@sabha/contracts';
import type { OpenUdp } from '../../agent/link/net/udp.ts';
import type { Line } from './line.ts';

/** With the headers of UDP and IPv4. */
const wireBytes = stampBytes + 28;

/**
 * Opens sockets to it. Whose right the packet shows it does not ask: the real one does, and stands behind real sockets.
 * By how much the timers of this machine are late, which a quick clock makes long, counts as the reflector's own time: the sender subtracts it.
 * One that is early, as timers are by a millisecond at times, is no answer before its question.
 */
export function reflectorBehind(line: Line, clock: Clock): OpenUdp {
  return async (_port, onPacket) => {
    let answered = 0;
    let isOpen = true;
    const answer = (probe: Buffer, receivedAt: number) => {
      const seq = answered;
      answered += 1;
      line.datagram('down', wireBytes, (tookMs) => {
        if (isOpen) onPacket(writeReply(probe, { seq, receivedAt, sentAt: () => Math.max(receivedAt, clock.now() - tookMs) }));
      });
    };
    return {
      localAddress: '127.0.0.1',
      send(packet) {
        const sentAt = clock.now();
        if (isStampProbe(packet)) line.datagram('up', wireBytes, (tookMs) => answer(packet, sentAt + tookMs));
      },
      close: () => {
        isOpen = false;
      },
    };
  };
}
