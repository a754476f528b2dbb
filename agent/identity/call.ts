/** Command line of the agent: usage, the next commands it prints, and invalid calls. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { describeUsageError, fillIn, type Language, type Words } from '@sabha/contracts';

/** Version; the bundler defines it in a package. */
declare const SABHA_VERSION: string | undefined;
const isPackage = typeof SABHA_VERSION === 'string';
/** Start of each command that a person types: the package, or npm in the source tree. */
export const command = isPackage ? 'sabha-agent' : 'npm run agent --';
/** In a Linux package only the service account and root may read the data. */
const asRoot = isPackage && process.platform === 'linux' ? 'sudo ' : '';
export const calls = {
  check: 'check [--json | --all] [--lang en|hi]',
  enrol: 'enrol [CODE] [--centre HOST] [--pc STATE/SITE/PC] [--again] [--lang en|hi]',
  run: 'run [--apart] [--lang en|hi]',
  room: 'room [--card | --fix | --undo]',
  install: 'install',
  uninstall: 'uninstall',
} as const;
export type CliVerb = keyof typeof calls;
export const usage = `usage: ${command} ${Object.keys(calls).join(' | ')}; each with [--data DIR], and with --help, which says more`;

export function usageOf(verb: CliVerb): string {
  return `usage: ${command} ${calls[verb]} [--data DIR]`;
}

/** Text on the screen during a request to the server. */
export const waitingForServer: Words = { en: 'asking the server: {seconds} s', hi: 'सर्वर से पूछा जा रहा है: {seconds} सेकंड' };
/** Returns a command for a person to type. `data`: data folder of the present call, so that the command finds the same PC. */
export function commandLine(verb: CliVerb, data: string | undefined): string {
  const named = data === undefined ? '' : ` --data ${/[^\w./:\\-]/.test(data) ? `"${data}"` : data}`;
  return `${verb === 'room' ? '' : asRoot}${command} ${verb}${named}`;
}

/** Returns the command that starts the agent; empty in a package, which starts the agent automatically. */
export function startCall(data: string | undefined): string {
  return isPackage ? '' : ` (${commandLine('run', data)})`;
}

export function nextCommand(data: string): string {
  return commandLine(isPackage ? 'check' : 'run', isPackage ? undefined : data);
}

export const enrolledUntil: Words = { en: '{pc} is enrolled until {day}', hi: '{pc} जुड़ गया है, {day} तक' };
const afterEnrolment: Words = isPackage
  ? {
      en: 'Next: the agent starts by itself, and shows here what the room still lacks. Within a minute the server shows this PC.',
      hi: 'आगे: एजेंट अपने-आप चलेगा, और यहीं बताएगा कि कमरे में क्या कमी है। एक मिनट में यह PC सर्वर पर दिखेगा।',
    }
  : {
      en: 'Next: "{run}" starts the agent, "{check}" shows what the room still lacks. Within a minute the server shows this PC.',
      hi: 'आगे: "{run}" से एजेंट चलाएँ, "{check}" बताएगा कि कमरे में क्या कमी है। एक मिनट में यह PC सर्वर पर दिखेगा।',
    };

export function nextSteps(language: Language, data: string | undefined): string {
  return fillIn(afterEnrolment[language], { run: commandLine('run', data), check: commandLine('check', data) });
}

/** Invalid call; the message is one line for the person who typed the command. */
export class UsageError extends Error {}

/** Parses the arguments of a call. Throws UsageError for invalid arguments. */
export function parseCall<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(`${describeUsageError(error)}; ${usage}`);
  }
}

export const folder = { data: { type: 'string' } } as const;
