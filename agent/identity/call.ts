/** How a person calls the agent, and what is said of a call that will not do. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { filled, type Language, saidOfCall, type Words } from '@sabha/contracts';

/** Set where the agent was packed into one file. */
declare const SABHA_VERSION: string | undefined;
const isPackage = typeof SABHA_VERSION === 'string';
/** How a person calls the agent here. */
export const command = isPackage ? 'sabha-agent' : 'npm run agent --';
/** In a package for Linux the data are those of the service, to which nobody else comes. */
const asRoot = isPackage && process.platform === 'linux' ? 'sudo ' : '';
/** What a person may type. */
export const calls = {
  check: 'check [--json | --all] [--lang en|hi]',
  enrol: 'enrol [CODE] [--centre HOST] [--pc STATE/SITE/PC] [--again] [--lang en|hi]',
  run: 'run [--apart] [--lang en|hi]',
  room: 'room [--card | --fix | --undo]',
  install: 'install',
  uninstall: 'uninstall',
} as const;
/** One of them. */
export type Verb = keyof typeof calls;
/** All of it, in one line. */
export const usage = `usage: ${command} ${Object.keys(calls).join(' | ')}; each with [--data DIR], and with --help, which says more`;

/** One verb, in one line. */
export function usageOf(verb: Verb): string {
  return `usage: ${command} ${calls[verb]} [--data DIR]`;
}

/** While the centre is asked. */
export const asking: Words = { en: 'asking the centre: {seconds} s', hi: 'सेंटर से पूछा जा रहा है: {seconds} सेकंड' };
/** What a person may type next; `data`: the folder, where the call named one, so that what is typed as it is printed finds this PC again. */
export function callOf(verb: Verb, data: string | undefined): string {
  const named = data === undefined ? '' : ` --data ${/[^\w./:\\-]/.test(data) ? `"${data}"` : data}`;
  return `${verb === 'room' ? '' : asRoot}${command} ${verb}${named}`;
}

/** How the agent of an enrolled PC is started by hand; nothing in a package, which starts it by itself. */
export function startCall(data: string | undefined): string {
  return isPackage ? '' : ` (${callOf('run', data)})`;
}

/** What comes next on a PC that is enrolled already. */
export function nextOf(data: string): string {
  return callOf(isPackage ? 'check' : 'run', isPackage ? undefined : data);
}

/** Until when a PC is enrolled. */
export const enrolledUntil: Words = { en: '{pc} is enrolled until {day}', hi: '{pc} जुड़ गया है, {day} तक' };
const afterEnrolment: Words = isPackage
  ? {
      en: 'Next: the agent starts by itself, and says here what the room still lacks. Within a minute the centre shows this PC.',
      hi: 'आगे: एजेंट अपने-आप चलेगा, और यहीं बताएगा कि कमरे में क्या कमी है। एक मिनट में यह PC सेंटर पर दिखेगा।',
    }
  : {
      en: 'Next: "{run}" starts the agent, "{check}" says what the room still lacks. Within a minute the centre shows this PC.',
      hi: 'आगे: "{run}" से एजेंट चलाएँ, "{check}" बताएगा कि कमरे में क्या कमी है। एक मिनट में यह PC सेंटर पर दिखेगा।',
    };

/** What comes next on a PC that was enrolled just now. */
export function nextSteps(language: Language, data: string | undefined): string {
  return filled(afterEnrolment[language], { run: callOf('run', data), check: callOf('check', data) });
}

/** One line for the person who typed the command. */
export class WrongCall extends Error {}

/** The words of a call, by the options that it may have; the folder is one for each verb. Throws WrongCall. */
export function wordsOf<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new WrongCall(`${saidOfCall(error)}; ${usage}`);
  }
}

/** The same folder for each verb. */
export const folder = { data: { type: 'string' } } as const;
