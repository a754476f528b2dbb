/** S22: checks that SECURITY.md names the contact for a vulnerability and the supported versions. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reportFigure } from '../figures.ts';

const section = (title: string) => new RegExp(`^## ${title}\\n+([\\s\\S]*?)(?=\\n## |$(?![\\s\\S]))`, 'm').exec(text)?.[1] ?? '';
const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');

test('S22 SECURITY.md names the contact, the way to report, and the support of every version', () => {
  expect(section('Report a hole')).toMatch(/confidential/);
  expect(section('Report a hole').length).toBeGreaterThan(200);
  const rows = [...section('Supported versions').matchAll(/^\| (.+?) \| (.+?) \|$/gm)].map(([, version, corrections]) => [
    version,
    corrections,
  ]);
  expect(rows).toEqual([
    ['version', 'corrections'],
    ['the newest release', 'yes'],
    ['the one before', expect.stringMatching(/\d+|one|two|three|six/)],
    ['older', 'no'],
  ]);
  expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain('SECURITY.md');
  reportFigure('S22', `SECURITY.md: whom to tell, and the support of ${rows.length - 1} kinds of version`);
});
