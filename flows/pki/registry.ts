/** Who may connect, as the broker reads it: a signed snapshot beside the ledger, written anew whenever the registry changes (DESIGN, decision 12). */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Clock, modes, openSnapshot, type RegistryEntry, type RegistrySnapshot, replaceFile, sealSnapshot } from '@sabha/contracts';
import { admittedPrefix, codePrefix, type Ledger, type Op, reflectorKeyKey, registryVersionKey } from '../engine/records/ops.ts';
import { textIn } from './authority.ts';

const retryMs = 10_000;
const olderCopy = [
  'the ledger is an older copy: who may connect is taken from what the broker was told last;',
  'sessions, tokens of programs and enrolment codes are over; look through the accounts, since older passwords and accounts that were removed are back',
].join(' ');

/** What the broker is told, and by which key it knows that it comes from us. */
export type RegistryOptions = {
  ledger: Ledger;
  clock: Clock;
  /** The broker's snapshot, and the key that signs it. */
  file: string;
  key: KeyObject;
  /** Certificates of our authorities, PEM. */
  roots: readonly string[];
  /** By which the reflector proves who may measure. */
  reflectorKey?: string | undefined;
  /** PCs that the supervisor lets in by itself. */
  admitted: readonly Pick<RegistryEntry, 'pc' | 'tokenHash'>[];
  log: { warn(fields: object, line: string): void };
};

/**
 * Takes in whom the supervisor admits and brings the broker's file up to date; the answer publishes entries that are committed.
 * Guarantee: one token is admitted by itself once, and a PC that was revoked never: what an operator did since then stands, also where
 * the ledger is an older copy. Of such a copy no session, no token of a program and no enrolment code opens anything. Readers of the file see
 * the old one or the new one; a version never stands for two contents, and none is lower than one that ledger or file had before.
 */
export async function openRegistry({ ledger, clock, file, key, roots, reflectorKey, admitted, log }: RegistryOptions) {
  const registry = await ledger.registry();
  const published = readSnapshot(file, key);
  const isOlder = published !== undefined && published.version > registry.version;
  // A version is in the ledger before it is in the file: a file that is ahead means that the ledger was restored. All of the file counts, not
  // only who was revoked, so that whoever was enrolled since then need not come again.
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
    // Whoever asked is told; but a PC that was revoked must not go on because a disk was full for a moment.
    last = done.catch(() => void clock.after(retryMs, () => void publish([]).catch(() => undefined)));
    return done;
  }

  await publish(fresh);
  return publish;
}

/** What the file says, where it is there and signed by us. A file that is not says nothing, its version included. */
function readSnapshot(file: string, key: KeyObject): RegistrySnapshot | undefined {
  const opened = openSnapshot(textIn(file) ?? '', createPublicKey(key));
  return opened.ok ? opened.value : undefined;
}

function contentOf({ pcs, roots, reflectorKey }: Pick<RegistrySnapshot, 'pcs' | 'roots' | 'reflectorKey'>): string {
  return JSON.stringify([roots, reflectorKey, pcs.map((one) => [one.pc, one.tokenHash, one.certificates, one.ends, one.revoked])]);
}

/** The key of the reflector: made once, and kept in the ledger. */
export async function keepReflectorKey(ledger: Ledger, random: (bytes: number) => Buffer): Promise<string> {
  const { reflectorKey: held } = await ledger.registry();
  if (held !== null) return held;
  const fresh = random(32).toString('base64url');
  await ledger.commit([{ op: 'meta', key: reflectorKeyKey, value: fresh }]);
  return fresh;
}
