/**
 * The packets of the quality test: STAMP, unauthenticated mode (RFC 8762, 4.2.1 and 4.3.1), 44 bytes in either direction, times in the form of NTP.
 * The sender's token (reflector.ts) stands in what must be zero, behind the session identifier of RFC 8972, so that the packet keeps its shape.
 */
import { reflectorTokenBytes } from './reflector.ts';

/** Length of a packet in either direction, bytes. */
export const stampBytes = 44;

/** What the reflector answers: its own number of the packet within the session, when it came and went, and the sender's words. */
export type StampReply = { seq: number; sentAt: number; receivedAt: number; session: number; probe: { seq: number; sentAt: number } };

const at = { seq: 0, sent: 4, error: 12, session: 14, token: 16, received: 16, probeSeq: 24, probeSent: 28, probeError: 36, ttl: 40 };
/** Not synchronised by anything, NTP format, and the smallest error: nobody here compares one clock with the other. */
const errorEstimate = 0x0001;
/** Node does not tell with which one the packet came: 255 says so (RFC 5357, 4.2.1). */
const unknownTtl = 255;

/** A sender's packet. */
export function writeProbe({ seq, sentAt, session, token }: { seq: number; sentAt: number; session: number; token: Buffer }): Buffer {
  const packet = Buffer.alloc(stampBytes);
  packet.writeUInt32BE(seq, at.seq);
  writeNtp(packet, sentAt, at.sent);
  packet.writeUInt16BE(errorEstimate, at.error);
  packet.writeUInt16BE(session, at.session);
  token.copy(packet, at.token, 0, reflectorTokenBytes);
  return packet;
}

/** The token and the session of a sender's packet, as one word by which to know it again. */
export function sessionWord(packet: Buffer): string {
  return packet.toString('latin1', at.session, at.token + reflectorTokenBytes);
}

/** The token of a sender's packet; proves nothing by itself. */
export function tokenOf(packet: Buffer): Buffer {
  return packet.subarray(at.token, at.token + reflectorTokenBytes);
}

/** Which probe of its session it is. */
export function seqOf(packet: Buffer): number {
  return packet.readUInt32BE(at.seq);
}

/** Has the size of a STAMP packet in NTP form, from a sender: the last bytes, which must be zero, are. */
export function isStampProbe(packet: Buffer): boolean {
  if (packet.length !== stampBytes || (packet.readUInt16BE(at.error) & 0x40_00) !== 0) return false;
  for (let place = at.token + reflectorTokenBytes; place < stampBytes; place += 1) if (packet[place] !== 0) return false;
  return true;
}

/** The answer to a sender's packet; when it goes out is written last (`sentAt`). */
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

/** Reads a reflector's packet; undefined where it has not its size. */
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

/** A quarter of a microsecond is as fine as a number since 1970 is. */
function writeNtp(packet: Buffer, timeMs: number, place: number): void {
  const seconds = Math.floor(timeMs / 1_000);
  packet.writeUInt32BE((seconds + ntpEpoch) % fractions, place);
  packet.writeUInt32BE(Math.floor(((timeMs - seconds * 1_000) / 1_000) * fractions) % fractions, place + 4);
}

/** From 2036 on the seconds begin anew (RFC 5905, 6): a small number is of that era. */
function readNtp(packet: Buffer, place: number): number {
  const seconds = packet.readUInt32BE(place);
  const era = seconds < fractions / 2 ? fractions : 0;
  return (seconds + era - ntpEpoch) * 1_000 + (packet.readUInt32BE(place + 4) / fractions) * 1_000;
}
