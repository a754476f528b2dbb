/** Access token of the reflector, 16 bytes: `flows` gives it to the measuring PC, and the broker verifies it locally. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const reflectorTokenBytes = 16;
const macBytes = 8;

/** Content of a token: its end (milliseconds since 1970, to the second) and its PC (32 bits of a hash of the path). */
export type ReflectorToken = { endsAt: number; pc: number };

/** Creates a token: end (s, 32 bits), PC (32 bits), and 8 bytes of HMAC-SHA-256 over both. */
export function sealReflectorToken(pc: string, endsAt: number, key: Buffer): Buffer {
  const token = Buffer.alloc(reflectorTokenBytes);
  token.writeUInt32BE(Math.floor(endsAt / 1_000), 0);
  token.writeUInt32BE(pcHash(pc), 4);
  macOf(token, key).copy(token, macBytes);
  return token;
}

/** Returns the PC field of a token: 32 bits of a hash of the path. */
export function pcHash(pc: string): number {
  return createHmac('sha256', 'sabha/pc').update(pc).digest().readUInt32BE(0);
}

/** Verifies a token; undefined if it is invalid or expired. */
export function openReflectorToken(token: Buffer, key: Buffer, now: number): ReflectorToken | undefined {
  if (token.length !== reflectorTokenBytes || !timingSafeEqual(token.subarray(macBytes), macOf(token, key))) return undefined;
  const endsAt = token.readUInt32BE(0) * 1_000;
  return endsAt > now ? { endsAt, pc: token.readUInt32BE(4) } : undefined;
}

function macOf(token: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(token.subarray(0, macBytes)).digest().subarray(0, macBytes);
}
