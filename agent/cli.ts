/** The agent's command line. Exit code: 0 no fault, 1 a fault or no enrolment, 2 a wrong call or a wrong setting, 3 no fault but something unknown. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isLanguage, isPcPath, languages, messageOf, readSettings, realClock, type SettingsSite, whenNpmIsGone } from '#contracts';
import type { Probe } from './checks/probe.ts';
import { enrol as enrolPc } from './identity/enrol.ts';
import { fetchClock } from './identity/est.ts';
import { type Identity, identityFolder, openIdentity } from './identity/identity.ts';
import { readFigures } from './net/data-budget.ts';
import { machine } from './platform/linux/machine.ts';
import { createProbes } from './probes/probes.ts';
import { readReport } from './self-test/link-text.ts';
import { progressOn, screenOf, toScreen } from './self-test/screen.ts';
import { exitCodeOf, type SelfTest, selfTest, toJson, toText } from './self-test/self-test.ts';
import { type AgentSettings, command, isNamed, placesOf, readWhoThisIs, withSeatApart } from './settings.ts';
import { createConfigStore, keptConfig } from './store/config-store.ts';
import { dataFolder } from './store/data-folder.ts';
import { budgetFile, centreAddressFile, linkFile } from './store/kept-file.ts';
import { createPlatform, sessionOf } from './this-pc.ts';
import { publicKey } from './uplink/centre-access.ts';
import { greeter } from './uplink/tls.ts';

const usage = `usage: ${command} check [--json | --all] [--lang en|hi] | enrol CODE --centre https://HOST:8443 --pc STATE/SITE/PC [--again] | run [--apart] | room [--fix | --undo] | install | uninstall; each with [--data DIR]`;

/** One line for the person who typed the command. */
class WrongCall extends Error {}

/** Where `npm start` runs an agent, it has made this for it. */
const centresToken = 'agent.token';
/** Over a satellite the three ways there and back take two seconds. */
const clockLimitMs = 3_000;
/** The same folder for each verb. */
const folder = { data: { type: 'string' } } as const;
const onStderr = { info: () => undefined, warn: (_: object, line: string) => console.error(line) };

/** `machine` is asked by this program itself. */
const verbs: Record<string, (args: string[]) => Promise<number>> = {
  check,
  enrol,
  run,
  room,
  install: (args) => installer('install', args),
  uninstall: (args) => installer('uninstall', args),
  machine: tellMachine,
};

async function tellMachine(): Promise<number> {
  console.log(JSON.stringify(await machine()));
  return 0;
}

async function check(args: string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const options = { json: flag, all: flag, lang: { type: 'string', default: 'en' }, ...folder } as const;
  const { json, all, lang } = parse(() => parseArgs({ args, options })).values;
  if (!isLanguage(lang)) throw new WrongCall(`--lang: "${lang}" is not one of ${languages.join(', ')}`);
  const data = agentsOwn(dataFolder(process.env, args));
  const judged = whomToJudge({ ...process.env, SABHA_DATA: data }, data);
  const progress = process.stderr.isTTY === true ? progressOn(process.stderr, lang) : undefined;
  const report = await selfTest({
    ...{
      ...judged,
      platform: createPlatform({ env: sessionOf(process.env) }),
      probes: createProbes().map(asFarAsKnown),
      clock: realClock(),
    },
    ...(progress && { onProbe: progress.tell }),
    budget: readFigures(budgetFile(data, onStderr)),
    link: readReport(linkFile(data, onStderr).load()),
  });
  progress?.end();
  const screen = screenOf(process.stdout, process.env);
  console.log(json ? toJson(report) : all ? toText(report, lang) : toScreen(report, lang, screen));
  return exitCodeOf(report);
}

/** On the centre's machine SABHA_DATA names the folder of all its parts, and the agent's lies in it. */
function agentsOwn(data: string): string {
  const inside = join(data, 'agent');
  return existsSync(join(inside, centresToken)) ? inside : data;
}

type Judged = Pick<SelfTest, 'subject' | 'centre' | 'compareClocks' | 'certificateLeftMs'>;

/** The PC that `run` would be; before anybody has made it known, the first one of ./sabha.json. */
function whomToJudge(env: typeof process.env, data: string): Judged {
  const opened = openIdentity(identityFolder(data));
  if (opened.ok && opened.value === undefined && !isNamed(env)) return firstOfSettings(env, data);
  const who = readWhoThisIs(env);
  if (!who.ok) throw new WrongCall(who.line);
  const { identity, settings } = who.value;
  const { pc, profile, host, port, anchors } = settings;
  const config = keptConfig(createConfigStore(join(data, 'config.json')), { key: centreKeyOf(identity, settings), pc, log: onStderr });
  const centre = identity ? placeOf(identity) : { host, port };
  return {
    subject: { pc, profile: config?.profile ?? profile, configured: config !== undefined || env['SABHA_PROFILE'] !== undefined },
    centre: { ...centre, anchors, lastAddress: centreAddressFile(data, onStderr) },
    compareClocks: identity && (() => offsetFrom(identity)),
    certificateLeftMs: identity && identity.certificate.validToDate.getTime() - Date.now(),
  };
}

function placeOf(identity: Identity) {
  const { host, mqttPort: port, enrolPort: doorPort } = identity.centre;
  return { host, port, doorPort, greet: greeter(() => identity, Date.now) };
}

/** By the date of an answer from the door of enrolment, which a PC reaches before it has any connection. */
async function offsetFrom({ centre: { host, enrolPort: port }, roots }: Identity) {
  const read = await fetchClock({ host, port, trust: { roots } }, clockLimitMs);
  return read.ok ? read.value : undefined;
}

function centreKeyOf(identity: Identity | undefined, { centreKeyFile }: AgentSettings): KeyObject | null {
  try {
    if (identity === undefined) return centreKeyFile === undefined ? null : publicKey(centreKeyFile);
    return identity.centre.centreKey === null ? null : createPublicKey(identity.centre.centreKey);
  } catch (error) {
    throw new WrongCall(messageOf(error));
  }
}

/** Its centre is known where it is said, or where `npm start` has made this PC the centre's own. */
function firstOfSettings(env: typeof process.env, data: string): Judged {
  const { state, id, profile, pcs } = loadSite(env['SABHA_CONFIG']);
  const first = pcs[0];
  const room = first && { room: { en: first.room.en, hi: first.room.hi ?? first.room.en } };
  const host = env['SABHA_MQTT_HOST'] ?? (existsSync(join(data, centresToken)) ? '127.0.0.1' : undefined);
  const port = Number(env['SABHA_MQTT_PORT'] ?? 1_883);
  return {
    subject: { pc: `${state}/${id}/${first?.id ?? ''}`, ...room, profile, configured: true },
    centre: host === undefined ? undefined : { host, port, anchors: placesOf(env['SABHA_ANCHORS'] ?? '') },
  };
}

async function enrol(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { centre: text, pc: text, ...folder, again: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parse(() => parseArgs({ args, options, allowPositionals: true }));
  const [code, more] = positionals;
  if (code === undefined || more !== undefined) throw new WrongCall(`one enrolment code is expected; ${usage}`);
  const { pc = '', again } = values;
  if (!isPcPath(pc)) throw new WrongCall(`--pc: "${pc}" is no path STATE/SITE/PC`);
  const done = await enrolPc({ code, centre: addressOf(values.centre), pc, folder: identityFolder(dataFolder(process.env, args)), again });
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
  const { apart } = parse(() => parseArgs({ args, options: { apart: { type: 'boolean', default: false }, ...folder } })).values;
  const data = dataFolder(process.env, args);
  const own = { ...process.env, SABHA_DATA: data };
  const env = apart ? withSeatApart(own, data) : own;
  const who = readWhoThisIs(env);
  if (!who.ok) {
    console.error(who.line);
    return 1;
  }
  const { main } = await import('./main.ts');
  await main(env);
  return 0;
}

/** Without a word it sits down in this session; with one it asks the seat that sits there. */
async function room(args: string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { fix, undo } = parse(() => parseArgs({ args, options: { fix: flag, undo: flag, ...folder } })).values;
  if (fix && undo) throw new WrongCall('--fix or --undo, not both');
  const data = dataFolder(process.env, args);
  const { main, press } = await import('./room.ts');
  if (fix || undo) {
    const { done, text } = await press(process.env, data, fix ? 'fix' : 'undo');
    console.log(text);
    return done ? 0 : 1;
  }
  await main(process.env, data);
  return 0;
}

async function installer(verb: 'install' | 'uninstall', args: string[]): Promise<number> {
  const { env, execPath, platform: system, stdin } = process;
  return (await import('./install/install.ts'))[verb]({ args, env, execPath, system, isTerminal: stdin.isTTY === true });
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new WrongCall(`${(error as Error).message.split('.')[0]}; ${usage}`);
  }
}

/** Of itself the agent speaks of its runner and spool as well: a self-test has neither, and claims nothing about them. */
function asFarAsKnown(probe: Probe): Probe {
  if (probe.name !== 'agent') return probe;
  const run: Probe['run'] = async (context) => ({
    checks: (await probe.run(context)).checks.filter(({ device }) => device === 'certificate'),
  });
  return { ...probe, run };
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
  // These say goodbye first.
  if (act !== run && act !== room) whenNpmIsGone({ env: process.env, script: process.argv[1] }, () => process.exit(1));
  return act(args);
}

try {
  const code = await dispatch(process.argv.slice(2));
  // Once all is written: what the system has been asked for a name cannot be taken back, and may take half a minute.
  process.stdout.write('', () => process.exit(code));
} catch (error) {
  if (!(error instanceof WrongCall)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
