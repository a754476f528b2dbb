/**
 * Gives mosquitto our registry: its password file and its access list, from the signed snapshot of `flows`.
 * Run once after each change of the registry, and with the tokens after these were issued (README.md).
 */
import { pbkdf2Sync } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  agentFilters,
  codeOf,
  describeIssue,
  downLeaves,
  exporterFilters,
  flowsFilters,
  hashToken,
  hearingTopic,
  nameOf,
  openSnapshot,
  pcTopic,
  type RegistrySnapshot,
  StartError,
  saidOfCall,
  scopeTopic,
  scopeWords,
  upLeaves,
} from '@sabha/contracts';
import * as v from 'valibot';
import { loadKey, loadSecrets, type Secrets } from '../admission/admission.ts';

/** A token is 32 random bytes: as many rounds as `mosquitto_passwd` takes are more than enough. */
const rounds = 101;
const saltBytes = 12;
const hashBytes = 64;

/** Whom mosquitto is to admit: the PCs of a snapshot, and the centre's own parts. */
export type Registry = { snapshot: RegistrySnapshot; secrets: Secrets };
/** Tokens in clear, by PC path or part. */
export type Tokens = Record<string, string>;

/**
 * The password file. `before` is the one in use: who is in it with the token that still stands needs none in `tokens`.
 * `without` names those that the registry admits and whose token is not at hand: they cannot connect until it is issued again.
 * Guarantee: nobody is in it who is revoked, and nobody with a token that the registry does not hold.
 */
export function renderUsers(registry: Registry, tokens: Tokens, before = ''): { text: string; without: string[] } {
  const rows = new Map(before.split('\n').map((row) => [row.slice(0, row.indexOf(':')), row]));
  const without: string[] = [];
  const kept = principalsOf(registry).flatMap(({ who, name, tokenHash }) => {
    const token = tokens[who];
    if (token !== undefined && hashToken(token) === tokenHash) return [rowOf(name, token)];
    const row = rows.get(name);
    if (row?.startsWith(headOf(name, tokenHash))) return [row];
    without.push(who);
    return [];
  });
  return { text: kept.map((row) => `${row}\n`).join(''), without };
}

/** The access list: `access.ts` in the words of mosquitto. Its first line remembers the version of the registry. */
export function renderAcl({ snapshot }: Registry): string {
  const anyPc = downLeaves.map((leaf) => pcTopic('+/+/+', leaf));
  const scopes = ['all', '+/all', '+/+/all'].flatMap((scope) => scopeWords.map((word) => scopeTopic(scope, word)));
  const users = [
    userOf('flows', [...anyPc, ...scopes, hearingTopic], [...flowsFilters, hearingTopic]),
    userOf('exporter', [], exporterFilters),
    ...admitted(snapshot).map(({ pc }) => {
      const own = upLeaves.map((leaf) => pcTopic(pc, leaf));
      return userOf(nameOf(pc), own, agentFilters(pc));
    }),
  ];
  return [`${versionLine}${snapshot.version}`, ...users, ''].join('\n');
}

const versionLine = '# registry version ';

function userOf(name: string, writes: readonly string[], reads: readonly string[]): string {
  return [`user ${name}`, ...writes.map((topic) => `topic write ${topic}`), ...reads.map((topic) => `topic read ${topic}`)].join('\n');
}

function principalsOf({ snapshot, secrets }: Registry): { who: string; name: string; tokenHash: string }[] {
  const parts = Object.entries(secrets).map(([who, tokenHash]) => ({ who, name: who, tokenHash }));
  // Who has a certificate alone is no user with a password.
  const pcs = admitted(snapshot).flatMap(({ pc, tokenHash }) => (tokenHash === null ? [] : [{ who: pc, name: nameOf(pc), tokenHash }]));
  return [...parts, ...pcs];
}

function admitted(snapshot: RegistrySnapshot): RegistrySnapshot['pcs'] {
  return snapshot.pcs.filter((one) => !one.revoked);
}

/** The salt is the beginning of the token's hash, so that a row tells for which token it was made. */
function headOf(name: string, tokenHash: string): string {
  return `${name}:$7$${rounds}$${Buffer.from(tokenHash, 'hex').subarray(0, saltBytes).toString('base64')}$`;
}

function rowOf(name: string, token: string): string {
  const tokenHash = hashToken(token);
  const salt = Buffer.from(tokenHash, 'hex').subarray(0, saltBytes);
  return `${headOf(name, tokenHash)}${pbkdf2Sync(token, salt, rounds, hashBytes, 'sha512').toString('base64')}`;
}

/** The files to read and to write. */
export type Update = {
  /** The registry's snapshot and the folder with the broker's own files: `registry.pub`, `principals.json`. */
  registryFile: string;
  dataDir: string;
  /** Where mosquitto reads `users` and `acl`. */
  outDir: string;
  /** JSON `{tokens: {"state/site/pc": …, "flows": …}}`, as the API answers when tokens are issued. */
  tokensFile?: string | undefined;
  /** mosquitto's pid file: it is told to read again. */
  pidFile?: string | undefined;
};

/**
 * Writes both files and tells mosquitto. Throws `StartError` with one line where that cannot be.
 * Guarantee: then mosquitto was told nothing, and both files are as before unless the line names both: `users` may then be the newer one. Run it again.
 */
export function updateMosquitto({ registryFile, dataDir, outDir, tokensFile, pidFile }: Update): { version: number; without: string[] } {
  const opened = openSnapshot(read(registryFile), loadKey(join(dataDir, 'registry.pub')));
  if (!opened.ok) throw new StartError(`${registryFile}: ${opened.reason}`);
  const registry = { snapshot: opened.value, secrets: loadSecrets(join(dataDir, 'principals.json')) };
  const [users, acl] = [join(outDir, 'users'), join(outDir, 'acl')];
  const inUse = Number(read(acl, `${versionLine}0`).split('\n')[0]?.slice(versionLine.length));
  const { version } = opened.value;
  if (version < inUse) throw new StartError(`${registryFile}: version ${version} is older than ${inUse}, which is in use`);
  const rendered = renderUsers(registry, tokensFile === undefined ? {} : readTokens(tokensFile), read(users, ''));
  const pid = pidFile === undefined ? undefined : readPid(pidFile);
  replace({ [users]: rendered.text, [acl]: renderAcl(registry) });
  if (pid !== undefined) process.kill(pid, 'SIGHUP');
  return { version, without: rendered.without };
}

function readTokens(file: string): Tokens {
  const text = read(file);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ tokens: v.record(v.string(), v.string()) })), text);
  if (!result.success) throw new StartError(`${file}: ${describeIssue(result.issues[0])}`);
  return result.output.tokens;
}

/** The id of a mosquitto that runs and that we may tell something: a signal to whoever has an old id by now could end it. */
function readPid(file: string): number {
  const text = read(file).trim();
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new StartError(`${file}: not a process id: ${text.slice(0, 40)}`);
  const name = read(`/proc/${text}/comm`, 'gone').trim();
  if (name !== 'mosquitto') throw new StartError(`${file}: process ${text} is not mosquitto: ${name}`);
  try {
    process.kill(Number(text), 0);
  } catch (error) {
    throw new StartError(`${file}: process ${text} cannot be told: ${codeOf(error)}`);
  }
  return Number(text);
}

function read(file: string, otherwise?: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (otherwise !== undefined && codeOf(error) === 'ENOENT') return otherwise;
    throw new StartError(`${file}: cannot be read: ${codeOf(error)}`);
  }
}

/**
 * All are written before the first takes its place: half a file is never there to be read, and a full disk changes nothing. Between the two
 * renames `users` may be newer than `acl`: whoever was revoked is out already, and whoever is new may do nothing yet.
 */
function replace(texts: Record<string, string>): void {
  try {
    for (const [file, text] of Object.entries(texts)) writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
    for (const file of Object.keys(texts)) renameSync(`${file}.new`, file);
  } catch (error) {
    for (const file of Object.keys(texts)) rmSync(`${file}.new`, { force: true });
    throw new StartError(`${Object.keys(texts).join(', ')}: cannot be written: ${codeOf(error)}`);
  }
}

const usage = 'usage: node broker/engines/mosquitto.ts --registry FILE --data DIR --out DIR [--tokens FILE] [--pid FILE]';

/** Exit code: 0 done, 1 not done, 2 a wrong call. */
function main(args: string[]): number {
  const update = parse(args);
  if (typeof update === 'string') return fail(update, 2);
  try {
    const { version, without } = updateMosquitto(update);
    const rest = without.length === 0 ? '' : `; without a token, so not admitted: ${without.join(', ')}`;
    console.log(`mosquitto has version ${version} of the registry${rest}`);
    return 0;
  } catch (error) {
    if (error instanceof StartError) return fail(error.message, 1);
    throw error;
  }
}

/** What was asked for, or what is wrong with it. */
function parse(args: string[]): Update | string {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ args, options: { registry: text, data: text, out: text, tokens: text, pid: text } });
    const { registry, data, out, tokens, pid } = values;
    if (!registry || !data || !out) return `--registry, --data and --out are needed; ${usage}`;
    return { registryFile: registry, dataDir: data, outDir: out, tokensFile: tokens, pidFile: pid };
  } catch (error) {
    return `${saidOfCall(error)}; ${usage}`;
  }
}

function fail(line: string, exitCode: number): number {
  console.error(line);
  return exitCode;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
