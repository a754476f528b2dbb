/** The agent's own settings: read from the environment, checked, and one clear line about what is wrong. */

import { describeIssue, isPcPath, linkClasses, type PcPath, profile } from '@sabha/contracts';
import * as v from 'valibot';
import { type Env, seatName } from '../uplink/store/data-folder.ts';
import { command } from './call.ts';
import { type Identity, identityFolder, openIdentity, type Read } from './identity.ts';

const needed = (name: string) => v.pipe(v.string(`${name} is not set`), v.minLength(1, `${name} is not set`));
const number = (name: string, low: number, high: number) =>
  v.pipe(
    v.string(),
    v.transform(Number),
    v.check((value) => value >= low && value <= high, `${name}: a number from ${low} to ${high} is expected`),
  );
const port = v.pipe(number('SABHA_MQTT_PORT', 1, 65_535), v.integer('SABHA_MQTT_PORT: a whole number is expected'));

const anchors = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').filter(Boolean).map(placeOf)),
  v.check(
    (all) => all.every(({ host, port }) => host !== '' && port >= 1 && port <= 65_535),
    'SABHA_ANCHORS: HOST:PORT,HOST:PORT is expected',
  ),
);

const environment = v.object({
  SABHA_PC: v.pipe(needed('SABHA_PC'), v.check(isPcPath, 'SABHA_PC: a path state/site/pc of small letters, digits and "-" is expected')),
  /** Public half of the centre's key; without it no configuration and no command is taken. An identity brings its own. */
  SABHA_CENTRE_KEY: v.optional(needed('SABHA_CENTRE_KEY')),
  /** The agent's own folder. */
  SABHA_DATA: needed('SABHA_DATA'),
  SABHA_MQTT_HOST: v.optional(needed('SABHA_MQTT_HOST'), '127.0.0.1'),
  SABHA_MQTT_PORT: v.optional(port, '1883'),
  /** Where the reflector answers, if that is another address. */
  SABHA_REFLECTOR_HOST: v.optional(needed('SABHA_REFLECTOR_HOST')),
  SABHA_LINK: v.optional(v.picklist(linkClasses, `SABHA_LINK: one of ${linkClasses.join(', ')} is expected`), 'fibre'),
  /** Places beyond the router, HOST:PORT with commas between, by which the line is judged when the centre is not reached. */
  SABHA_ANCHORS: v.optional(anchors, ''),
  /** What to judge against until the centre has sent a configuration. */
  SABHA_PROFILE: v.optional(v.pipe(v.string(), v.parseJson(undefined, 'SABHA_PROFILE: not JSON'), profile)),
  /** Public half of the key that signs releases; absent = this agent is not updated. */
  SABHA_UPDATE_KEY: v.optional(needed('SABHA_UPDATE_KEY')),
  /** Where updates come from for a PC without an identity, which names its centre. */
  SABHA_UPDATES: v.optional(needed('SABHA_UPDATES'), 'http://127.0.0.1:1880'),
  /** Where the room seat, which is another process then, joins; absent = this process sits in both seats. */
  [seatName]: v.optional(needed(seatName)),
  /** Factor of the clock, and since when it counts (milliseconds since 1970); absent = since the start. */
  SABHA_SPEED: v.optional(number('SABHA_SPEED', 0.01, 10_000), '1'),
  SABHA_EPOCH: v.optional(number('SABHA_EPOCH', 0, Number.MAX_SAFE_INTEGER)),
});

/** A PC without a certificate shows a token. */
const withToken = v.object({ ...environment.entries, SABHA_TOKEN_FILE: needed('SABHA_TOKEN_FILE') });

/** The settings of one agent, checked and with their defaults. */
export type AgentSettings = ReturnType<typeof settingsOf>;

/** Who this PC is, and its settings: what `run` goes by and `check` judges by. One line where it is not enrolled, or one of them will not do. */
export function readWhoThisIs(env: Env): Read<{ identity: Identity | undefined; settings: AgentSettings }> {
  const folder = env['SABHA_DATA'];
  const opened: Read<Identity | undefined> = folder ? openIdentity(identityFolder(folder)) : { ok: true, value: undefined };
  if (!opened.ok) return opened;
  const identity = opened.value;
  if (folder && identity === undefined && !isNamed(env))
    return { ok: false, line: `this PC is not enrolled (no ${identityFolder(folder)}); ${howTo}` };
  const settings = readAgentSettings(env, identity?.pc);
  return settings.ok ? { ok: true, value: { identity, settings: settings.value } } : settings;
}

/** Its settings say which PC this is, as those of a PC that is known by a token. */
export function isNamed(env: Env): boolean {
  return env['SABHA_PC'] !== undefined || env['SABHA_TOKEN_FILE'] !== undefined;
}

const howTo = `${command} enrol`;

/** Where the centre is said to be, for a PC that nobody has made known; one line where that will not do. */
export function readCentrePlace(env: Env): Read<Pick<AgentSettings, 'host' | 'port' | 'anchors'>> {
  const read = v.safeParse(v.pick(environment, ['SABHA_MQTT_HOST', 'SABHA_MQTT_PORT', 'SABHA_ANCHORS']), env);
  if (!read.success) return { ok: false, line: lineOf(read.issues[0]) };
  const { SABHA_MQTT_HOST: host, SABHA_MQTT_PORT: port, SABHA_ANCHORS: anchors } = read.output;
  return { ok: true, value: { host, port, anchors } };
}

/** `enrolled` is the PC of the certificate, where there is one: which it is need not be said again, and nothing else may be. */
export function readAgentSettings(env: Env, enrolled?: PcPath): Read<AgentSettings> {
  const said = env['SABHA_PC'] ?? enrolled;
  if (enrolled !== undefined && said !== enrolled) return { ok: false, line: `SABHA_PC: ${said}, but the certificate is of ${enrolled}` };
  // A setting that is absent is told like one that is empty: by its name.
  const all = { ...Object.fromEntries(Object.keys(withToken.entries).map((name) => [name, env[name]])), SABHA_PC: said };
  const read = enrolled === undefined ? v.safeParse(withToken, all) : v.safeParse(environment, all);
  return read.success ? { ok: true, value: settingsOf(read.output) } : { ok: false, line: lineOf(read.issues[0]) };
}

function settingsOf(said: v.InferOutput<typeof environment> & { SABHA_TOKEN_FILE?: string }) {
  return {
    pc: said.SABHA_PC,
    tokenFile: said.SABHA_TOKEN_FILE,
    centreKeyFile: said.SABHA_CENTRE_KEY,
    dataDir: said.SABHA_DATA,
    host: said.SABHA_MQTT_HOST,
    port: said.SABHA_MQTT_PORT,
    reflectorHost: said.SABHA_REFLECTOR_HOST ?? said.SABHA_MQTT_HOST,
    profile: said.SABHA_PROFILE ?? { link: said.SABHA_LINK, elevationM: 0, expected: {} },
    ...(said.SABHA_UPDATE_KEY !== undefined && { updates: { keyFile: said.SABHA_UPDATE_KEY, at: said.SABHA_UPDATES } }),
    roomSocket: said[seatName],
    anchors: said.SABHA_ANCHORS,
    speed: said.SABHA_SPEED,
    ...(said.SABHA_EPOCH !== undefined && { epochMs: said.SABHA_EPOCH }),
  };
}

/** Reads HOST:PORT. */
function placeOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, Math.max(0, colon)).replaceAll(/[[\] ]/g, ''), port: Number(text.slice(colon + 1)) };
}

function lineOf(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith('SABHA_') ? issue.message : describeIssue(issue);
}
