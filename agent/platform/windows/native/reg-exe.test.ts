import { expect, it } from 'vitest';
import type { Output } from '../../child.ts';
import { readQuery, registryByProgram } from './reg-exe.ts';

const store = 'HKU\\S-1-5-21-1-2-3-1001\\SOFTWARE\\ConsentStore\\webcam';
const long = store.replace('HKU', 'HKEY_USERS');
const lines = [
  '',
  long,
  '    Value    REG_SZ    Allow',
  '    LastSetTime    REG_QWORD    0x1dd03f968b32b3c',
  '',
  `${long}\\NonPackaged\\C:#Program Files#Zoom#bin#Zoom.exe`,
  '    LastUsedTimeStart    REG_QWORD    0x1dd267290343486',
  '    LastUsedTimeStop    REG_QWORD    0x0',
  '    LastUserAnnotatedLabel    REG_DWORD    0x2',
  '    Two words    REG_MULTI_SZ    a\\0b',
  '    EDID    REG_BINARY    00FFFF',
  '    Empty    REG_SZ    ',
  '    Nothing    REG_SZ',
];

it.each(['\r\n', '\n'])('reads what the program prints, whatever ends its lines', (end) => {
  const [own, zoom, ...more] = readQuery(lines.join(end), store);
  expect(own).toEqual({
    path: store,
    values: new Map<string, unknown>([
      ['value', 'Allow'],
      ['lastsettime', 0x1dd03f968b32b3cn],
    ]),
    changedAt: null,
  });
  expect(zoom?.path).toBe(`${store}\\NonPackaged\\C:#Program Files#Zoom#bin#Zoom.exe`);
  expect(Object.fromEntries(zoom?.values ?? [])).toEqual({
    lastusedtimestart: 0x1dd267290343486n,
    lastusedtimestop: 0n,
    lastuserannotatedlabel: 2,
    'two words': ['a', 'b'],
    edid: Buffer.from('00ffff', 'hex'),
    empty: '',
    nothing: '',
  });
  expect(more).toEqual([]);
});

it('a number that is printed as (null), as Wine does, is no value and no zero', () => {
  const [own] = readQuery(`${long}\n    LastUsedTimeStop    REG_QWORD    (null)\n    A    REG_DWORD    0xzz\n`, store);
  expect(own?.values.size).toBe(0);
});

const failed = (text: string): Output => ({ ok: false, why: 'failed', text });

/** A registry in which the folder of the key holds these; the program speaks any language. */
function program(held: string[], text: string) {
  const asked: string[][] = [];
  const query = registryByProgram(async (name, args) => {
    asked.push([name, ...args]);
    const [, path = ''] = args;
    if (path === 'HKLM\\SOFTWARE') return { ok: true, text: `HKEY_LOCAL_MACHINE\\SOFTWARE\r\n\r\n${held.join('\r\n')}\r\n` };
    return failed(text);
  });
  return { query, asked };
}

it.each([
  'ERROR: The system was unable to find the specified registry key or value.',
  'त्रुटि: सिस्टम कुंजी ढूँढने में असमर्थ था।',
  'FEHLER: Zugriff verweigert',
  '',
])('a key is not there where the one above does not hold it, and closed where it does, in any language: %s', async (text) => {
  const absent = program(['HKEY_LOCAL_MACHINE\\SOFTWARE\\Other'], text);
  expect(await absent.query('HKLM\\SOFTWARE\\None\\Such', 'below')).toEqual({ known: true, value: [] });
  expect(absent.asked[0]).toEqual(['reg.exe', 'query', 'HKLM\\SOFTWARE\\None\\Such', '/s']);
  const closed = program(['HKEY_LOCAL_MACHINE\\SOFTWARE\\None'], text);
  expect(await closed.query('HKLM\\SOFTWARE\\None', 'here')).toMatchObject({
    known: false,
    reason: expect.stringMatching(/^reg\.exe failed/),
  });
});

it.each(['missing', 'aborted', 'oversized'] as const)('where the program itself is %s, the answer is not known', async (why) => {
  const query = registryByProgram(async () => ({ ok: false, why, text: '' }));
  expect(await query('HKLM\\SOFTWARE', 'here')).toEqual({ known: false, reason: `reg.exe ${why}:` });
});
