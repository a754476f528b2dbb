import { expect, test } from 'vitest';
import { pinOf, writeEnrolCode } from '#contracts';
import { askWho, type Desk, placeOf, type Typed } from './asking.ts';
import type { CodePc } from './est.ts';

const code = writeEnrolCode(Buffer.alloc(13, 7), Buffer.from('root'));
const centre = { host: 'sabha.example.org', port: 8_443 };
const hall = { pc: 'ladakh/leh/vc-1', room: { en: 'Conference hall', hi: 'सभा कक्ष' }, open: true };
const small = { pc: 'ladakh/leh/vc-2', room: { en: 'Small room', hi: 'छोटा कमरा' }, open: false };

/** Somebody who types these lines, before a centre that answers these in turn; `said` = what stood on the screen. */
function somebody(
  lines: string[],
  answers: (CodePc[] | string)[],
  { language = 'en', known }: Pick<Partial<Desk>, 'language' | 'known'> = {},
) {
  const said: string[] = [];
  const desk: Desk = {
    language,
    known,
    async ask(question, typed) {
      said.push(`${question}: ${typed}`);
      return lines.shift() ?? expect.fail('asked once more');
    },
    tell: (line) => void said.push(line),
    async pcsOf() {
      const answer = answers.shift() ?? expect.fail('the centre was asked once more');
      return typeof answer === 'string' ? { ok: false, line: answer } : { ok: true, value: answer };
    },
  };
  return { said, ask: (typed: Typed = {}) => askWho(typed, desk) };
}

test('a clerk on the phone typed the address and the path of the PC too: the code and the name of the centre are enough', async () => {
  const { said, ask } = somebody([code.toLowerCase().replaceAll('-', ' '), 'sabha.example.org'], [[hall]]);
  expect(await ask()).toEqual({ code: code.toLowerCase().replaceAll('-', ' '), centre, pc: 'ladakh/leh/vc-1' });
  expect(said).toEqual(['Code of the office: ', 'Name of the centre, such as sabha.example.org: ']);
});

test('79 characters were typed by phone: with the package of the centre the first half of the code is all', async () => {
  const known = { centre: 'https://sabha.example.org:8443', pin: pinOf(Buffer.from('root')) };
  const half = code.slice(0, 23);
  const { said, ask } = somebody([half.slice(0, -1), half], [[hall]], { known });
  expect(await ask()).toEqual({ code: `${half}-${known.pin}`, centre, pc: 'ladakh/leh/vc-1' });
  expect(said).toEqual([
    'Code of the office: ',
    'the enrolment code has 19 characters, it should have 20 or 40',
    `Code of the office: ${half.slice(0, -1)}`,
  ]);
  const whole = somebody([code], [[hall]], { known });
  expect(await whole.ask()).toMatchObject({ code, centre });
});

test('the package of another centre: what stands in it is put right where it stands', async () => {
  const known = { centre: 'https://old.example.org:8443', pin: pinOf(Buffer.from('another root')) };
  const { said, ask } = somebody(
    [code, code, 'sabha.example.org'],
    ['old.example.org:8443 is not the centre that gave this code', [hall]],
    { known },
  );
  expect(await ask()).toMatchObject({ code, centre });
  expect(said.at(-1)).toBe('Name of the centre, such as sabha.example.org: https://old.example.org:8443');
});

test('of several PCs a digit says which, by its room, in Hindi too; what is none of them is asked again', async () => {
  const { said, ask } = somebody([code, 'sabha.example.org', '3', 'hall', '1'], [[hall, small]], { language: 'hi' });
  expect(await ask()).toMatchObject({ pc: 'ladakh/leh/vc-1' });
  expect(said.slice(2)).toEqual([
    '  1  सभा कक्ष: ladakh/leh/vc-1',
    '  2  छोटा कमरा: ladakh/leh/vc-2 (पहले से जुड़ा है, या बंद किया गया है)',
    ...Array(3).fill('यह कौन सा PC है? उसका नंबर: '),
  ]);
});

test('what is mistyped is said and stands there to be corrected: nothing is typed twice, and no wrong code costs a try', async () => {
  const cut = code.slice(0, -1);
  const { said, ask } = somebody(
    [cut, code, 'ftp://x', 'sabha.exmple.org', code, 'sabha.example.org'],
    ['sabha.exmple.org:8443: ENOTFOUND', [hall]],
  );
  expect(await ask()).toMatchObject({ centre });
  expect(said).toEqual([
    'Code of the office: ',
    'the enrolment code has 39 characters, it should have 40',
    `Code of the office: ${cut}`,
    'Name of the centre, such as sabha.example.org: ',
    '"ftp://x" is no address https://HOST:PORT',
    'Name of the centre, such as sabha.example.org: ftp://x',
    'sabha.exmple.org:8443: ENOTFOUND',
    `Code of the office: ${code}`,
    'Name of the centre, such as sabha.example.org: sabha.exmple.org',
  ]);
});

test('what the call says is not asked for, and of a centre that does not know the question the path is', async () => {
  const known = somebody([], [[hall, small]]);
  expect(await known.ask({ code, centre: 'https://sabha.example.org', pc: 'ladakh/leh/vc-2' })).toEqual({
    code,
    pc: 'ladakh/leh/vc-2',
    centre: { ...centre, port: 443 },
  });
  const older = somebody(['leh', 'ladakh/leh/VC-1'], [[]]);
  expect(await older.ask({ code, centre: 'sabha.example.org' })).toMatchObject({ pc: 'ladakh/leh/vc-1' });
  expect(older.said).toEqual(Array(2).fill('Path of this PC (STATE/SITE/PC): '));
});

test.each([
  ['sabha.example.org', centre],
  [' Sabha.Example.org ', centre],
  ['sabha,example. org:9443', { ...centre, port: 9_443 }],
  ['https://sabha.example.org', { ...centre, port: 443 }],
  ['https://sabha.example.org:8443/', centre],
  ['10.0.0.1', { host: '10.0.0.1', port: 8_443 }],
  ['[2001:db8::1]', { host: '2001:db8::1', port: 8_443 }],
  ['http://sabha.example.org', undefined],
  ['', undefined],
  ['sabha example org/?', { host: 'sabhaexampleorg', port: 8_443 }],
  ['a b:c', undefined],
])('the centre typed as "%s"', (typed, place) => {
  expect(placeOf(typed)).toEqual(place);
});
