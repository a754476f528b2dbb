import { refusal } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { refusedText } from './refused.js';

const { options } = refusal.entries.code.wrapped;

test.each(options)('a refusal "%s" has a text in both languages and does not show the line of the API', (code) => {
  const about = { by: 'Tashi', at: 1, scope: 'goa' };
  const [en, hi] = (['en', 'hi'] as const).map((lang) => refusedText(lang, { status: 409, error: 'a line of the API', code, about }));
  expect([en, hi]).not.toContainEqual(expect.stringContaining('a line of the API'));
  expect(en).toMatch(/^[\w {:;,]+/);
  expect(hi?.replaceAll(/Tashi|goa|ID|PC/g, '')).not.toMatch(/[A-Za-z]|\{/);
});

test("a refusal without a known code shows the server's line, and a success has no text", () => {
  expect(refusedText('hi', { status: 409, error: 'too new' })).toBe('सर्वर ने मना किया (too new)');
  expect(refusedText('hi', { status: 409, error: 'too new', code: 'constructor' })).toBe('सर्वर ने मना किया (too new)');
  expect([refusedText('en', { status: 204, error: '' }), refusedText('en', { status: 0, error: '' })]).toEqual([
    '',
    expect.stringMatching(/./),
  ]);
});
