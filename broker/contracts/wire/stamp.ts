/**
 * Packets of the quality test: STAMP, unauthenticated mode (RFC 8762, 4.2.1 and 4.3.1), 44 bytes in both directions, NTP times. The
 * sender's token (reflector.ts) uses the field that must be zero, after the session identifier of RFC 8972.
 */
import { reflectorTokenBytes } from './reflector.ts';

/** Length of a packet in either direction, bytes. */
export const stampBytes = 44;

/** A reply of the reflector: its own packet number in the session, times of receipt and sending, and the fields of the probe. */
export type StampReply = { seq: number; sentAt: number; receivedAt: number; session: number; probe: { seq: number; sentAt: number } };

const at = { seq: 0, sent: 4, error: 12, session: 14, token: 16, received: 16, probeSeq: 24, probeSent: 28, probeError: 36, ttl: 40 };
/** Error estimate of a packet: not synchronised, NTP format, smallest error. The quality test compares no clocks. */
const errorEstimate = 0x0001;
/** Node does not expose the TTL of a received packet. 255 means unknown (RFC 5357, 4.2.1). */
const unknownTtl = 255;

export function writeProbe({ seq, sentAt, session, token }: { seq: number; sentAt: number; session: number; token: Buffer }): Buffer {
  const packet = Buffer.alloc(stampBytes);
  packet.writeUInt32BE(seq, at.seq);
  writeNtp(packet, sentAt, at.sent);
  packet.writeUInt16BE(errorEstimate, at.error);
  packet.writeUInt16BE(session, at.session);
  token.copy(packet, at.token, 0, reflectorTokenBytes);
  return packet;
}

/** Returns session and token of a probe as one string, to identify the session. */
export function sessionKeyOf(packet: Buffer): string {
  return packet.toString('latin1', at.session, at.token + reflectorTokenBytes);
}

/** Returns the token of a probe, unverified. */
export function tokenOf(packet: Buffer): Buffer {
  return packet.subarray(at.token, at.token + reflectorTokenBytes);
}

export function seqOf(packet: Buffer): number {
  return packet.readUInt32BE(at.seq);
}

/** Returns true for a packet with the size and NTP format of a probe, whose trailing bytes are zero. */
export function isStampProbe(packet: Buffer): boolean {
  if (packet.length !== stampBytes || (packet.readUInt16BE(at.error) & 0x40_00) !== 0) return false;
  for (let place = at.token + reflectorTokenBytes; place < stampBytes; place += 1) if (packet[place] !== 0) return false;
  return true;
}

/** Encodes the reply to a probe. The send time (`sentAt`) is written last. */
export function writeReply(probe: Buffer, { seq, receivedAt, sentAt }: { seq: number; receivedAt: number; sentAt: () => number }): Buffer {
  const packet = Buffer.alloc(stampBytes);
  packet.writeUInt32BE(seq >>> 0, at.seq);
  packet.writeUInt16BE(errorEstimate, at.error);
  probe.copy(packet, at.session, at.session, at.token);
  writeNtp(packet, receivedAt, at.received);
  probe.copy(packet, at.probeSeq, at.seq, at.sent);
  probe.copy(packet, at.probeSent, at.sent, at.error);
  probe.copy(packet, at.probeError, at.error, at.session);
  packet.writeUInt8(unknownTtl, at.ttl);
  writeNtp(packet, sentAt(), at.sent);
  return packet;
}

/** Decodes a reply; undefined if its size is wrong. */
export function readReply(packet: Buffer): StampReply | undefined {
  if (packet.length !== stampBytes) return undefined;
  return {
    seq: packet.readUInt32BE(at.seq),
    sentAt: readNtp(packet, at.sent),
    receivedAt: readNtp(packet, at.received),
    session: packet.readUInt16BE(at.session),
    probe: { seq: packet.readUInt32BE(at.probeSeq), sentAt: readNtp(packet, at.probeSent) },
  };
}

/** Seconds from 1900 to 1970. */
const ntpEpoch = 2_208_988_800;
const fractions = 2 ** 32;

/** Writes a time as NTP. A time since 1970 in a double has a resolution of a quarter of a microsecond. */
function writeNtp(packet: Buffer, timeMs: number, place: number): void {
  const seconds = Math.floor(timeMs / 1_000);
  packet.writeUInt32BE((seconds + ntpEpoch) % fractions, place);
  packet.writeUInt32BE(Math.floor(((timeMs - seconds * 1_000) / 1_000) * fractions) % fractions, place + 4);
}

/** Reads an NTP time. NTP seconds restart in 2036 (RFC 5905, 6): a small number belongs to that era. */
function readNtp(packet: Buffer, place: number): number {
  const seconds = packet.readUInt32BE(place);
  const era = seconds < fractions / 2 ? fractions : 0;
  return (seconds + era - ntpEpoch) * 1_000 + (packet.readUInt32BE(place + 4) / fractions) * 1_000;
}
