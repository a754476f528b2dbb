/** The reflector at the far end of a simulated line: it replies to STAMP packets as the broker's does, and snow drops some of them. */
import { type Clock, isStampProbe, stampBytes, writeReply } from '@sabha/contracts';
import type { OpenUdp } from '../../agent/link/net/udp.ts';
import type { Line } from './line.ts';

/** Bytes of a packet with the headers of UDP and IPv4. */
const wireBytes = stampBytes + 28;

/**
 * Opens sockets to the reflector, without a check of the token: the real reflector checks tokens behind real sockets. A fast clock enlarges
 * the lateness of this machine's timers. That lateness counts as time in the reflector, which the sender subtracts. A timer can also be a
 * millisecond early; a reply is never sent before its request.
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
