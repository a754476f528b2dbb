/** The signed list of admitted PCs that the broker reads, written again at every change of the registry (DESIGN, decision 12). */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Clock, modes, openSnapshot, type RegistryEntry, type RegistrySnapshot, replaceFile, sealSnapshot } from '@sabha/contracts';
import { admittedPrefix, codePrefix, type Ledger, type Op, reflectorKeyKey, registryVersionKey } from '../engine/records/ops.ts';
import { readTextFile } from './authority.ts';

const retryMs = 10_000;
const olderCopy = [
  'the ledger is an older copy: access follows the last list that the broker received;',
  'sessions, tokens of programs and enrolment codes have ended; check the accounts, since older passwords and removed accounts are back',
].join(' ');

/** Options of the registry: the snapshot file for the broker, its signing key, and its content. */
export type RegistryOptions = {
  ledger: Ledger;
  clock: Clock;
  /** The broker's snapshot, and the key that signs it. */
  file: string;
  key: KeyObject;
  roots: readonly string[];
  /** Key that authenticates the tokens of the UDP reflector. */
  reflectorKey?: string | undefined;
  admitted: readonly Pick<RegistryEntry, 'pc' | 'tokenHash'>[];
  log: { warn(fields: object, line: string): void };
};

/**
 * Admits the PCs of the supervisor and updates the broker's file. Returns a function that publishes committed entries.
 * Guarantee: each token is admitted automatically once, and a revoked PC never, so that an operator's change stays. This holds for a
 * restored ledger too.
 * After a restore, all sessions, program tokens and enrolment codes are invalid.
 * The file is replaced atomically. A version has one content, and versions only rise, across ledger and file.
 */
export async function openRegistry({ ledger, clock, file, key, roots, reflectorKey, admitted, log }: RegistryOptions) {
  const registry = await ledger.registry();
  const published = readSnapshot(file, key);
  const isOlder = published !== undefined && published.version > registry.version;
  // The ledger commits a version before the file has it, so a newer file proves that the ledger was restored. The whole file is then used,
  // so that PCs enrolled since the backup stay enrolled.
  const newer = isOlder ? published.pcs : [];
  const { accounts, logins } = await ledger.accounts();
  const tokens = accounts.flatMap(({ name, token }): Op[] => (token ? [{ op: 'account-gone', name }] : []));
  const codes = Object.keys(registry.codes).map((hash): Op => ({ op: 'meta', key: `${codePrefix}${hash}`, value: null }));
  const sessions = logins.map(({ hash }): Op => ({ op: 'login-gone', hash }));
  const stale = isOlder ? [...codes, ...sessions, ...tokens] : [];
  if (isOlder) log.warn({ pcs: newer.length }, olderCopy);
  const held = new Map([...registry.entries, ...newer].map((entry) => [entry.pc, entry]));
  const fresh = admitted
    .filter(({ pc, tokenHash }) => !held.get(pc)?.revoked && registry.admitted[pc] !== tokenHash)
    .map(({ pc, tokenHash }) => ({ certificates: [], ...held.get(pc), pc, tokenHash, revoked: false }));
  const admissions = fresh.flatMap((entry): Op[] => [
    { op: 'registry', entry },
    { op: 'meta', key: `${admittedPrefix}${entry.pc}`, value: entry.tokenHash },
  ]);
  const ops = [...newer.map((entry) => ({ op: 'registry', entry }) as const), ...admissions, ...stale];
  if (ops.length > 0) await ledger.commit(ops);
  let { version } = registry;
  let last = Promise.resolve();

  async function write(): Promise<void> {
    const entries = [...held.values()].sort((a, b) => (a.pc < b.pc ? -1 : 1));
    const before = readSnapshot(file, key);
    const fresh = { at: clock.now(), pcs: entries, roots: [...roots], ...(reflectorKey !== undefined && { reflectorKey }) };
    const isSame = before !== undefined && before.version >= version && contentOf(before) === contentOf(fresh);
    const next = isSame ? before.version : Math.max(version, before?.version ?? 0) + 1;
    if (next !== version) await ledger.commit([{ op: 'meta', key: registryVersionKey, value: String(next) }]);
    version = next;
    if (!isSame) replaceFile(file, sealSnapshot({ version, ...fresh }, key), modes.shared);
  }

  function publish(entries: readonly RegistryEntry[]): Promise<void> {
    for (const entry of entries) held.set(entry.pc, entry);
    const done = last.then(write);
    // The caller gets the error. A retry follows as well, so that a revocation is not lost to a disk that was full for a moment.
    last = done.catch(() => void clock.after(retryMs, () => void publish([]).catch(() => undefined)));
    return done;
  }

  await publish(fresh);
  return publish;
}

/** Returns the content of the file; undefined if it is missing or its signature is wrong. */
function readSnapshot(file: string, key: KeyObject): RegistrySnapshot | undefined {
  const opened = openSnapshot(readTextFile(file) ?? '', createPublicKey(key));
  return opened.ok ? opened.value : undefined;
}

function contentOf({ pcs, roots, reflectorKey }: Pick<RegistrySnapshot, 'pcs' | 'roots' | 'reflectorKey'>): string {
  return JSON.stringify([roots, reflectorKey, pcs.map((one) => [one.pc, one.tokenHash, one.certificates, one.ends, one.revoked])]);
}

/** Returns the key of the UDP reflector. Creates it once and keeps it in the ledger. */
export async function keepReflectorKey(ledger: Ledger, random: (bytes: number) => Buffer): Promise<string> {
  const { reflectorKey: held } = await ledger.registry();
  if (held !== null) return held;
  const fresh = random(32).toString('base64url');
  await ledger.commit([{ op: 'meta', key: reflectorKeyKey, value: fresh }]);
  return fresh;
}
