/** The agent's command line. Exit code: 0 no fault, 1 a fault or no enrolment, 2 a wrong call or a wrong setting. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isPcPath, type Language, languages, readSettings, realClock, type SettingsSite, whenNpmIsGone } from '#contracts';
import type { Probe, ProbeContext } from './checks/probe.ts';
import { enrol as enrolPc } from './identity/enrol.ts';
import { identityFolder, openIdentity } from './identity/identity.ts';
import { readFigures } from './net/data-budget.ts';
import { createProbes } from './probes/probes.ts';
import { readReport } from './self-test/link-text.ts';
import { selfTest, toJson, toText } from './self-test/self-test.ts';
import { placesOf } from './settings.ts';
import { budgetFile, linkFile } from './store/kept-file.ts';
import { createPlatform } from './this-pc.ts';

const usage =
  'usage: npm run agent -- check [--json] [--lang en|hi] | enrol CODE --centre https://HOST:8443 --pc STATE/SITE/PC [--data DIR] [--again] | run';

/** One line for the person who typed the command. */
class WrongCall extends Error {}

const verbs: Record<string, (args: string[]) => Promise<number>> = { check, enrol, run };

async function check(args: string[]): Promise<number> {
  const options = { json: { type: 'boolean', default: false }, lang: { type: 'string', default: 'en' } } as const;
  const { json, lang } = parse(() => parseArgs({ args, options })).values;
  if (!isLanguage(lang)) throw new WrongCall(`--lang: "${lang}" is not one of ${languages.join(', ')}`);
  const site = loadSite(process.env['SABHA_CONFIG']);
  const data = process.env['SABHA_DATA'] ?? 'data/agent';
  const warn = { warn: (_: object, line: string) => console.error(line) };
  const report = await selfTest({
    ...{ site, platform: createPlatform(), probes: createProbes().filter(isOfThePc), clock: realClock(), centre: centreOf(data) },
    budget: readFigures(budgetFile(data, warn)),
    link: readReport(linkFile(data, warn).load()),
  });
  console.log(json ? toJson(report) : toText(report, lang));
  return report.checks.some((one) => one.status === 'fault') ? 1 : 0;
}

/** That of the enrolment; a PC without one is the centre's own, or runs a test of itself alone. */
function centreOf(data: string): ProbeContext['centre'] {
  const identity = openIdentity(identityFolder(data));
  const enrolled = identity.ok ? identity.value?.centre : undefined;
  const anchors = placesOf(process.env['SABHA_ANCHORS'] ?? '');
  if (enrolled !== undefined) return { host: enrolled.host, port: enrolled.mqttPort, anchors };
  return { host: process.env['SABHA_MQTT_HOST'] ?? '127.0.0.1', port: Number(process.env['SABHA_MQTT_PORT'] ?? 1_883), anchors };
}

async function enrol(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { centre: text, pc: text, data: text, again: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parse(() => parseArgs({ args, options, allowPositionals: true }));
  const [code, more] = positionals;
  if (code === undefined || more !== undefined) throw new WrongCall(`one enrolment code is expected; ${usage}`);
  const { pc = '', data = process.env['SABHA_DATA'] ?? 'data/agent', again } = values;
  if (!isPcPath(pc)) throw new WrongCall(`--pc: "${pc}" is no path STATE/SITE/PC`);
  const done = await enrolPc({ code, centre: addressOf(values.centre), pc, folder: identityFolder(data), again });
  if (!done.ok) console.error(done.line);
  else console.log(`${pc} is enrolled until ${done.value.certificate.validToDate.toISOString().slice(0, 10)}`);
  return done.ok ? 0 : 1;
}

function addressOf(centre = ''): { host: string; port: number } {
  const url = URL.parse(centre);
  if (url?.protocol !== 'https:') throw new WrongCall(`--centre: "${centre}" is no address https://HOST:PORT`);
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || 443) };
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
function loadSite(named: string | undefined): SettingsSite {
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
  // `run` says goodbye first.
  if (act !== run) whenNpmIsGone({ env: process.env, script: process.argv[1] }, () => process.exit(1));
  return act(args);
}

try {
  process.exitCode = await dispatch(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof WrongCall)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
