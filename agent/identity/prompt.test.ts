import { pinOf, writeEnrolCode } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { CodePc } from './est.ts';
import type { FailureCause, Result } from './identity.ts';
import { completeInput, type Dialogue, enrolWithRetries, type PartialInput } from './prompt.ts';

const code = writeEnrolCode(Buffer.alloc(13, 7), Buffer.from('root'));
const centre = { host: 'sabha.example.org', port: 8_443 };
const hall = { pc: 'ladakh/leh/vc-1', room: { en: 'Conference hall', hi: 'सभा कक्ष' }, open: true };
const small = { pc: 'ladakh/leh/vc-2', room: { en: 'Small room', hi: 'छोटा कमरा' }, open: false };

/** Failed request to the server: its cause and its line of text. */
type No = readonly [cause: FailureCause, line: string];
const silent: No = ['silence', 'sabha.example.org:8443: nothing listens on this port: check address and port'];
const known = { centre: 'https://sabha.example.org:8443', pin: pinOf(Buffer.from('root')) };
const half = code.slice(0, 23);
const moved = 'If the server has a new name, press Ctrl-C and add --centre NAME to the command.';
const tryAgain = 'Press Enter to try again. To stop, press Ctrl-C and type the same command later. ';

function answered<T>(answer: T | No): Result<T> {
  return isNo(answer) ? { ok: false, cause: answer[0], line: answer[1] } : { ok: true, value: answer };
}

function isNo(answer: unknown): answer is No {
  return Array.isArray(answer) && typeof answer[0] === 'string';
}

/** Simulates a person who types these lines, and a server that gives these responses in order. `said`: lines on the screen. */
function somebody(
  lines: string[],
  answers: (CodePc[] | No)[],
  { language = 'en', known }: Pick<Partial<Dialogue>, 'language' | 'known'> = {},
) {
  const said: string[] = [];
  const desk: Dialogue = {
    language,
    known,
    async ask(question, typed) {
      said.push(`${question} ${typed}`);
      return lines.shift() ?? expect.fail('asked once more');
    },
    tell: (line) => void said.push(line),
    async pcsOf() {
      return answered(answers.shift() ?? expect.fail('the centre was asked once more'));
    },
    now: () => new Date(2025, 10, 30, 14, 5).getTime(),
  };
  return { said, desk, ask: (typed: PartialInput = {}) => completeInput(typed, desk) };
}

test('the enrolment dialog asks for the code and the server name, and finds the only PC of the code', async () => {
  const { said, ask } = somebody([code.toLowerCase().replaceAll('-', ' '), 'sabha.example.org'], [[hall]]);
  expect(await ask()).toEqual({ code: code.toLowerCase().replaceAll('-', ' '), centre, pc: 'ladakh/leh/vc-1' });
  expect(said).toEqual(['Enrolment code of the office: ', 'Name of the server, such as sabha.example.org: ']);
});

test('the enrolment dialog accepts half a code if the package names its server', async () => {
  const { said, ask } = somebody([half.slice(0, -1), half], [[hall]], { known });
  expect(await ask()).toEqual({ code: `${half}-${known.pin}`, centre, pc: 'ladakh/leh/vc-1' });
  expect(said).toEqual([
    'Enrolment code of the office: ',
    'the enrolment code has 19 characters, it should have 20 or 40',
    `Enrolment code of the office: ${half.slice(0, -1)}`,
  ]);
  const whole = somebody([code], [[hall]], { known });
  expect(await whole.ask()).toMatchObject({ code, centre });
});

test('the enrolment dialog offers several PCs by number and room, also in Hindi, and asks again after an invalid number', async () => {
  const { said, ask } = somebody([code, 'sabha.example.org', '3', 'hall', '1'], [[hall, small]], { language: 'hi' });
  expect(await ask()).toMatchObject({ pc: 'ladakh/leh/vc-1' });
  expect(said.slice(2)).toEqual([
    '  1  सभा कक्ष: ladakh/leh/vc-1',
    '  2  छोटा कमरा: ladakh/leh/vc-2 (पहले से जुड़ा है, या बंद किया गया है)',
    'यह कौन सा PC है? उसका नंबर: ',
    'a number from 1 to 2 is expected',
    'यह कौन सा PC है? उसका नंबर: ',
    'a number from 1 to 2 is expected',
    'यह कौन सा PC है? उसका नंबर: ',
  ]);
});

test.each<[No, string[]]>([
  [silent, ['The server sabha.example.org:8443 does not answer: if this lasts, call the administrator.', moved]],
  [
    ['name', 'sabha.example.org:8443: this name is not known: check the spelling'],
    ['This network does not know the server name sabha.example.org: call the administrator.', moved],
  ],
  [
    ['network', 'sabha.example.org:8443: its name cannot be looked up: check the network of this PC'],
    ['sabha.example.org:8443: its name cannot be looked up: check the network of this PC', moved],
  ],
  [
    ['clock', 'sabha.example.org:8443: its certificate is not valid at the time of this PC: check the clock'],
    ['The clock of this PC shows 30 Nov 2025, 14:05. Set date and time (settings, or: timedatectl).'],
  ],
  [
    ['other', 'sabha.example.org:8443: its certificate is for another name'],
    ['sabha.example.org:8443: its certificate is for another name', moved],
  ],
])('the dialog explains an unreachable server, and retries after Enter without asking for the code again (%j)', async (no, told) => {
  const { said, ask } = somebody(['', 'x'], [no, no, [hall]], { known });
  expect(await ask({ code: half })).toEqual({ code: `${half}-${known.pin}`, centre, pc: hall.pc });
  const once = [...told, 'Your code is still valid.', tryAgain];
  expect(said).toEqual([...once, ...once]);
});

test('the enrolment dialog asks again for a used-up code, keeps the chosen PC for the same code, and ends on a final refusal', async () => {
  const { said, desk } = somebody(
    ['2', '', code, '1'],
    [
      [hall, small],
      [hall, small],
      [hall, small],
    ],
    { known },
  );
  const acts: (string | No)[] = [silent, ['code', 'sabha.example.org:8443 answered 401: this enrolment code is used up'], 'done'];
  const tried: string[] = [];
  const done = await enrolWithRetries({ code: half }, desk, async ({ pc }) => {
    tried.push(pc);
    return answered(acts.shift() ?? expect.fail('done once more'));
  });
  expect([done, tried]).toEqual([{ ok: true, value: 'done' }, [small.pc, small.pc, hall.pc]]);
  expect(said).toContain('sabha.example.org:8443 answered 401: this enrolment code is used up');
  const no = {
    ok: false,
    line: 'sabha.example.org:8443 answered 403: ladakh/leh/vc-1 is revoked: ask the central team to replace it',
  } as const;
  expect(await enrolWithRetries({ code: half, pc: hall.pc }, somebody([], [[hall]], { known }).desk, async () => no)).toBe(no);
});

test('the enrolment dialog skips questions that arguments answer, and asks for the path if the server returns no list of PCs', async () => {
  const called = somebody([], [[hall, small]]);
  expect(await called.ask({ code, centre: 'https://sabha.example.org', pc: 'ladakh/leh/vc-2' })).toEqual({
    code,
    pc: 'ladakh/leh/vc-2',
    centre: { ...centre, port: 443 },
  });
  const older = somebody(['leh', 'ladakh/leh/VC-1'], [[]]);
  expect(await older.ask({ code, centre: 'sabha.example.org' })).toMatchObject({ pc: 'ladakh/leh/vc-1' });
  const question = 'Path of this PC (STATE/SITE/PC): ';
  expect(older.said).toEqual([question, '--pc: "leh" is no path STATE/SITE/PC', question]);
});
