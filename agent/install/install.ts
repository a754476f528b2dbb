/** The verbs `install` and `uninstall`: on Windows they do it; elsewhere a package does, and they say which. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isLanguage, type Language, languageFor, languages, saidOfCall } from '#contracts';
import { askWho, atTerminal, type Terminal } from '../identity/asking.ts';
import { calls, WrongCall } from '../identity/call.ts';
import type { Read } from '../identity/identity.ts';
import { type KnownCentre, knownCentre, typedOf } from '../identity/known-centre.ts';
import { lineFor } from '../identity/lines.ts';
import { addressOf } from '../identity/place.ts';
import { runProgram } from '../platform/program.ts';
import { installation } from './installation.ts';
import { type Answers, isEnrolled, isInstalled, type Machine } from './machine.ts';
import { type Places, placesOf } from './places.ts';
import { removal } from './removal.ts';
import { perform, type Step, type Tell } from './steps.ts';
import { agentArguments } from './task.ts';
import { phrases } from './words.ts';

/** Who calls: the words behind the verb, and the process; `isTerminal`: a person can be asked. */
export type Call = {
  args: string[];
  env: Record<string, string | undefined>;
  execPath: string;
  system: NodeJS.Platform;
  isTerminal: boolean;
};

const usage = `usage: ${calls.install} | ${calls.uninstall}; both with [--data DIR]`;
/** As those of `check`, whose verdict ends an installation; and one of its own where nothing was changed. */
const [wrongCall, notDone] = [2, 4];
/** What the centre expects of the room comes with the first connection: it is waited for, not for ever. */
const configurationTries = 30;

type Words = {
  answers: Answers | undefined;
  known: KnownCentre | undefined;
  /** Where the centre is, if the call names that alone: the code is asked for. */
  centre: string | undefined;
  data: string | undefined;
  language: Language;
  silent: boolean;
  purge: boolean;
};
type Begun = { words: Words; machine: Machine; tell: Tell };

/** Installs the agent, or a newer one over it; resolves with the exit code. */
export async function install(call: Call): Promise<number> {
  const begun = begin(call, 'sudo apt install ./sabha-agent_VERSION_amd64.deb');
  if (!begun.ok) return refused(begun.line, call);
  const { words, machine, tell } = begun.value;
  if (!(await perform(installation(machine), tell))) return notDone;
  return words.silent ? 0 : verdict(machine, words.language);
}

/** Removes what an installation made; resolves with the exit code. */
export async function uninstall(call: Call): Promise<number> {
  const begun = begin(call, 'sudo apt remove sabha-agent; with purge the data too');
  if (!begun.ok) return refused(begun.line, call);
  const { words, machine, tell } = begun.value;
  if (isInstalled(machine, words.purge)) return (await perform(removal(machine, words.purge), tell)) ? 0 : notDone;
  if (!words.silent) console.log(machine.say('nothing'));
  return 0;
}

function begin(call: Call, byPackage: string): Read<Begun> {
  const read = wordsOf(call);
  if (!read.ok) return read;
  const words = read.value;
  if (call.system !== 'win32') return { ok: false, line: `here the package does it: ${byPackage}` };
  const places = placesOf({ ...call, data: words.data });
  if (!places.ok) return places;
  const machine = machineOf(places.value, words, call.isTerminal && !words.silent);
  return { ok: true, value: { words, machine, tell: teller(words) } };
}

function wordsOf({ args, env, execPath, isTerminal }: Call): Read<Words> {
  const [text, flag] = [{ type: 'string' } as const, { type: 'boolean', default: false } as const];
  const options = { centre: text, pc: text, data: text, lang: text, silent: flag, purge: flag };
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const { centre, pc, data, lang = languageFor(args, env), silent, purge } = values;
    if (!isLanguage(lang)) return { ok: false, line: `--lang: "${lang}" is not one of ${languages.join(', ')}` };
    const known = knownCentre(execPath);
    const code = positionals.join(' ');
    const at = centre ?? (code || pc ? known?.centre : undefined);
    const given = [code, at, pc].filter(Boolean);
    const isPlace = centre !== undefined && given.length === 1 && isTerminal && !silent;
    if (!isPlace && ![0, 3].includes(given.length)) return { ok: false, line: `a code goes with --centre and --pc; ${usage}` };
    const answers = code && at && pc ? { code, centre: at, pc } : undefined;
    return { ok: true, value: { answers, known, centre: isPlace ? centre : undefined, data, language: lang, silent, purge } };
  } catch (error) {
    return { ok: false, line: `${saidOfCall(error)}; ${usage}` };
  }
}

function machineOf(places: Places, { answers: given, known, centre, language }: Words, asks: boolean): Machine {
  const say = (key: keyof typeof phrases) => phrases[key][language];
  let last: Answers | undefined = centre === undefined ? undefined : { code: '', centre, pc: '' };
  const answers = async (failed: string | null) => {
    if (given !== undefined && failed === null) return given;
    if (!asks) return failed === null ? 'without' : 'nobody';
    const asked = await askPerson({ input: process.stdin, output: process.stdout, language, known }, { failed, last });
    if (typeof asked !== 'string') last = asked;
    return asked;
  };
  return { places, run: runProgram, answers, pause, rename: renameSync, language, say };
}

/** What a person answers, at first or after `last` failed, which stands there to be corrected; an empty code is an installation without one. */
export async function askPerson(
  terminal: Terminal,
  { failed, last }: { failed: string | null; last: Answers | undefined },
): Promise<Answers | 'without' | 'nobody'> {
  try {
    return await atTerminal(terminal, async (desk) => {
      if (failed !== null) desk.tell(failed);
      const code = await desk.ask(phrases.askCode[terminal.language], typedOf(last?.code ?? '', terminal.known));
      if (code === '') return 'without';
      const whole = await askWho({ code, centre: last?.centre ?? terminal.known?.centre }, desk);
      return { code: whole.code, centre: addressOf(whole.centre), pc: whole.pc };
    });
  } catch (error) {
    if (error instanceof WrongCall) return 'nobody';
    throw error;
  }
}

/** A line for each step; where nobody looks, only what went wrong. */
export function teller({ language, silent }: Pick<Words, 'language' | 'silent'>): Tell {
  const said = (why: string) => lineFor(why, ['--lang', language], {});
  const line = (start: string, name: Step['name'], more = '') => `${start} ${phrases[name][language]}${more && `: ${more}`}`;
  return {
    done: (name, outcome) => {
      if (!outcome.ok) console.error(line('✖', name, said(outcome.line)));
      else if (!silent) console.log(line('✔', name, outcome.note));
    },
    undone: (name, why) =>
      console.error(line(`  ${phrases[why === null ? 'taken' : 'notTaken'][language]}:`, name, why === null ? '' : said(why))),
  };
}

/** What the doctor says of the room; nothing where nobody has said which room it is. */
async function verdict({ places, run }: Machine, language: Language): Promise<number> {
  if (!isEnrolled(places)) return 0;
  for (let tries = 0; tries < configurationTries && !existsSync(join(places.data, 'config.json')); tries += 1) await pause(1_000);
  const { code, text } = await run(join(places.program, 'node.exe'), agentArguments(places, 'check', ['--lang', language]));
  console.log(`\n${text}`);
  return code ?? notDone;
}

function refused(line: string, { args, env }: Call): number {
  console.error(lineFor(line, args, env));
  return wrongCall;
}
