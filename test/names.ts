/** Hostile names of devices, rooms and programs: they do harm if a program does not treat them as plain text. */
import type { Random } from './random.ts';

const pieces = [
  '$(touch MARK)',
  '`touch MARK`',
  '; touch MARK;',
  '| touch MARK',
  '&& touch MARK',
  "'; touch MARK; '",
  '"; touch MARK; "',
  '\n touch MARK\n',
  '--output=MARK',
  '%0a%0d',
  '%s%n',
  '../../../../etc/passwd',
  '\u0000',
  '\u202egnp.exe',
  '\ud800',
  '😀',
  'माइक',
  // One letter, encoded as one code point and as two.
  '\u095eोन',
  '\u092b\u093cोन',
  'கேமரா',
  'مائیک',
  '話筒',
  '<script>alert(1)</script>',
  '"}{"status":"ok"',
  'name="x"} 1\nsabha_pc_up 1',
  '\\',
  '\r\nBcc: all@office.test\r\n\r\n',
  '=HYPERLINK("http://x.test")',
  '[x](javascript:alert(1))',
  '\u001b]0;x\u0007\u001b[2J',
  '__proto__',
  'x'.repeat(4_096),
  'क'.repeat(1_400),
  '',
] as const;

/** Returns so many different names. A shell that runs one would create the file `mark`. */
export function hostileNames(random: Random, count: number, mark = 'MARK'): string[] {
  const names = new Set<string>();
  while (names.size < count) {
    const many = 1 + random.below(4);
    names.add(Array.from({ length: many }, () => random.pick(pieces)).join(random.pick([' ', '', `${random.below(99)}`])));
  }
  return [...names].map((name) => name.replaceAll('MARK', mark));
}
