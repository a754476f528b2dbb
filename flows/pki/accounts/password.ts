/** Passwords, and the secrets that stand in for them until their person has chosen one. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { PasswordHash } from '../../engine/records/sites.ts';

/** With r 8 and p 3 as strong as the N 2^17, r 8, p 1 that OWASP asks for, with a quarter of its memory: 32 MiB for each login. */
const strongN = 2 ** 15;
const memoryLimitBytes = 64 * 1024 * 1024;
const keyBytes = 32;
const fewLetters = 6;
const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'];

/** Hashes of secrets, and their proof. */
export type Passwords = ReturnType<typeof createPasswords>;

/** `n` is scrypt's cost for new hashes; a test takes a small one. */
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
    /** Nothing matches it, and it takes as long to say so as with any other. */
    nobody: (): PasswordHash => ({ ...cost, salt: newSalt(), key: randomBytes(keyBytes).toString('base64url') }),
  };
}

/** 20 characters of 6 bits. */
export function newSecret(): string {
  return randomBytes(15).toString('base64url');
}

/**
 * True where a password is long and yet soon guessed: five characters or fewer again and again, one piece repeated, a row of the alphabet, of digits or
 * of the keyboard, or the name of its account with little more. What NIST SP 800-63B asks to refuse; no kinds of characters are asked for.
 */
export function isSoonGuessed(password: string, name: string): boolean {
  const letters = [...password.normalize('NFKC').toLowerCase()];
  const plain = letters.join('');
  const beside = plain.replaceAll(name.toLowerCase(), '');
  const follows = letters.slice(1).filter((letter, at) => {
    const before = letters[at] ?? '';
    return rows.some((row) => row.includes(before + letter) || row.includes(letter + before));
  });
  // Nearly all of its characters follow each other, up or down, in one of the rows.
  const isRow = follows.length >= 0.75 * (letters.length - 1);
  return isRow || new Set(letters).size < fewLetters || /^(.+?)\1+.{0,3}$/su.test(plain) || (beside !== plain && [...beside].length < 6);
}

/** The same word typed on another keyboard may come as other code points. */
function keyOf(password: string, { n, r, p, salt }: Omit<PasswordHash, 'key'>): Promise<Buffer> {
  const options = { N: n, r, p, maxmem: memoryLimitBytes };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
