/** Command `check`: a self-test of this PC, with the same verdicts as `run`. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isLanguage,
  languageFor,
  languages,
  linkReport,
  messageOf,
  parseJsonAs,
  readSettings,
  realClock,
  type SettingsSite,
} from '@sabha/contracts';
import { withSavedRoomResults } from './checks/saved-room-results.ts';
import { folder, parseCall, startCall, UsageError } from './identity/call.ts';
import { fetchClock } from './identity/est.ts';
import { type Identity, identityFolder, openIdentity } from './identity/identity.ts';
import { type AgentSettings, namesPc, readIdentityAndSettings, readServerSettings } from './identity/settings.ts';
import { readFigures } from './link/net/data-budget.ts';
import { progressOn, screenOf, toScreen } from './maintain/self-test/screen.ts';
import { exitCodeOf, limitedToOneRun, type SelfTest, selfTest, toJson, toText } from './maintain/self-test/self-test.ts';
import { createProbes } from './probes/probes.ts';
import { isRoomProbe } from './session/session-helper/remote-probes.ts';
import { createPlatform, sessionEnv } from './this-pc.ts';
import { publicKey } from './uplink/server-access.ts';
import { createConfigStore, loadConfig } from './uplink/store/config-store.ts';
import { budgetFile, centreAddressFile, dataFolder, type Env, linkFile, roomFile, roomSocket } from './uplink/store/data-folder.ts';
import { createPeerCheck } from './uplink/tls.ts';

/** Token file that `npm start` creates for the agent on its own machine. */
const localAgentToken = 'agent.token';
const ownSettings = 'sabha.json';
/** Time limit to read the server's clock: on a satellite link, three round trips take two seconds. */
const clockLimitMs = 3_000;
const onStderr = { info: () => undefined, warn: (_: object, line: string) => console.error(line) };

/** Runs the command `check`; resolves with its exit code. Throws UsageError. */
export async function check(args: string[], env: Env): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const options = { json: flag, all: flag, lang: { type: 'string', default: languageFor(args, env) }, ...folder } as const;
  const { json, all, lang, data: named } = parseCall({ args, options }).values;
  if (!isLanguage(lang)) throw new UsageError(`--lang: "${lang}" is not one of ${languages.join(', ')}`);
  // On the machine of the server, SABHA_DATA names the data folder of all parts, which contains the agent's folder.
  const given = dataFolder(env, args);
  const data = existsSync(join(given, 'agent', localAgentToken)) ? join(given, 'agent') : given;
  const judged = subjectOfCheck({ ...env, SABHA_DATA: data }, data);
  const saidInRoom = roomFile(roomSocket(env, data), onStderr).load();
  const progress = process.stderr.isTTY === true ? progressOn(process.stderr, lang) : undefined;
  const report = await selfTest({
    ...{
      ...judged,
      platform: createPlatform({ env: sessionEnv(env) }),
      probes: withSavedRoomResults(createProbes(), { text: saidInRoom, now: Date.now(), isRoomProbe }).map(limitedToOneRun),
      clock: realClock(),
    },
    ...(progress && { onProbe: progress.tell }),
    budget: readFigures(budgetFile(data, onStderr)),
    link: parseJsonAs(linkReport, linkFile(data, onStderr).load()),
  });
  progress?.end();
  const screen = { ...screenOf(process.stdout, env), start: startCall(named) };
  console.log(json ? toJson(report) : all ? toText(report, lang) : toScreen(report, lang, screen));
  return exitCodeOf(report);
}

type CheckSubject = Pick<SelfTest, 'subject' | 'centre' | 'compareClocks' | 'certificateLeftMs'>;

/** Returns the PC to check: the one that `run` would serve, or the first PC of ./sabha.json if this PC is not enrolled. */
function subjectOfCheck(env: Env, data: string): CheckSubject {
  const opened = openIdentity(identityFolder(data));
  if (opened.ok && opened.value === undefined && !namesPc(env)) return subjectFromSettings(env, data);
  const who = readIdentityAndSettings(env);
  if (!who.ok) throw new UsageError(who.line);
  const { identity, settings } = who.value;
  const { pc, profile, host, port, anchors } = settings;
  const config = loadConfig(createConfigStore(join(data, 'config.json')), { key: centreKeyOf(identity, settings), pc, log: onStderr });
  const centre = identity ? serverOf(identity) : { host, port };
  return {
    subject: { pc, profile: config?.profile ?? profile, configured: config !== undefined || env['SABHA_PROFILE'] !== undefined },
    centre: { ...centre, anchors, lastAddress: centreAddressFile(data, onStderr) },
    compareClocks: identity && (() => measureClockOffset(identity)),
    certificateLeftMs: identity && identity.certificate.validToDate.getTime() - Date.now(),
  };
}

function serverOf(identity: Identity) {
  const { host, mqttPort: port, enrolPort: httpsPort } = identity.centre;
  return { host, port, httpsPort, checkPeer: createPeerCheck(() => identity, Date.now) };
}

/** Compares the clocks by the date of an HTTPS response, so that no MQTT connection is needed. */
async function measureClockOffset({ centre: { host, enrolPort: port }, roots }: Identity) {
  const read = await fetchClock({ host, port, trust: { roots } }, clockLimitMs);
  return read.ok ? read.value : undefined;
}

function centreKeyOf(identity: Identity | undefined, { centreKeyFile }: AgentSettings): KeyObject | null {
  try {
    if (identity === undefined) return centreKeyFile === undefined ? null : publicKey(centreKeyFile);
    return identity.centre.centreKey === null ? null : createPublicKey(identity.centre.centreKey);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/** Returns the first PC of the settings file. Its server is known if it is configured, or if `npm start` runs it on this machine. */
function subjectFromSettings(env: Env, data: string): CheckSubject {
  const { site, mqttPort } = loadSettings(env['SABHA_CONFIG']);
  const { state, id, profile, pcs } = site;
  const first = pcs[0];
  const room = first && { room: { en: first.room.en, hi: first.room.hi ?? first.room.en } };
  // The settings file also names the port of the broker on this machine.
  const place = readServerSettings({ SABHA_MQTT_PORT: `${mqttPort}`, ...env });
  if (!place.ok) throw new UsageError(place.line);
  const isCentres = existsSync(join(data, localAgentToken));
  const isKnown = env['SABHA_MQTT_HOST'] !== undefined || isCentres;
  // Default settings name no real room, so a run in the wrong folder must not show their room.
  const isDefault = !isCentres && env['SABHA_CONFIG'] === undefined && !existsSync(ownSettings);
  return {
    subject: { pc: `${state}/${id}/${first?.id ?? ''}`, ...room, ...(isDefault && { notEnrolledFolder: data }), profile, configured: true },
    centre: isKnown ? place.value : undefined,
  };
}

/** Reads the settings file. A file that the caller names must exist; ./sabha.json may be missing. */
function loadSettings(named: string | undefined): { site: SettingsSite; mqttPort: number } {
  const file = named ?? ownSettings;
  const result = readSettings(readSettingsFile(file, named === undefined), file);
  if (!result.ok) throw new UsageError(result.line);
  const { site, ports } = result.value;
  if (site === null) throw new UsageError(`${file}: site is null: there is no conferencing PC here`);
  return { site, mqttPort: ports.mqtt };
}

function readSettingsFile(file: string, optional: boolean): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (optional && code === 'ENOENT') return '{}';
    throw new UsageError(`${file}: cannot be read: ${code}`);
  }
}
