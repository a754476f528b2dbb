/** Reads the settings of the agent from the environment and validates them. The first error becomes one line. */

import { isPcPath, issueText, linkClasses, type PcPath, profile } from '@sabha/contracts';
import * as v from 'valibot';
import { type Env, roomSocketVariable } from '../uplink/store/data-folder.ts';
import { command } from './call.ts';
import { type Identity, identityFolder, openIdentity, type Result } from './identity.ts';

const required = (name: string) => v.pipe(v.string(`${name} is not set`), v.minLength(1, `${name} is not set`));
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
  SABHA_PC: v.pipe(required('SABHA_PC'), v.check(isPcPath, 'SABHA_PC: a path state/site/pc of small letters, digits and "-" is expected')),
  /**
   * File with the public key of the server. Without it, no configuration and no command is accepted. An identity contains this key itself.
   */
  SABHA_CENTRE_KEY: v.optional(required('SABHA_CENTRE_KEY')),
  SABHA_DATA: required('SABHA_DATA'),
  SABHA_MQTT_HOST: v.optional(required('SABHA_MQTT_HOST'), '127.0.0.1'),
  SABHA_MQTT_PORT: v.optional(port, '1883'),
  /** Host of the reflector, if it differs from the broker. */
  SABHA_REFLECTOR_HOST: v.optional(required('SABHA_REFLECTOR_HOST')),
  SABHA_LINK: v.optional(v.picklist(linkClasses, `SABHA_LINK: one of ${linkClasses.join(', ')} is expected`), 'fibre'),
  /** Hosts behind the router to probe while the server cannot be reached, as HOST:PORT,HOST:PORT. */
  SABHA_ANCHORS: v.optional(anchors, ''),
  /** Profile that applies until the server has sent a configuration. */
  SABHA_PROFILE: v.optional(v.pipe(v.string(), v.parseJson(undefined, 'SABHA_PROFILE: not JSON'), profile)),
  /** File with the public key that verifies releases; absent = this agent is not updated. */
  SABHA_UPDATE_KEY: v.optional(required('SABHA_UPDATE_KEY')),
  /** Update URL for a PC without an identity. A PC with an identity uses the server that the identity names. */
  SABHA_UPDATES: v.optional(required('SABHA_UPDATES'), 'http://127.0.0.1:1880'),
  /** Socket address for a separate session helper; absent = this process does the work of the helper. */
  [roomSocketVariable]: v.optional(required(roomSocketVariable)),
  /** Speed of the clock for simulations, and the time from which it applies (milliseconds since 1970; absent = the start). */
  SABHA_SPEED: v.optional(number('SABHA_SPEED', 0.01, 10_000), '1'),
  SABHA_EPOCH: v.optional(number('SABHA_EPOCH', 0, Number.MAX_SAFE_INTEGER)),
});

/** A PC without a certificate needs a token. */
const tokenEnvironment = v.object({ ...environment.entries, SABHA_TOKEN_FILE: required('SABHA_TOKEN_FILE') });

export type AgentSettings = ReturnType<typeof settingsOf>;

/** Returns identity and settings of this PC, or one line of text if it is not enrolled or a setting is invalid. */
export function readIdentityAndSettings(env: Env): Result<{ identity: Identity | undefined; settings: AgentSettings }> {
  const folder = env['SABHA_DATA'];
  const opened: Result<Identity | undefined> = folder ? openIdentity(identityFolder(folder)) : { ok: true, value: undefined };
  if (!opened.ok) return opened;
  const identity = opened.value;
  if (folder && identity === undefined && !namesPc(env))
    return { ok: false, line: `this PC is not enrolled (no ${identityFolder(folder)}); ${howTo}` };
  const settings = readAgentSettings(env, identity?.pc);
  return settings.ok ? { ok: true, value: { identity, settings: settings.value } } : settings;
}

/** Returns true if the settings name the PC, as on a PC that uses a token. */
export function namesPc(env: Env): boolean {
  return env['SABHA_PC'] !== undefined || env['SABHA_TOKEN_FILE'] !== undefined;
}

const howTo = `${command} enrol`;

/** Returns the configured server address for a PC that is not enrolled, or one line of text if it is invalid. */
export function readServerSettings(env: Env): Result<Pick<AgentSettings, 'host' | 'port' | 'anchors'>> {
  const read = v.safeParse(v.pick(environment, ['SABHA_MQTT_HOST', 'SABHA_MQTT_PORT', 'SABHA_ANCHORS']), env);
  if (!read.success) return { ok: false, line: lineOf(read.issues[0]) };
  const { SABHA_MQTT_HOST: host, SABHA_MQTT_PORT: port, SABHA_ANCHORS: anchors } = read.output;
  return { ok: true, value: { host, port, anchors } };
}

/** Reads the settings. `enrolled`: PC of the certificate, if any. SABHA_PC may then be absent; otherwise it must name the same PC. */
export function readAgentSettings(env: Env, enrolled?: PcPath): Result<AgentSettings> {
  const said = env['SABHA_PC'] ?? enrolled;
  if (enrolled !== undefined && said !== enrolled) return { ok: false, line: `SABHA_PC: ${said}, but the certificate is of ${enrolled}` };
  // Adds missing settings as undefined, so that the error names them.
  const all = { ...Object.fromEntries(Object.keys(tokenEnvironment.entries).map((name) => [name, env[name]])), SABHA_PC: said };
  const read = enrolled === undefined ? v.safeParse(tokenEnvironment, all) : v.safeParse(environment, all);
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
    roomSocket: said[roomSocketVariable],
    anchors: said.SABHA_ANCHORS,
    speed: said.SABHA_SPEED,
    ...(said.SABHA_EPOCH !== undefined && { epochMs: said.SABHA_EPOCH }),
  };
}

function placeOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, Math.max(0, colon)).replaceAll(/[[\] ]/g, ''), port: Number(text.slice(colon + 1)) };
}

function lineOf(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith('SABHA_') ? issue.message : issueText(issue);
}
