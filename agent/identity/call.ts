/** How a person calls the agent, and what is said of a call that will not do. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Set where the agent was packed into one file. */
declare const SABHA_VERSION: string | undefined;
/** How a person calls the agent here. */
export const command = typeof SABHA_VERSION === 'string' ? 'sabha-agent' : 'npm run agent --';
/** What a person may type. */
export const calls = {
  check: 'check [--json | --all] [--lang en|hi]',
  enrol: 'enrol CODE --centre https://HOST:8443 --pc STATE/SITE/PC [--again]',
  run: 'run [--apart]',
  room: 'room [--fix | --undo]',
  install: 'install [CODE --centre https://HOST:8443 --pc STATE/SITE/PC] [--silent] [--lang en|hi]',
  uninstall: 'uninstall [--purge] [--silent] [--lang en|hi]',
} as const;
/** One of them. */
export type Verb = keyof typeof calls;
/** All of it, in one line. */
export const usage = `usage: ${command} ${Object.values(calls).join(' | ')}; each with [--data DIR] or --help`;

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
