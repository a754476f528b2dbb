/** The agent's command line. Exit code: 0 no fault, 1 a fault, 2 a wrong call or a wrong setting. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Language, languages, type OwnSite, readSettings, realClock } from '#contracts';
import { selfTest, toJson, toText } from './check.ts';
import { createPlatform } from './platform/index.ts';
import type { Probe } from './probe.ts';
import { probes } from './probes/index.ts';

const usage = 'usage: npm run agent -- check [--json] [--lang en|hi] | run';

/** One line for the person who typed the command. */
class WrongCall extends Error {}

const verbs: Record<string, (args: string[]) => Promise<number>> = { check, run };

async function check(args: string[]): Promise<number> {
  const options = { json: { type: 'boolean', default: false }, lang: { type: 'string', default: 'en' } } as const;
  const { json, lang } = parse(() => parseArgs({ args, options })).values;
  if (!isLanguage(lang)) throw new WrongCall(`--lang: "${lang}" is not one of ${languages.join(', ')}`);
  const site = loadSite(process.env['SABHA_CONFIG']);
  const report = await selfTest({ site, platform: createPlatform(), probes: probes.filter(isOfThePc), clock: realClock() });
  console.log(json ? toJson(report) : toText(report, lang));
  return report.checks.some((one) => one.status === 'fault') ? 1 : 0;
}

async function run(args: string[]): Promise<number> {
  parse(() => parseArgs({ args, options: {} }));
  const { main } = await import('./main.ts');
  await main();
  return 0;
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new WrongCall(`${(error as Error).message.split('.')[0]}; ${usage}`);
  }
}

/** The agent's probe speaks of runner and spool; a self-test has neither, and claims nothing about them. */
function isOfThePc(probe: Probe): boolean {
  return probe.name !== 'agent';
}

function isLanguage(text: string): text is Language {
  return (languages as readonly string[]).includes(text);
}

/** A file that is named must be there; without a name, ./sabha.json or all defaults. */
function loadSite(named: string | undefined): OwnSite {
  const file = named ?? 'sabha.json';
  const result = readSettings(readSettingsFile(file, named === undefined), file);
  if (!result.ok) throw new WrongCall(result.line);
  if (result.value.site === null) throw new WrongCall(`${file}: site is null: no conferencing PC stands here`);
  return result.value.site;
}

function readSettingsFile(file: string, optional: boolean): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (optional && code === 'ENOENT') return '{}';
    throw new WrongCall(`${file}: cannot be read: ${code}`);
  }
}

async function dispatch([verb = '', ...args]: string[]): Promise<number> {
  const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!act) throw new WrongCall(`${verb === '' ? 'no verb' : `unknown verb "${verb}"`}; ${usage}`);
  return act(args);
}

try {
  process.exitCode = await dispatch(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof WrongCall)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
