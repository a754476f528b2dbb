/** Asks the person at this PC for the missing input of an enrolment, until the server accepts it. */
import { createInterface } from 'node:readline';
import { fillIn, isPcPath, type Language, oneLine, readEnrolCode, realClock, type Screen, showWait, type Words } from '@sabha/contracts';
import { UsageError, usageOf, waitingForServer } from './call.ts';
import { type Enrolment, pcsOfCode } from './enrol.ts';
import type { CodePc } from './est.ts';
import type { Failed, FailureCause, Result } from './identity.ts';
import { completeCode, defaultPort, type KnownCentre, parseAddress, type ServerAddress, serverUrl, typedPart } from './known-server.ts';
import { lineFor } from './lines.ts';

export type EnrolInput = Pick<Enrolment, 'code' | 'centre' | 'pc'>;
export type PartialInput = { code?: string | undefined; centre?: string | undefined; pc?: string | undefined };
/**
 * Dialogue with the person. `ask` shows `typed` as editable text and resolves with the line that the person enters. `known`: server that
 * the package names.
 */
export type Dialogue = {
  language: Language;
  known?: KnownCentre | undefined;
  ask(question: string, typed: string): Promise<string>;
  tell(line: string): void;
  pcsOf(codeAndServer: Pick<EnrolInput, 'code' | 'centre'>): Promise<Result<CodePc[]>>;
  /** Returns the time by the clock of this PC. */
  now(): number;
};
export type Terminal = Pick<Dialogue, 'language' | 'known'> & { input: NodeJS.ReadableStream; output: NodeJS.WritableStream & Screen };

const codeQuestion: Words = { en: 'Enrolment code of the office:', hi: 'ऑफ़िस का एनरोलमेंट कोड:' };
const centreQuestion: Words = { en: 'Name of the server, such as sabha.example.org:', hi: 'सर्वर का नाम, जैसे sabha.example.org:' };
const whichQuestion: Words = { en: 'Which PC is this? Its number:', hi: 'यह कौन सा PC है? उसका नंबर:' };
const pathQuestion: Words = { en: 'Path of this PC (STATE/SITE/PC):', hi: 'इस PC का पाथ (STATE/SITE/PC):' };
const closedPc: Words = { en: '{pc} (already enrolled, or blocked)', hi: '{pc} (पहले से जुड़ा है, या बंद किया गया है)' };
const notUsedUp: Words = { en: 'Your code is still valid.', hi: 'आपका कोड अभी चलेगा।' };
const tryAgain: Words = {
  en: 'Press Enter to try again. To stop, press Ctrl-C and type the same command later.',
  hi: 'फिर कोशिश के लिए Enter दबाएँ। बंद करने के लिए Ctrl-C दबाएँ, और बाद में यही कमांड फिर लिखें।',
};
const newName: Words = {
  en: 'If the server has a new name, press Ctrl-C and add --centre NAME to the command.',
  hi: 'सर्वर का नाम बदल गया हो तो Ctrl-C दबाएँ, और कमांड में --centre NAME जोड़ें।',
};

/** Causes for which the server name may be wrong. */
const nameRelatedCauses: ReadonlySet<FailureCause | undefined> = new Set(['name', 'network', 'silence', 'pin', 'other']);

/** Returns the complete input of an enrolment, or one line that names the missing argument. Throws UsageError for an invalid argument. */
export function readInput({ code: typed = '', centre: at, pc }: PartialInput, known: KnownCentre | undefined): Result<EnrolInput> {
  const missing = (what: string): { ok: false; line: string } => ({ ok: false, line: `${what}; ${usageOf('enrol')}` });
  if (pc && !isPcPath(pc)) throw new UsageError(`--pc: "${pc}" is no path STATE/SITE/PC`);
  const [code, centre = known?.centre] = [completeCode(typed, known), at];
  const place = centre ? parseAddress(centre) : undefined;
  if (centre && place === undefined) throw new UsageError(`--centre: "${centre}" is no address https://HOST:PORT`);
  if (code === '') return missing('one enrolment code is expected');
  if (!pc) return missing('--pc is missing');
  return place === undefined ? missing('--centre is missing') : { ok: true, value: { code, centre: place, pc } };
}

/** Adds the PC to an incomplete command line if the code covers only one PC. */
export async function addPcOfCode(typed: PartialInput, known: KnownCentre | undefined): Promise<Result<PartialInput>> {
  const code = completeCode(typed.code ?? '', known);
  const centre = parseAddress(typed.centre ?? known?.centre ?? '');
  if (typed.pc || centre === undefined || !readEnrolCode(code).ok) return { ok: true, value: typed };
  const pcs = await pcsOfCode({ code, centre });
  if (!pcs.ok) return pcs;
  return { ok: true, value: pcs.value.length === 1 ? { ...typed, pc: pcs.value[0]?.pc } : typed };
}

/** Asks for missing input until the server returns the PCs of the code. After a failure, it asks again for the input that may be wrong. */
export async function completeInput(typed: PartialInput, desk: Dialogue): Promise<EnrolInput> {
  for (let { code, centre = desk.known?.centre }: PartialInput = typed; ; ) {
    const said = { code: await readCode(code, desk), centre: await readServer(centre, desk) };
    const tried = attemptOf(said, desk);
    const pcs = await desk.pcsOf(tried);
    if (pcs.ok) return { ...tried, pc: typed.pc ?? (await choosePc(pcs.value, desk)) };
    ({ code, centre } = await askAgainAfterFailure(said, pcs, desk));
  }
}

/** Completes the input and calls `act`. Repeats both until `act` succeeds, or fails without a cause that a retry can solve. */
export async function enrolWithRetries<T>(
  typed: PartialInput,
  desk: Dialogue,
  act: (whole: EnrolInput) => Promise<Result<T>>,
): Promise<Result<T>> {
  for (let given = typed; ; ) {
    const whole = await completeInput(given, desk);
    const done = await act(whole);
    if (done.ok || done.cause === undefined) return done;
    const said = { code: typedPart(whole.code, desk.known), centre: serverUrl(whole.centre) };
    const next = await askAgainAfterFailure(said, done, desk);
    given = { ...next, pc: next.code === said.code ? whole.pc : typed.pc };
  }
}

/** Runs a dialogue at a terminal. A single reader keeps pasted lines. Throws UsageError if the person ends the dialogue. */
export async function runDialogue<T>({ input, output, language, known }: Terminal, act: (desk: Dialogue) => Promise<T>): Promise<T> {
  const lines = createInterface({ input, output });
  const typed = lines[Symbol.asyncIterator]();
  const say = (seconds: number) => fillIn(waitingForServer[language], { seconds });
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const leave = () => {
    // Ends the line on the screen, which Ctrl-C and Ctrl-D do not do.
    output.write('\n');
    reject(new UsageError('nothing was done'));
  };
  // Also ends a running request: a late response must not enrol a PC whose person gave up.
  lines.once('close', leave);
  try {
    const acting = act({
      language,
      known,
      async ask(question, before) {
        lines.setPrompt(`${question} `);
        lines.prompt();
        lines.write(before);
        const { value, done } = await typed.next();
        return done ? ended : value.trim();
      },
      tell: (line) => void output.write(`${lineFor(line, ['--lang', language], {})}\n`),
      pcsOf: (query) => showWait(pcsOfCode(query), { clock: realClock(), screen: output, say }),
      now: Date.now,
    });
    return await Promise.race([acting, ended]);
  } finally {
    lines.off('close', leave);
    lines.close();
  }
}

type CodeAndServer = { code: string; centre: string };

function attemptOf({ code, centre }: CodeAndServer, { known }: Dialogue): Omit<EnrolInput, 'pc'> {
  return { code: completeCode(code, known), centre: parseAddress(centre) ?? { host: centre, port: defaultPort } };
}

/** Returns the input for the next attempt. It asks again only for a refused code, or for a server name that the person typed. */
async function askAgainAfterFailure(said: CodeAndServer, failed: Failed, desk: Dialogue): Promise<CodeAndServer> {
  const { known, language, now, tell, ask } = desk;
  const tried = { ...attemptOf(said, desk), known, language, now: now() };
  const isTyped = !isServerOfPackage(tried);
  tell(lineOfFailure(failed, tried));
  if (!isTyped && nameRelatedCauses.has(failed.cause)) tell(newName[language]);
  // The server refused the code, or the complete code belongs to another server.
  if (failed.cause === 'code' || (failed.cause === 'pin' && !isHalfCode(tried))) {
    const code = await readCode(said.code, desk, true);
    return { code, centre: failed.cause === 'pin' && isTyped ? await readServer(said.centre, desk, true) : said.centre };
  }
  tell(notUsedUp[language]);
  if (isTyped && nameRelatedCauses.has(failed.cause)) {
    tell(tryAgain[language]);
    return { ...said, centre: await readServer(said.centre, desk, true) };
  }
  const text = await ask(tryAgain[language], '');
  return readEnrolCode(text, known?.pin).ok ? { ...said, code: text } : said;
}

/** Asks for the code. If the person types a new code after the shown one, the new code counts. */
async function readCode(typed: string | undefined, desk: Dialogue, anyway = false): Promise<string> {
  const pin = desk.known?.pin;
  const problemOf = (text: string) => {
    const read = readEnrolCode(text, pin);
    return read.ok ? null : read.line;
  };
  const ask = async (question: string, before: string) => {
    const text = await desk.ask(question, before);
    const rest = text.startsWith(before) ? text.slice(before.length) : '';
    return readEnrolCode(rest, pin).ok ? rest : text;
  };
  return askValid({ ...desk, ask }, { question: codeQuestion, typed, anyway, problemOf });
}

function readServer(typed: string | undefined, desk: Dialogue, anyway = false): Promise<string> {
  const problemOf = (text: string) => (parseAddress(text) === undefined ? `"${text}" is no address https://HOST:PORT` : null);
  return askValid(desk, { question: centreQuestion, typed, anyway, problemOf });
}

type InputQuestion = { question: Words; typed: string | undefined; anyway: boolean; problemOf: (text: string) => string | null };

async function askValid({ language, ask, tell }: Dialogue, { question, typed = '', anyway, problemOf }: InputQuestion): Promise<string> {
  let text = anyway || typed === '' ? await ask(question[language], typed) : typed;
  for (let problem = problemOf(text); problem !== null; problem = problemOf(text)) {
    tell(problem);
    text = await ask(question[language], text);
  }
  return text;
}

/** Returns the only PC of a code, or asks for a number. An older server returns an empty list; the person then types the path. */
async function choosePc(pcs: readonly CodePc[], { language, ask, tell }: Dialogue): Promise<string> {
  if (pcs.length === 1 && pcs[0] !== undefined) return pcs[0].pc;
  for (const [nth, { pc, room, open }] of pcs.entries())
    tell(`  ${nth + 1}  ${oneLine(room[language], 60)}: ${open ? pc : fillIn(closedPc[language], { pc })}`);
  for (;;) {
    const text = (await ask((pcs.length === 0 ? pathQuestion : whichQuestion)[language], '')).toLowerCase();
    const pc = pcs.length === 0 ? text : (pcs[Number(text) - 1]?.pc ?? '');
    if (isPcPath(pc)) return pc;
    tell(pcs.length === 0 ? `--pc: "${text}" is no path STATE/SITE/PC` : `a number from 1 to ${pcs.length} is expected`);
  }
}

/** Failed attempt, the language of the messages, and the time by the clock of this PC. */
export type Attempt = { code: string; centre: ServerAddress; known: KnownCentre | undefined; language: Language; now: number };

/** Texts for a person who typed no server name, because the package names the server. */
const packageFailureTexts: Partial<Record<FailureCause, Words>> = {
  name: {
    en: 'This network does not know the server name {host}: call the administrator.',
    hi: 'सर्वर का नाम {host} इस नेटवर्क में नहीं मिला: एडमिन को बताएँ।',
  },
  silence: {
    en: 'The server {at} does not answer: if this lasts, call the administrator.',
    hi: 'सर्वर {at} जवाब नहीं दे रहा: ऐसा ही रहे तो एडमिन को बताएँ।',
  },
  pin: {
    en: 'The server at {at} is not the server of this package: call the administrator.',
    hi: '{at} वाला सर्वर इस पैकेज का नहीं है: एडमिन को बताएँ।',
  },
};
const clock: Words = {
  en: 'The clock of this PC shows {time}. Set date and time (settings, or: timedatectl).',
  hi: 'इस PC की घड़ी में {time} है। तारीख़ और समय ठीक करें (सेटिंग्स, या: timedatectl)।',
};

/** Returns true if the person typed half a code, and the package added the pin. */
const isHalfCode = ({ code, known }: Attempt) => typedPart(code, known) !== code;

/** Returns one line about a failure: a plainer text if there is one, otherwise the original line. */
export function lineOfFailure({ line, cause }: Failed, tried: Attempt): string {
  const { centre, language } = tried;
  const words = cause === 'clock' ? clock : cause !== undefined && isServerOfPackage(tried) ? packageFailureTexts[cause] : undefined;
  if (words === undefined || (cause === 'pin' && !isHalfCode(tried))) return line;
  const at = serverUrl(centre).slice('https://'.length);
  return fillIn(words[language], { host: centre.host, at, time: timeOf(tried) });
}

function isServerOfPackage({ centre, known }: Pick<Attempt, 'centre' | 'known'>): boolean {
  const own = known && parseAddress(known.centre);
  return own !== undefined && serverUrl(own) === serverUrl(centre);
}

function timeOf({ language, now }: Attempt): string {
  const format = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language === 'hi' ? 'hi-IN' : 'en-GB', format).format(now);
}
