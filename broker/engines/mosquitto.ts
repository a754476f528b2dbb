/**
 * Converts the signed registry snapshot of `flows` into the password file and access list of mosquitto. Run it after each change of the
 * registry, with newly issued tokens (README.md).
 */
import { pbkdf2Sync } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  agentFilters,
  canaryTopic,
  codeOf,
  describeUsageError,
  downLeaves,
  exporterFilters,
  flowsFilters,
  hashToken,
  issueText,
  nameOf,
  openSnapshot,
  pcTopic,
  type RegistrySnapshot,
  StartError,
  scopeMessages,
  scopeTopic,
  upLeaves,
} from '@sabha/contracts';
import * as v from 'valibot';
import { loadPublicKey, loadSecrets, type Secrets } from '../admission/admission.ts';

/** A token is 32 random bytes, so the default rounds of `mosquitto_passwd` are more than sufficient. */
const rounds = 101;
const saltBytes = 12;
const hashBytes = 64;

/** The clients to admit: the PCs of a snapshot, and the server's own parts. */
export type ClientRegistry = { snapshot: RegistrySnapshot; secrets: Secrets };
/** Tokens in plain text, by PC path or part. */
export type Tokens = Record<string, string>;

/**
 * Renders the password file. `before`: the current file; its rows with a still valid token need no entry in `tokens`. `withoutToken`:
 * admitted clients whose token is neither in `tokens` nor in `before`. They cannot connect until a new token is issued.
 * Guarantee: contains no revoked client, and no token that the registry does not hold.
 */
export function renderUsers(registry: ClientRegistry, tokens: Tokens, before = ''): { text: string; withoutToken: string[] } {
  const rows = new Map(before.split('\n').map((row) => [row.slice(0, row.indexOf(':')), row]));
  const withoutToken: string[] = [];
  const kept = principalsOf(registry).flatMap(({ who, name, tokenHash }) => {
    const token = tokens[who];
    if (token !== undefined && hashToken(token) === tokenHash) return [rowOf(name, token)];
    const row = rows.get(name);
    if (row?.startsWith(rowPrefix(name, tokenHash))) return [row];
    withoutToken.push(who);
    return [];
  });
  return { text: kept.map((row) => `${row}\n`).join(''), withoutToken };
}

/** Renders the access list: the rules of `access.ts` for mosquitto. Its first line stores the registry version. */
export function renderAcl({ snapshot }: ClientRegistry): string {
  const anyPc = downLeaves.map((leaf) => pcTopic('+/+/+', leaf));
  const scopes = ['all', '+/all', '+/+/all'].flatMap((scope) => scopeMessages.map((word) => scopeTopic(scope, word)));
  const users = [
    userRules('flows', [...anyPc, ...scopes, canaryTopic], [...flowsFilters, canaryTopic]),
    userRules('exporter', [], exporterFilters),
    ...admittedPcs(snapshot).map(({ pc }) => {
      const own = upLeaves.map((leaf) => pcTopic(pc, leaf));
      return userRules(nameOf(pc), own, agentFilters(pc));
    }),
  ];
  return [`${versionLine}${snapshot.version}`, ...users, ''].join('\n');
}

const versionLine = '# registry version ';

function userRules(name: string, writes: readonly string[], reads: readonly string[]): string {
  return [`user ${name}`, ...writes.map((topic) => `topic write ${topic}`), ...reads.map((topic) => `topic read ${topic}`)].join('\n');
}

function principalsOf({ snapshot, secrets }: ClientRegistry): { who: string; name: string; tokenHash: string }[] {
  const parts = Object.entries(secrets).map(([who, tokenHash]) => ({ who, name: who, tokenHash }));
  // A PC with only a certificate has no password.
  const pcs = admittedPcs(snapshot).flatMap(({ pc, tokenHash }) => (tokenHash === null ? [] : [{ who: pc, name: nameOf(pc), tokenHash }]));
  return [...parts, ...pcs];
}

function admittedPcs(snapshot: RegistrySnapshot): RegistrySnapshot['pcs'] {
  return snapshot.pcs.filter((one) => !one.revoked);
}

/** Returns the beginning of a row. The salt is the beginning of the token's hash, so that a row shows which token it is for. */
function rowPrefix(name: string, tokenHash: string): string {
  return `${name}:$7$${rounds}$${Buffer.from(tokenHash, 'hex').subarray(0, saltBytes).toString('base64')}$`;
}

function rowOf(name: string, token: string): string {
  const tokenHash = hashToken(token);
  const salt = Buffer.from(tokenHash, 'hex').subarray(0, saltBytes);
  return `${rowPrefix(name, tokenHash)}${pbkdf2Sync(token, salt, rounds, hashBytes, 'sha512').toString('base64')}`;
}

export type UpdateOptions = {
  /** File of the registry snapshot, and the folder with the broker's own files: `registry.pub`, `principals.json`. */
  registryFile: string;
  dataDir: string;
  /** Folder from which mosquitto reads `users` and `acl`. */
  outDir: string;
  /** JSON `{tokens: {"state/site/pc": …, "flows": …}}`, as returned by the API when tokens are issued. */
  tokensFile?: string | undefined;
  /** The pid file of mosquitto, to signal a reload. */
  pidFile?: string | undefined;
};

/**
 * Writes both files and signals mosquitto. Throws a `StartError` with one line on failure.
 * Guarantee: after a failure mosquitto got no signal and both files are unchanged, unless the line names both files. Then `users` may be
 * newer, and the caller runs the update again.
 */
export function updateMosquitto({ registryFile, dataDir, outDir, tokensFile, pidFile }: UpdateOptions): {
  version: number;
  without: string[];
} {
  const opened = openSnapshot(read(registryFile), loadPublicKey(join(dataDir, 'registry.pub')));
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
  return { version, without: rendered.withoutToken };
}

function readTokens(file: string): Tokens {
  const text = read(file);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ tokens: v.record(v.string(), v.string()) })), text);
  if (!result.success) throw new StartError(`${file}: ${issueText(result.issues[0])}`);
  return result.output.tokens;
}

/** Returns the id of a running mosquitto that may be signalled. A signal to a reused process id could end another program. */
function readPid(file: string): number {
  const text = read(file).trim();
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new StartError(`${file}: not a process id: ${text.slice(0, 40)}`);
  const name = read(`/proc/${text}/comm`, 'gone').trim();
  if (name !== 'mosquitto') throw new StartError(`${file}: process ${text} is not mosquitto: ${name}`);
  try {
    process.kill(Number(text), 0);
  } catch (error) {
    throw new StartError(`${file}: cannot notify process ${text}: ${codeOf(error)}`);
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
 * Writes all files before the first rename: no partial file is ever visible, and a full disk changes nothing. Between the two renames
 * `users` may be newer than `acl`: a revoked client is already refused, and a new client has no access yet.
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

/** Returns the exit code: 0 success, 1 failure, 2 wrong usage. */
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

function parse(args: string[]): UpdateOptions | string {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ args, options: { registry: text, data: text, out: text, tokens: text, pid: text } });
    const { registry, data, out, tokens, pid } = values;
    if (!registry || !data || !out) return `--registry, --data and --out are needed; ${usage}`;
    return { registryFile: registry, dataDir: data, outDir: out, tokensFile: tokens, pidFile: pid };
  } catch (error) {
    return `${describeUsageError(error)}; ${usage}`;
  }
}

function fail(line: string, exitCode: number): number {
  console.error(line);
  return exitCode;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
