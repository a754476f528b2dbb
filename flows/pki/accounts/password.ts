/** Password hashes, one-time secrets, and the check for weak passwords. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { PasswordHash } from '../../engine/records/sites.ts';

/** scrypt cost N, used with r 8 and p 3. As strong as N 2^17, r 8, p 1 of OWASP, with a quarter of its memory: 32 MiB. */
const strongN = 2 ** 15;
const memoryLimitBytes = 64 * 1024 * 1024;
const keyBytes = 32;
const fewLetters = 6;
const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];

export type Passwords = ReturnType<typeof createPasswords>;

/** Returns functions to hash and verify passwords. `n` is the scrypt cost of new hashes; tests use a small one. */
export function createPasswords(n = strongN) {
  const cost = { n, r: 8, p: 3 };
  const newSalt = () => randomBytes(16).toString('base64url');
  return {
    async hash(password: string): Promise<PasswordHash> {
      const salted = { ...cost, salt: newSalt() };
      return { ...salted, key: (await keyOf(password, salted)).toString('base64url') };
    },
    /** Compares in constant time. */
    async matches(password: string, hash: PasswordHash): Promise<boolean> {
      const held = Buffer.from(hash.key, 'base64url');
      const found = await keyOf(password, hash);
      return held.length === found.length && timingSafeEqual(held, found);
    },
    /** Returns a hash that no password matches, with the usual cost of a comparison. */
    dummyHash: (): PasswordHash => ({ ...cost, salt: newSalt(), key: randomBytes(keyBytes).toString('base64url') }),
  };
}

export function newSecret(): string {
  return randomBytes(15).toString('base64url');
}

/**
 * Returns true for a long but weak password:
 * - five or fewer distinct characters
 * - one repeated piece
 * - a row of the alphabet, of digits or of the keyboard
 * - the account name with little else
 * Source: NIST SP 800-63B. No character classes are required.
 */
export function isWeakPassword(password: string, name: string): boolean {
  const letters = [...password.normalize('NFKC').toLowerCase()];
  const plain = letters.join('');
  const beside = plain.replaceAll(name.toLowerCase(), '');
  const follows = letters.slice(1).filter((letter, at) => {
    const before = letters[at] ?? '';
    return rows.some((row) => row.includes(before + letter) || row.includes(letter + before));
  });
  // A row: at least three quarters of the characters follow their neighbour, up or down.
  const isRow = follows.length >= 0.75 * (letters.length - 1);
  return isRow || new Set(letters).size < fewLetters || /^(.+?)\1+.{0,3}$/su.test(plain) || (beside !== plain && [...beside].length < 6);
}

/** Derives the key. NFKC normalisation is needed, because keyboards encode the same text differently. */
function keyOf(password: string, { n, r, p, salt }: Omit<PasswordHash, 'key'>): Promise<Buffer> {
  const options = { N: n, r, p, maxmem: memoryLimitBytes };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
