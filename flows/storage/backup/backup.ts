/**
 * Makes backups of a running server. Each hour it copies the ledger, verifies the copy and packs it with all files that a restore needs.
 * The audit reads the newest copy, so that the ledger in use is never read in full.
 */
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { BackupMade, Cancel, Clock, LedgerAudit, Settings } from '@sabha/contracts';
import { codeOf, createMutex, loadText, messageOf, realClock } from '@sabha/contracts';
import type { Ledger } from '../../engine/records/ops.ts';
import type { Base } from '../../settings.ts';
import { type ChainHead, headLine } from '../audit/chain.ts';
import { BackupError, checkFreeSpace, copyInto, isPackable, type PackedFile, readBackup, writeBackup } from './format/backup-file.ts';
import { type ArchivesToRead, verifyInWorker } from './proof.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Keeps the newest backup of each hour, day and week, for the last 24 hours, 14 days and 8 weeks that have one. */
const kept: readonly { eachMs: number; most: number }[] = [
  { eachMs: hourMs, most: 24 },
  { eachMs: dayMs, most: 14 },
  { eachMs: 7 * dayMs, most: 8 },
];
const namePattern = /^sabha-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.backup$/;
/** Delay of the first backup, because the server has more urgent work after its start. */
const firstAfterMs = 5 * 60_000;
const retryMs = 10 * 60_000;
/** Interval at which the server signs the head of the audit log. */
const signEveryMs = 24 * hourMs;
/** Age of the newest good backup above which the fault `centre.backup_old` is raised. */
const oldMs = 26 * hourMs;

export type BackupOptions = {
  ledger: Pick<Ledger, 'copyTo' | 'progress' | 'checkpoint'>;
  /** File of the ledger. Its size determines the free space that a copy needs. */
  ledgerFile: string;
  verifyCopy: ReturnType<typeof verifyInWorker>;
  files(): Promise<PackedFile[]>;
  /** Hash of the server's public key. */
  centre: string;
  folder: string;
  archives: string;
  /** Optional folder on another disk for a second copy of each backup. */
  second: string | undefined;
  /** Reads the passphrase each time. Throws if that fails. */
  passphrase(): string | undefined;
  /** Signs the audit head in a separate row and returns it with the time. */
  sign(head: ChainHead): Promise<SignedHead>;
  /** Raises a fault of the server, or clears it with null. */
  setFault(fault: 'centre.backup_old' | 'centre.ledger_damaged' | 'centre.audit_changed', reason: string | null): void;
  clock: Clock;
  now(): number;
  log: Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;
};

export type SignedHead = ChainHead & { at: number };

export type Backups = ReturnType<typeof createBackups>;

type BackupState = {
  options: BackupOptions;
  audit: LedgerAudit | undefined;
  signed: SignedHead | undefined;
  proofs: number;
  goodAt: number;
  cancel: Cancel;
  closed: AbortController;
};

/** Creates the backups of one server. Starts nothing before `start`, `make` or `audit`. */
export function createBackups(options: BackupOptions) {
  const nothing = { audit: undefined, signed: undefined, proofs: 0 };
  const state: BackupState = { options, ...nothing, goodAt: options.now(), cancel: () => undefined, closed: new AbortController() };
  const inTurn = createMutex();
  const make = () => inTurn(() => makeBackup(state));

  async function hourly(): Promise<void> {
    const made = await make().then(
      ({ file, bytes }) => options.log.info({ file, bytes }, 'backup made'),
      (error: unknown) => ({ failed: messageOf(error) }),
    );
    if (state.closed.signal.aborted) return;
    if (made?.failed !== undefined) options.log.error({}, `no backup: ${made.failed}`);
    updateAgeFault(state, made?.failed);
    state.cancel = options.clock.after(made === undefined ? hourMs : retryMs, () => void hourly());
  }

  return {
    async start(): Promise<void> {
      const newest = (await backupsIn(options.folder)).findLast(({ at }) => at <= options.now())?.at;
      if (newest !== undefined) state.goodAt = newest;
      updateAgeFault(state, undefined);
      const dueMs = state.goodAt + hourMs - options.now();
      state.cancel = options.clock.after(newest === undefined ? firstAfterMs : Math.max(firstAfterMs, dueMs), () => void hourly());
    },
    /** Makes a backup now. On failure it rejects with a `BackupError`, whose message is one line. */
    make,
    /** Returns the audit of the newest copy. Makes a new copy if `now` is true or no copy exists. */
    audit: async (now: boolean): Promise<LedgerAudit> =>
      (now ? undefined : state.audit) ??
      (await inTurn(() => withWorkFolder(state, async (work) => (await makeVerifiedCopy(state, work, 'all')).audit))),
    /** Returns undefined until the first copy of this process is verified. */
    signed: (): SignedHead | undefined => state.signed,
    close(): void {
      state.closed.abort();
      state.cancel();
    },
  };
}

function updateAgeFault(state: BackupState, failed: string | undefined): void {
  const { options } = state;
  // If the clock was ahead at the last good backup, its time would lie in the future and delay the fault.
  state.goodAt = Math.min(state.goodAt, options.now());
  const oldForMs = options.now() - state.goodAt;
  const since = `none for ${Math.floor(oldForMs / hourMs)} h`;
  options.setFault('centre.backup_old', oldForMs < oldMs ? null : failed === undefined ? since : `${since}: ${failed}`);
}

/** Makes one backup. Guarantee: a backup with a damaged ledger never replaces a good one. */
async function makeBackup(state: BackupState): Promise<BackupMade> {
  const { ledger, folder, second, files, centre, passphrase, now, setFault: say } = state.options;
  return withWorkFolder(state, async (work) => {
    const secret = passphrase();
    const { copy, bytes, audit, damage } = await makeVerifiedCopy(state, work);
    if (damage !== null) throw new BackupError(`the ledger is damaged (${damage}): the earlier backups stay unchanged`);
    say('centre.ledger_damaged', null);
    const at = now();
    const file = join(folder, backupName(at));
    const packed = [{ path: 'flows/ledger.db', bytes, content: { file: copy } }, ...(await files())];
    await writeBackup(file, { files: packed, about: { at, centre, commits: audit.commits ?? 0 }, passphrase: secret });
    await readBackup(file, { passphrase: secret }).catch(async (error: unknown) => {
      await rm(file, { force: true });
      throw error;
    });
    await ledger.checkpoint();
    await deleteExpired(folder, file);
    if (second !== undefined) await copyToSecond(file, second);
    state.goodAt = at;
    return { file, bytes: (await stat(file)).size, at };
  });
}

/** Does not create the second folder: if its disk is not mounted, the copy would fill the system disk. */
async function copyToSecond(file: string, second: string): Promise<void> {
  try {
    await copyInto(file, second);
    await deleteExpired(second, file);
  } catch (error) {
    throw new BackupError(`the second folder ${second} did not store the backup: ${codeOf(error)}; the first folder has it`);
  }
}

/** Copies and verifies the ledger. Each hour reads other archives in full, so that every old archive is read in turn. */
async function makeVerifiedCopy(state: BackupState, work: string, read: ArchivesToRead['read'] = state.proofs++) {
  const { ledger, verifyCopy: prove, archives, setFault: say, now, log } = state.options;
  const copy = join(work, 'ledger.db');
  const at = now();
  await ledger.copyTo(copy);
  const tell = (damage: string) => {
    log.error({}, `the ledger is damaged: ${damage}`);
    say('centre.ledger_damaged', damage);
  };
  const proof = await prove(copy, { folder: archives, read }, state.closed.signal).catch((error: Error) => {
    if (error.name === 'DamageError') tell(error.message);
    // After a damaged copy, the audit result of an older copy is no longer returned.
    state.audit = undefined;
    throw error;
  });
  if (proof === undefined) throw new BackupError('the proof was stopped');
  const { audit, damage } = proof;
  if (damage !== null) tell(damage);
  state.audit = { ...audit, at };
  await checkAuditChain(state, audit);
  return { copy, bytes: (await stat(copy)).size, audit: state.audit, damage };
}

/** Reports a broken audit chain. Signs the head of a verified chain once a day. */
async function checkAuditChain(state: BackupState, { chain }: LedgerAudit): Promise<void> {
  const { setFault: say, sign, now, log } = state.options;
  if (chain === undefined) return;
  const { wrong, head, signed } = chain;
  const [first, ...others] = wrong;
  for (const line of wrong) log.error({}, `the audit was changed: ${line}`);
  say('centre.audit_changed', first === undefined ? null : `${first}${others.length > 0 ? `, and ${others.length} more` : ''}`);
  if (signed !== null) state.signed = signed;
  const isDue = signed === null || Math.abs(now() - signed.at) >= signEveryMs;
  if (first !== undefined || head.row === 0 || !isDue) return;
  // A backup is valid without the signature. The next backup signs again.
  await sign(head).then(
    (done) => (state.signed = done),
    (error: unknown) => log.warn({}, `the head of the audit is not signed: ${messageOf(error)}`),
  );
}

/** Runs work in an empty folder and removes the folder afterwards. */
async function withWorkFolder<T>({ options }: BackupState, make: (work: string) => Promise<T>): Promise<T> {
  const work = join(options.folder, 'work');
  try {
    // This fails if the data folder was moved. The folder must not be created again, or the old one could not be moved back.
    const { size } = await stat(options.ledgerFile);
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true, mode: 0o700 });
    // The copy of the ledger needs this space once, and the packed file in the worst case once more.
    await checkFreeSpace(options.folder, 2 * size);
    return await make(work);
  } catch (error) {
    throw error instanceof BackupError ? error : new BackupError(messageOf(error));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Age after which every backup is deleted, if a backup is made each week. */
export const backupsGoneAfterMs = 9 * 7 * dayMs;

export function backupName(at: number): string {
  return `sabha-${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z.backup`;
}

/** Returns the backups of a folder, oldest first; none if the folder is missing. */
export async function backupsIn(folder: string): Promise<{ at: number; file: string }[]> {
  const names = await readdir(folder).catch(() => []);
  const found = names.flatMap((name) => {
    const at = Date.parse(name.replace(namePattern, '$1-$2-$3T$4:$5:$6Z'));
    return namePattern.test(name) ? [{ at, file: join(folder, name) }] : [];
  });
  return found.sort((a, b) => a.at - b.at);
}

/** Returns the times of the backups to delete. Compares only these times and never deletes the newest, so a wrong clock deletes nothing. */
export function expired(times: readonly number[]): number[] {
  const stay = new Set<number>();
  for (const { eachMs, most } of kept) {
    // Later entries overwrite earlier ones, so each span keeps its newest backup.
    const newestOf = new Map(times.toSorted((a, b) => a - b).map((at) => [Math.floor(at / eachMs), at]));
    for (const at of [...newestOf.values()].slice(-most)) stay.add(at);
  }
  return times.filter((at) => !stay.has(at));
}

/**
 * Deletes expired backups and partial files after a kill. No other writer may use the folder. Keeps the new backup, also if the clock is
 * wrong.
 */
export async function deleteExpired(folder: string, made: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const halves = names.filter((name) => name.endsWith('.part') && namePattern.test(name.slice(0, -'.part'.length)));
  for (const name of halves) await rm(join(folder, name), { force: true });
  const found = await backupsIn(folder);
  const gone = new Set(expired(found.map(({ at }) => at)));
  for (const { at, file } of found) if (gone.has(at) && basename(file) !== basename(made)) await rm(file, { force: true });
}

/** The files of a backup that lie outside of the data folder, and the key of the server. */
type OutsideFiles = Omit<ServerPaths, 'flows'> & { centreKey: KeyObject };

export function archivesIn(flows: string): string {
  return join(flows, 'archives');
}

/** Creates the backups of this process. They run in real time, not at the speed of the demo's clock. */
export function openBackups(
  { settings, dataDir, ledger, log }: Base,
  { centreKey, ...beside }: OutsideFiles,
  say: BackupOptions['setFault'],
) {
  const places = { flows: dataDir, ...beside };
  return createBackups({
    ledger,
    ledgerFile: join(places.flows, 'ledger.db'),
    verifyCopy: verifyInWorker(createPublicKey(centreKey)),
    async sign(head) {
      const { ledger: name } = await ledger.progress();
      const at = Date.now();
      await ledger.commit([{ op: 'audit', ...headLine({ ...head, ledger: name, at }, centreKey) }]);
      return { ...head, at };
    },
    files: () => serverFiles(places),
    centre: serverIdentity(centreKey),
    folder: join(places.flows, 'backups'),
    archives: archivesIn(places.flows),
    second: settings.backup?.folder,
    passphrase: passphraseOf(settings),
    setFault: say,
    clock: realClock(),
    now: Date.now,
    log,
  });
}

/** Returns a function that reads the passphrase of backups and archives. It throws if the file cannot be read. */
export function passphraseOf({ backup }: Pick<Settings, 'backup'>): () => string | undefined {
  const file = backup?.passphraseFile;
  return () => (file === undefined ? undefined : loadText(file).trim());
}

// Returns the files that a backup contains beside the ledger: keys, authority, registry, settings, tabs.

/** `flows`: data folder of `flows`; `registry`: the broker's copy of the registry; `settings`: path of sabha.json. */
export type ServerPaths = { flows: string; registry: string; settings: string; registryKey: KeyObject };

/**
 * Files of the data folder that are not packed:
 * - the ledger, because a copy is packed
 * - archives, which are as large as everything else
 * - files that are generated again
 * - files that PCs download
 */
const notPacked = /^(ledger\.db|backups|archives|compiled|updates|first-secret|told-|restored\.json|service\.env)/;

export async function serverFiles({ flows, registry, settings, registryKey }: ServerPaths): Promise<PackedFile[]> {
  const publicKey = createPublicKey(registryKey).export({ type: 'spki', format: 'pem' });
  const own = (await filesBelow(flows)).filter((file) => !notPacked.test(relative(flows, file)));
  const all = await Promise.all([
    ...own.toSorted().map((file) => read(file, `flows/${relative(flows, file).split(sep).join('/')}`)),
    read(registry, 'broker/registry.json'),
    read(settings, 'sabha.json'),
  ]);
  return [...all.flatMap((one) => one ?? []), { path: 'broker/registry.pub', bytes: publicKey.length, content: Buffer.from(publicKey) }];
}

/** Returns the identity of a server: the hash of the public key that its PCs trust. */
export function serverIdentity(centreKey: KeyObject): string {
  return hash('sha256', createPublicKey(centreKey).export({ type: 'spki', format: 'der' }));
}

/** Lists the files of a folder. It follows symbolic links, because keys may be in other folders, but not a link that forms a cycle. */
async function filesBelow(folder: string, above: readonly string[] = []): Promise<string[]> {
  const real = await realpath(folder);
  if (above.includes(real)) return [];
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (one): Promise<string[]> => {
    const path = join(folder, one.name);
    const kind = one.isSymbolicLink() ? await stat(path).catch(() => one) : one;
    if (kind.isDirectory()) return filesBelow(path, [...above, real]);
    return kind.isFile() ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

async function read(file: string, path: string): Promise<PackedFile | undefined> {
  if (!isPackable(path)) throw new BackupError(`${file}: a file of that name cannot be packed: rename it`);
  try {
    const content = await readFile(file);
    return { path, bytes: content.length, content };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
