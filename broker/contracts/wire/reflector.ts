/** The right to be answered by the reflector: a token of 16 bytes that `flows` gives to the PC which measures, and the broker proves without asking anybody. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Length of a token, bytes. */
export const reflectorTokenBytes = 16;
const macBytes = 8;

/** What a token says: until when (milliseconds since 1970, to the second) and for whom (32 bits of a hash of the path of the PC). */
export type ReflectorToken = { endsAt: number; pc: number };

/** Makes a token: end (s, 32 bits), PC (32 bits), and 8 bytes of HMAC-SHA-256 over both. */
export function sealReflectorToken(pc: string, endsAt: number, key: Buffer): Buffer {
  const token = Buffer.alloc(reflectorTokenBytes);
  token.writeUInt32BE(Math.floor(endsAt / 1_000), 0);
  token.writeUInt32BE(pcMark(pc), 4);
  macOf(token, key).copy(token, macBytes);
  return token;
}

/** What a token says of its PC: 32 bits of a hash of the path. */
export function pcMark(pc: string): number {
  return createHmac('sha256', 'sabha/pc').update(pc).digest().readUInt32BE(0);
}

/** Reads a token; undefined where it is not ours or has ended. */
export function openReflectorToken(token: Buffer, key: Buffer, now: number): ReflectorToken | undefined {
  if (token.length !== reflectorTokenBytes || !timingSafeEqual(token.subarray(macBytes), macOf(token, key))) return undefined;
  const endsAt = token.readUInt32BE(0) * 1_000;
  return endsAt > now ? { endsAt, pc: token.readUInt32BE(4) } : undefined;
}

function macOf(token: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(token.subarray(0, macBytes)).digest().subarray(0, macBytes);
}
