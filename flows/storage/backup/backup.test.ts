import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Ledger, Op } from '../../engine/records/ops.ts';
import { testClock } from '../../notify/people/people.test-helper.ts';
import { openLedger } from '../ledger/ledger.ts';
import { type Backups, createBackups, serverFiles, serverIdentity } from './backup.ts';
import type { PackedFile } from './format/backup-file.ts';
import { readBackup, writeBackup } from './format/backup-file.ts';
import { proofOf } from './proof.ts';
import { restore } from './restore.ts';
import { type LedgerWatch, readMark, watchLedger } from './watch.ts';

const pc = 'la/leh/pc-1';
const [centreKey, otherKey] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey];
const pem = (key: typeof centreKey) => key.export({ type: 'pkcs8', format: 'pem' });
const now = () => Date.UTC(2026, 5, 1, 0, 30);
const hourMs = 3_600_000;

let [root, data] = ['', ''];
let ledger: Ledger;
let open = false;
const said: string[] = [];

const flows = () => join(data, 'flows');
const file = () => join(flows(), 'ledger.db');
const registry = () => join(data, 'broker', 'registry.json');
const settings = () => join(root, 'sabha.json');

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sabha-centre-'));
  data = join(root, 'data');
  said.length = 0;
  for (const folder of ['flows/ca', 'flows/tabs', 'broker']) mkdirSync(join(data, folder), { recursive: true });
  writeFileSync(join(flows(), 'centre.key'), pem(centreKey));
  writeFileSync(join(flows(), 'ca', 'ca.key'), 'authority');
  writeFileSync(join(flows(), 'tabs', '10-faults.json'), '[]');
  writeFileSync(registry(), 'told');
  writeFileSync(settings(), '{"people":[]}');
  await openIt();
  await ledger.commit([{ op: 'birth', pc, spool: 'a', first: 1, last: 9, carries: null, at: 1 }, event(1), act('sites imported')]);
});
afterEach(async () => {
  await closeIt();
  rmSync(root, { recursive: true });
});

async function openIt(): Promise<void> {
  ledger = await openLedger({ file: file() });
  open = true;
}

async function closeIt(): Promise<void> {
  if (open) await ledger.close();
  open = false;
}

function event(seq: number, text = 'x'): Op {
  return { op: 'event', pc, event: { spool: 'a', seq, boot: 'b', at: seq, grade: 'event', kind: 'test', body: { text } }, at: 1 };
}

function act(what: string): Op {
  return { op: 'audit', at: now(), who: 'asha', what, about: 'sites.csv' };
}

function backups(edit: Partial<Parameters<typeof createBackups>[0]> = {}): Backups {
  const say = (fault: string, reason: string | null) => void said.push(`${fault}: ${reason}`);
  const places = { flows: flows(), registry: registry(), settings: settings(), registryKey: centreKey };
  return createBackups({
    ledger,
    ledgerFile: file(),
    clock: testClock(),
    now,
    setFault: say,
    second: undefined,
    passphrase: () => 'correct horse',
    verifyCopy: async (copy, archives) => proofOf(copy, { archives }),
    sign: async (head) => ({ ...head, at: now() }),
    files: () => serverFiles(places),
    centre: serverIdentity(centreKey),
    folder: join(flows(), 'backups'),
    archives: join(flows(), 'archives'),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    ...edit,
  });
}

function restored(from: string, edit: Partial<Parameters<typeof restore>[0]> = {}) {
  return restore({ file: from, data, settings: settings(), passphrase: 'correct horse', check: false, now, ...edit });
}

test('a restore onto an empty machine writes events, keys, certificate authority, tabs, registry and settings', async () => {
  const { file: made } = await backups().make();
  await ledger.commit([event(2)]);
  const empty = join(root, 'elsewhere');
  const done = await restored(made, { data: empty, settings: join(root, 'other.json') });
  expect(done).toMatchObject({ audit: { events: 1, gaps: 0, altered: 0, integrity: 'ok' }, aside: [] });
  for (const path of ['flows/centre.key', 'flows/ca/ca.key', 'flows/tabs/10-faults.json', 'broker/registry.json'])
    expect(readFileSync(join(empty, path)), path).toEqual(readFileSync(join(data, path)));
  expect(readFileSync(join(root, 'other.json'), 'utf8')).toBe('{"people":[]}');
  expect(existsSync(join(empty, 'broker', 'registry.pub'))).toBe(true);
  expect(readdirSync(empty).toSorted()).toEqual(['broker', 'flows']);
  expect(readdirSync(join(flows(), 'backups'))).toEqual(['sabha-20260601T003000Z.backup']);
});

test('a refused restore changes nothing and reports one line: running server, other server, wrong passphrase, truncated or missing file', {
  tags: ['long'],
}, async () => {
  const { file: made } = await backups().make();
  const whole = readFileSync(made);
  const line = (edit: Parameters<typeof restored>[1] = {}, from = made) => restored(from, edit).catch((error: Error) => error.message);
  expect(await line()).toBe(`${made}: the server in ${flows()} runs: stop it first; nothing is changed`);
  await closeIt();
  expect(await line({ passphrase: 'wrong' })).toMatch('the passphrase is wrong');
  const half = join(root, 'half.backup');
  writeFileSync(half, whole.subarray(0, whole.length - 40));
  expect(await line({}, half)).toMatch('it is damaged or cut; nothing is changed');
  expect(await line({}, join(root, 'none.backup'))).toMatch('ENOENT');
  writeFileSync(join(flows(), 'centre.key'), pem(otherKey));
  expect(await line()).toMatch('the backup is from another server than ');
  expect(readdirSync(root).toSorted()).toEqual(['data', 'half.backup', 'sabha.json']);
  expect(readdirSync(data).toSorted()).toEqual(['broker', 'flows']);
});

test.each([
  ['is empty', ''],
  ['is truncated', `${pem(centreKey)}`.slice(0, 60)],
])('a restore writes the signing key back when its file %s', async (_, text) => {
  const kept = join(root, 'kept.backup');
  renameSync((await plain().make()).file, kept);
  await closeIt();
  writeFileSync(join(flows(), 'centre.key'), text);
  const { aside } = await restored(kept);
  expect(aside).toEqual([`${flows()}.before-20260601T003000`]);
  expect(readFileSync(join(flows(), 'centre.key'), 'utf8')).toBe(pem(centreKey));
});

test('a restore over an existing server renames the old data, and keeps the newer registry snapshot', { tags: ['long'] }, async () => {
  const { file: made } = await backups().make();
  const kept = join(root, 'kept.backup');
  writeFileSync(kept, readFileSync(made));
  await ledger.commit([event(2)]);
  // An upgrade checks a backup while the server that made the backup is running.
  expect((await restored(kept, { check: true })).aside).toEqual([]);
  await closeIt();
  writeFileSync(registry(), 'told since');
  writeFileSync(settings(), '{"people":[],"editor":true}');
  expect(proofOf(file()).audit.events).toBe(2);
  const { aside } = await restored(kept);
  expect(aside).toEqual([`${settings()}.before-20260601T003000`, `${flows()}.before-20260601T003000`]);
  expect([proofOf(file()).audit.events, proofOf(join(aside[1] ?? '', 'ledger.db')).audit.events]).toEqual([1, 2]);
  expect(readFileSync(registry(), 'utf8')).toBe('told since');
  expect(readFileSync(settings(), 'utf8')).toBe('{"people":[]}');
});

/** Makes backups without a passphrase, because the key derivation is slow. */
const plain = (edit: Parameters<typeof backups>[0] = {}) => backups({ passphrase: () => undefined, ...edit });

test('a restore that fails before its end keeps the old settings and the old ledger', async () => {
  const kept = join(root, 'kept.backup');
  renameSync((await plain().make()).file, kept);
  await closeIt();
  writeFileSync(settings(), '{"people":[],"editor":true}');
  const taken = `${flows()}.before-20260601T003000`;
  mkdirSync(join(taken, 'x'), { recursive: true });
  const refused = async (edit: Parameters<typeof restored>[1] = {}) => {
    await expect(restored(kept, edit)).rejects.toThrow('nothing is changed');
    expect(readdirSync(root).toSorted()).toEqual(['data', 'kept.backup', 'sabha.json']);
    expect(readFileSync(settings(), 'utf8')).toBe('{"people":[],"editor":true}');
    expect([existsSync(file()), existsSync(`${flows()}.restoring`)]).toEqual([true, false]);
  };
  await refused();
  rmSync(taken, { recursive: true });
  await refused({ settings: join(root, 'nowhere', 'sabha.json') });
});

test('a restore is refused when the server starts during the unpacking', async () => {
  const kept = join(root, 'kept.backup');
  renameSync((await plain().make()).file, kept);
  await closeIt();
  const other = new DatabaseSync(file());
  const started = () => {
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT');
    return now();
  };
  await expect(restored(kept, { now: started })).rejects.toThrow('runs: stop it first; nothing is changed');
  other.close();
  expect(readdirSync(data).toSorted()).toEqual(['broker', 'flows']);
});

test('files with brackets or Hindi letters in their name are packed, and a path out of the folder makes no backup', async () => {
  const names = ['20-who (1).json', 'बिहार.json', '20-who.json~'];
  for (const name of names) writeFileSync(join(flows(), 'tabs', name), name);
  await restored((await plain().make()).file, { data: join(root, 'empty'), settings: join(root, 'other.json') });
  for (const name of names) expect(readFileSync(join(root, 'empty', 'flows', 'tabs', name), 'utf8')).toBe(name);
  const evil = { path: 'flows/../x', bytes: 1, content: Buffer.from('x') };
  await expect(plain({ files: async () => [evil], now: () => now() + hourMs }).make()).rejects.toThrow('it is damaged or cut');
  expect(readdirSync(join(flows(), 'backups'))).toEqual(['sabha-20260601T003000Z.backup']);
});

test.skipIf(process.platform === 'win32')('a file name that no backup can hold is reported before anything is written', async () => {
  writeFileSync(join(flows(), 'tabs', 'a:b.json'), '[]');
  await expect(plain().make()).rejects.toThrow('a:b.json: a file of that name cannot be packed: rename it');
});

test.skipIf(process.platform === 'win32')('files behind a symbolic link are packed, without cycles and broken links', async () => {
  renameSync(join(flows(), 'ca'), join(root, 'ca'));
  symlinkSync(join(root, 'ca'), join(flows(), 'ca'));
  symlinkSync(flows(), join(root, 'ca', 'round'));
  symlinkSync(join(root, 'gone'), join(flows(), 'tabs', '.#lock'));
  const { file: made } = await plain().make();
  const packed = await readBackup(made, { passphrase: 'correct horse' });
  expect(packed.filter((path) => /ca\.key|round|lock/.test(path))).toEqual(['flows/ca/ca.key']);
});

test('a backup fails and creates no folder when the data folder was moved', async () => {
  renameSync(flows(), `${flows()}.moved`);
  await expect(plain().make()).rejects.toThrow('ENOENT');
  expect(existsSync(flows())).toBe(false);
  renameSync(`${flows()}.moved`, flows());
});

test('a copy of the ledger with unreadable pages raises the damage fault, and the audit no longer returns an older result', async () => {
  for (let seq = 2; seq < 60; seq += 1) await ledger.commit([event(seq, 'x'.repeat(300))]);
  let isDamaged = false;
  const prove = async (copy: string) => {
    if (isDamaged) writeFileSync(copy, readFileSync(copy).fill(0, 8_192));
    return proofOf(copy);
  };
  const one = plain({ verifyCopy: prove });
  expect(await one.audit(false)).toMatchObject({ integrity: 'ok' });
  isDamaged = true;
  await expect(one.make()).rejects.toThrow('malformed');
  expect(said.at(-1)).toBe('centre.ledger_damaged: database disk image is malformed');
  await expect(one.audit(false)).rejects.toThrow('malformed');
});

test('the ledger audit reads the newest copy and reports its time; an altered event is found and makes no backup', async () => {
  const one = backups();
  expect(await one.audit(false)).toMatchObject({ events: 1, altered: 0, at: now() });
  await ledger.commit([event(2)]);
  expect((await one.audit(false)).events).toBe(1);
  expect((await one.audit(true)).events).toBe(2);
  await closeIt();
  const db = new DatabaseSync(file());
  db.exec("UPDATE events SET body = replace(body, 'x', 'z') WHERE seq = 2");
  db.close();
  await openIt();
  const after = backups();
  await expect(after.make()).rejects.toThrow(
    'the ledger is damaged (1 events differ from what was written): the earlier backups stay unchanged',
  );
  expect(await after.audit(false)).toMatchObject({ altered: 1 });
  expect(said).toContain('centre.ledger_damaged: 1 events differ from what was written');
  expect(readdirSync(join(flows(), 'backups'))).toEqual([]);
});

test('each backup is copied to the second folder; without that folder only the first has it, and 26 h without a backup are a fault', {
  tags: ['long'],
}, async () => {
  const second = join(root, 'second');
  mkdirSync(second);
  let at = now();
  const clock = testClock();
  const one = backups({ second, clock, now: () => at });
  await one.make();
  expect(readdirSync(second)).toEqual(['sabha-20260601T003000Z.backup']);
  rmSync(second, { recursive: true });
  await one.start();
  expect(said.at(-1)).toBe('centre.backup_old: null');
  at += 27 * hourMs;
  await expect(one.make()).rejects.toThrow(`the second folder ${second} did not store the backup: ENOENT; the first folder has it`);
  expect(readdirSync(join(flows(), 'backups'))).toHaveLength(2);
  one.close();
  const next = backups({
    second,
    clock,
    now: () => at,
    passphrase: () => {
      throw new Error('secret: cannot be read');
    },
  });
  rmSync(join(flows(), 'backups', 'sabha-20260602T033000Z.backup'));
  await next.start();
  expect(said.at(-1)).toBe('centre.backup_old: none for 27 h');
  next.close();
});

const looks: LedgerWatch[] = [];
afterEach(() => Promise.all(looks.splice(0).map((one) => one.close())));

async function watched(clock = testClock(), commit?: () => Promise<boolean>) {
  const told: string[] = [];
  const log = { warn: () => undefined, error: () => undefined };
  const gone = (line: string) => void told.push(line);
  const watch = await watchLedger({ ledger, ledgerFile: file(), flows: flows(), registry: registry(), clock, now, gone, log });
  looks.push(watch);
  const lines: (string | null)[] = [];
  const record = commit ?? (async (ops: readonly Op[]) => (await watch.ledger.commit([...ops])) !== undefined);
  await watch.start(record, (fault, line) => fault === 'centre.ledger_older' && void lines.push(line));
  return { clock, watch, told, lines };
}

test('a ledger that went back to an older state is reported for a day, with the missing commits and acts of people', async () => {
  const copy = join(root, 'old.db');
  await watched();
  await ledger.copyTo(copy);
  await ledger.commit([act('accounts add'), event(2)]);
  await ledger.commit([event(3), { op: 'step', at: 1, who: pc, what: 'outage', about: '' }]);
  expect((await watched()).lines).toEqual([null]);
  await closeIt();
  writeFileSync(file(), readFileSync(copy));
  await openIt();
  const line = 'the ledger went back: 2 commits and 1 act of people are lost: asha: accounts add (2026-06-01 00:30 UTC)';
  const { watch, lines } = await watched();
  expect([lines, watch.older()]).toEqual([[line], { older: line }]);
  expect((await ledger.acts({ of: 'people', most: 2 }))[1]?.about).toBe('asha: accounts add, sites.csv (2026-06-01 00:30 UTC)');
  const again = await watched();
  expect([again.lines, again.watch.older()]).toEqual([[line], { older: line }]);
});

test('an act just before a clean stop is reported as lost after an older ledger was put in its place', async () => {
  const copy = join(root, 'old.db');
  const { watch } = await watched();
  await ledger.copyTo(copy);
  await ledger.commit([act('incident acknowledged')]);
  await watch.close();
  await closeIt();
  writeFileSync(file(), readFileSync(copy));
  await openIt();
  expect((await watched()).lines[0]).toMatch(/^the ledger went back: 1 commit and 1 act of people are lost: asha: incident acknowledged /);
});

test('a stop before the lost acts are recorded keeps the mark, so the next start reports them again', async () => {
  const { watch } = await watched();
  await ledger.commit([act('incident acknowledged')]);
  await watch.close();
  await closeIt();
  rmSync(file());
  await openIt();
  const lines = (await watched(testClock(), async () => false)).lines;
  await Promise.all(looks.splice(0).map((one) => one.close()));
  expect((await watched()).lines).toEqual(lines);
});

test('a new ledger in place of the former one is reported', async () => {
  await watched();
  await closeIt();
  rmSync(file());
  await openIt();
  expect((await watched()).lines[0]).toMatch(
    /^this is not the ledger that was in this folder before: 1 commit and 1 act of people are lost: asha: sites imported/,
  );
});

test('a data folder that is moved during operation is detected within ten seconds, and commits fail until it is back', async () => {
  const { clock, watch, told } = await watched();
  renameSync(flows(), `${flows()}.moved`);
  await clock.pass(10_000);
  expect(told).toEqual([`${file()} was deleted or moved while it was in use: nothing is written until it is back in its place`]);
  await expect(watch.ledger.commit([event(7)])).rejects.toThrow('was deleted or moved while it was in use');
  renameSync(`${flows()}.moved`, flows());
  await clock.pass(10_000);
  expect((await watch.ledger.commit([event(2)])).applied).toBe(1);
});

test('an import is in the file itself after its commit, so a lost write-ahead log does not lose it', async () => {
  const { watch } = await watched();
  await watch.ledger.commit([event(2), act('sites imported')]);
  const alone = join(root, 'alone.db');
  writeFileSync(alone, readFileSync(file()));
  expect(proofOf(alone).audit).toMatchObject({ events: 2, gaps: 0, altered: 0 });
});

test('the mark file follows the ledger and holds the recent acts of people', async () => {
  const { clock } = await watched();
  await ledger.commit([act('tabs deployed')]);
  await clock.pass(5_000);
  await ledger.progress();
  await clock.pass(5_000);
  const mark = readMark(join(data, 'broker', 'ledger-mark.json'));
  expect(mark).toMatchObject({ commits: (await ledger.progress()).commits, acts: [{ what: 'tabs deployed' }, { what: 'sites imported' }] });
});

test('archives are not part of a backup; a restore keeps those that its ledger knows and leaves the others in the old data folder', async () => {
  mkdirSync(join(flows(), 'archives'));
  for (const month of ['2026-05', '2026-06', '2026-07']) writeFileSync(join(flows(), 'archives', `${month}.archive`), 'a nation');
  // The backup knows the beginning of the second file and nothing of the third.
  await ledger.seal({ month: '2026-05', at: 0, bytes: 8, sha256: '00', spools: [] });
  await ledger.seal({ month: '2026-06', at: 0, bytes: 3, sha256: '00', spools: [] });
  const kept = join(root, 'kept.backup');
  renameSync((await plain().make()).file, kept);
  expect((await readBackup(kept, { passphrase: undefined })).filter((path) => path.includes('archives'))).toEqual([]);
  await closeIt();
  const { aside } = await restored(kept);
  expect(readdirSync(join(flows(), 'archives')).toSorted()).toEqual(['2026-05.archive', '2026-06.archive']);
  expect(readdirSync(join(aside[0] ?? '', 'archives')).toSorted()).toEqual(['2026-06.archive', '2026-07.archive']);
});

test('backups run five minutes after the first start, then hourly with a checkpoint of the write-ahead log; a failed backup is repeated after ten minutes', async () => {
  const clock = testClock();
  const lines: string[] = [];
  const checkpoints: number[] = [];
  let files = async (): Promise<PackedFile[]> => [];
  const one = plain({
    clock,
    now: clock.now,
    files: () => files(),
    ledger: { ...ledger, checkpoint: async () => void checkpoints.push(clock.now()) },
    log: { info: (_, line) => lines.push(line), warn: () => undefined, error: (_, line) => lines.push(line) },
  });
  /** Advances the test clock by `minutes`, and waits until the real disk has finished its work. */
  const after = async (minutes: number, said: number) => {
    await clock.pass(minutes * 60_000);
    await expect.poll(() => lines.length).toBe(said);
    return readdirSync(join(flows(), 'backups')).filter((name) => name.endsWith('.backup')).length;
  };
  await one.start();
  await clock.pass(4 * 60_000);
  expect(lines).toEqual([]);
  expect(await after(1, 1)).toBe(1);
  expect(await after(59, 1)).toBe(1);
  expect(await after(1, 2)).toBe(2);
  files = () => Promise.reject(new Error('a file that cannot be read'));
  expect(await after(60, 3)).toBe(2);
  expect(lines).toEqual(['backup made', 'backup made', 'no backup: a file that cannot be read']);
  files = async () => [];
  expect(await after(9, 3)).toBe(2);
  expect(await after(1, 4)).toBe(3);
  expect(checkpoints).toHaveLength(3);
  one.close();
});

test('F5 a copy of the ledger that does not fit on the disk is not started and leaves no file', async () => {
  // A sparse file has this size and uses no space on the disk.
  const ledgerFile = join(root, 'large.db');
  writeFileSync(ledgerFile, '');
  truncateSync(ledgerFile, 2 ** 42);
  await expect(plain({ ledgerFile }).make()).rejects.toThrow(/^no room in .*backups: 8388608 MiB are needed, \d+ are free$/);
  expect([readdirSync(join(flows(), 'backups')), said]).toEqual([[], []]);
});

test('F5 a restore that does not fit on the disk is refused before anything is unpacked', async () => {
  const made = join(root, 'a.backup');
  await writeBackup(made, { files: [], about: { at: 1, centre: 'ab', commits: 1 }, passphrase: undefined });
  writeFileSync(made, readFileSync(made, 'latin1').replace('"bytes":0', `"bytes":${2 ** 42}`), 'latin1');
  const empty = join(root, 'empty');
  await expect(restored(made, { data: empty })).rejects.toThrow(
    /: no room in .*empty: 4613735 MiB are needed, \d+ are free; nothing is changed$/,
  );
  expect(readdirSync(empty)).toEqual([]);
});
