import { expect, test } from 'vitest';
import { createAuditNote } from './chain.ts';

test('S19 a person of central receives each signed head once, in the first message after it and in their language; others never do', () => {
  let signed: { row: number; hash: string; at: number } | undefined;
  const note = createAuditNote(() => signed);
  const person = { id: 'meera', role: 'central', language: 'en' } as const;
  expect(note.lineFor(person)).toBeUndefined();
  signed = { row: 812, hash: '0123456789abcdef'.repeat(4), at: Date.UTC(2027, 0, 5) };
  expect(note.lineFor(person)).toBe('Audit of 2027-01-05: row 812, 0123 4567 89ab cdef');
  expect(note.lineFor({ ...person, language: 'hi' })).toContain('812');
  expect(note.lineFor({ ...person, role: 'state' })).toBeUndefined();
  expect(note.lineFor(person)).toBeDefined();
  note.arrived('meera');
  expect(note.lineFor(person)).toBeUndefined();
  expect(note.lineFor({ ...person, id: 'asha' })).toBeDefined();
  signed = { ...signed, row: 900 };
  expect(note.lineFor(person)).toContain('row 900');
});
