/** How a person calls the agent, and what is said of a call that will not do. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Words } from '#contracts';

/** Set where the agent was packed into one file. */
declare const SABHA_VERSION: string | undefined;
const isPackage = typeof SABHA_VERSION === 'string';
/** How a person calls the agent here. */
export const command = isPackage ? 'sabha-agent' : 'npm run agent --';
/** What a person may type. */
export const calls = {
  check: 'check [--json | --all] [--lang en|hi]',
  enrol: 'enrol CODE --centre https://HOST:8443 --pc STATE/SITE/PC [--again] [--lang en|hi]',
  run: 'run [--apart]',
  room: 'room [--fix | --undo]',
  install: 'install [CODE --centre https://HOST:8443 --pc STATE/SITE/PC] [--silent] [--lang en|hi]',
  uninstall: 'uninstall [--purge] [--silent] [--lang en|hi]',
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
/** What comes next on a PC that is enrolled. */
export const afterEnrolment: Words = isPackage
  ? {
      en: 'Next: the agent starts by itself, and says here what the room still lacks. Within a minute the centre shows this PC.',
      hi: 'आगे: एजेंट अपने-आप चलेगा, और यहीं बताएगा कि कमरे में क्या कमी है। एक मिनट में यह PC सेंटर पर दिखेगा।',
    }
  : {
      en: `Next: "${command} run" starts the agent, "${command} check" says what the room still lacks. Within a minute the centre shows this PC.`,
      hi: `आगे: "${command} run" से एजेंट चलाएँ, "${command} check" बताएगा कि कमरे में क्या कमी है। एक मिनट में यह PC सेंटर पर दिखेगा।`,
    };

/** One line for the person who typed the command. */
export class WrongCall extends Error {}

/** The words of a call, by the options that it may have; the folder is one for each verb. Throws WrongCall. */
export function wordsOf<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new WrongCall(`${(error as Error).message.split('.')[0]}; ${usage}`);
  }
}

/** The same folder for each verb. */
export const folder = { data: { type: 'string' } } as const;
