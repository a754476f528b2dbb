/** Asks whoever sits at this PC for what an enrolment needs and the call left out, in their language, until the centre knows the code. */
import { createInterface } from 'node:readline';
import { filled, isPcPath, type Language, oneLine, readEnrolCode, realClock, type Screen, type Words, withPatience } from '#contracts';
import { asking, usageOf, WrongCall } from './call.ts';
import { type Enrolment, pcsOfCode } from './enrol.ts';
import type { CodePc } from './est.ts';
import type { Read } from './identity.ts';
import { type KnownCentre, wholeCode } from './known-centre.ts';
import { lineFor } from './lines.ts';

/** What an enrolment takes. */
export type Whole = Pick<Enrolment, 'code' | 'centre' | 'pc'>;
/** The same as it was typed, as far as it was. */
export type Typed = { code?: string | undefined; centre?: string | undefined; pc?: string | undefined };
/** Where the person sits; `ask` resolves with the line that was typed, in which `typed` stands already, to be corrected. `known`: the centre of the package. */
export type Desk = {
  language: Language;
  known?: KnownCentre | undefined;
  ask(question: string, typed: string): Promise<string>;
  tell(line: string): void;
  pcsOf(asked: Pick<Whole, 'code' | 'centre'>): Promise<Read<CodePc[]>>;
};
/** Where lines are typed, and what is said comes. */
export type Terminal = Pick<Desk, 'language' | 'known'> & { input: NodeJS.ReadableStream; output: NodeJS.WritableStream & Screen };

const codeQuestion: Words = { en: 'Code of the office', hi: 'ऑफ़िस का कोड' };
const centreQuestion: Words = { en: 'Name of the centre, such as sabha.example.org', hi: 'सेंटर का नाम, जैसे sabha.example.org' };
const whichQuestion: Words = { en: 'Which PC is this? Its number', hi: 'यह कौन सा PC है? उसका नंबर' };
const pathQuestion: Words = { en: 'Path of this PC (STATE/SITE/PC)', hi: 'इस PC का पाथ (STATE/SITE/PC)' };
const closedPc: Words = { en: '{pc} (enrolled already, or shut out)', hi: '{pc} (पहले से जुड़ा है, या बंद किया गया है)' };
const usualPort = 8_443;

/** All that an enrolment takes, or what of it is missing in a call. Throws WrongCall where a word of it will not do. */
export function wholeOf({ code = '', centre, pc }: Typed): Read<Whole> {
  const missing = (what: string): { ok: false; line: string } => ({ ok: false, line: `${what}; ${usageOf('enrol')}` });
  if (pc && !isPcPath(pc)) throw new WrongCall(`--pc: "${pc}" is no path STATE/SITE/PC`);
  const place = centre ? placeOf(centre) : undefined;
  if (centre && place === undefined) throw new WrongCall(`--centre: "${centre}" is no address https://HOST:PORT`);
  if (code === '') return missing('one enrolment code is expected');
  if (!pc) return missing('--pc is missing');
  return place === undefined ? missing('--centre is missing') : { ok: true, value: { code, centre: place, pc } };
}

/** What was typed, and what is asked for, once the centre has said which PCs the code is for: until then it is corrected where it stands. */
export async function askWho(typed: Typed, desk: Desk): Promise<Whole> {
  const { known } = desk;
  const problemOfCode = (text: string) => {
    const read = readEnrolCode(text, known?.pin);
    return read.ok ? null : read.line;
  };
  let { code: half = '', centre: at = known?.centre ?? '' } = typed;
  for (let isWrong = false; ; isWrong = true) {
    half = await asked(desk, { question: codeQuestion, typed: half, anyway: isWrong, problemOf: problemOfCode });
    const code = wholeCode(half, known);
    at = await asked(desk, { question: centreQuestion, typed: at, anyway: isWrong, problemOf: problemOfPlace });
    const centre = placeOf(at) ?? { host: at, port: usualPort };
    const pcs = await desk.pcsOf({ code, centre });
    if (pcs.ok) return { code, centre, pc: typed.pc ?? (await askPc(pcs.value, desk)) };
    desk.tell(pcs.line);
  }
}

/** Where a centre is, as people type it: a bare name is that of the usual port. */
export function placeOf(typed: string): Whole['centre'] | undefined {
  const text = typed.replaceAll(/\s/g, '').replaceAll(',', '.');
  const isBare = !text.includes('://');
  const url = text === '' ? null : URL.parse(isBare ? `https://${text}` : text);
  if (url?.protocol !== 'https:') return undefined;
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || (isBare ? usualPort : 443)) };
}

/** The same as a call takes it. */
export function addressOf({ host, port }: Whole['centre']): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Asks at a terminal, by one reading of it, so that lines which are pasted at once are not lost. Throws WrongCall where somebody ends it. */
export async function atTerminal<T>({ input, output, language, known }: Terminal, act: (desk: Desk) => Promise<T>): Promise<T> {
  const lines = createInterface({ input, output });
  const typed = lines[Symbol.asyncIterator]();
  const say = (seconds: number) => filled(asking[language], { seconds });
  try {
    return await act({
      language,
      known,
      async ask(question, before) {
        lines.setPrompt(`${question}: `);
        lines.prompt();
        lines.write(before);
        const { value, done } = await typed.next();
        if (done) {
          // What ended it, ^C or ^D, ends no line of the screen.
          output.write('\n');
          throw new WrongCall('nothing was done');
        }
        return value.trim();
      },
      tell: (line) => void output.write(`${lineFor(line, ['--lang', language], {})}\n`),
      pcsOf: (asked) => withPatience(pcsOfCode(asked), { clock: realClock(), screen: output, say }),
    });
  } finally {
    lines.close();
  }
}

type Question = { question: Words; typed: string; anyway: boolean; problemOf: (text: string) => string | null };

async function asked({ language, ask, tell }: Desk, { question, typed, anyway, problemOf }: Question): Promise<string> {
  let text = anyway || typed === '' ? await ask(question[language], typed) : typed;
  for (let problem = problemOf(text); problem !== null; problem = problemOf(text)) {
    tell(problem);
    text = await ask(question[language], text);
  }
  return text;
}

/** The only PC of a code is this one; of several, a digit says which. A centre that is older than this question tells of none. */
async function askPc(pcs: readonly CodePc[], { language, ask, tell }: Desk): Promise<string> {
  if (pcs.length === 1 && pcs[0] !== undefined) return pcs[0].pc;
  for (const [nth, { pc, room, open }] of pcs.entries())
    tell(`  ${nth + 1}  ${oneLine(room[language], 60)}: ${open ? pc : filled(closedPc[language], { pc })}`);
  for (;;) {
    const text = (await ask((pcs.length === 0 ? pathQuestion : whichQuestion)[language], '')).toLowerCase();
    const pc = pcs.length === 0 ? text : (pcs[Number(text) - 1]?.pc ?? '');
    if (isPcPath(pc)) return pc;
  }
}

function problemOfPlace(text: string): string | null {
  return placeOf(text) === undefined ? `"${text}" is no address https://HOST:PORT` : null;
}
