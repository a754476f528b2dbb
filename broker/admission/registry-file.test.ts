import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cancel, makeSigningKeys, realClock, sealSnapshot } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { followRegistry, type RegistryFile } from './registry-file.ts';

const keys = makeSigningKeys();
let folder: string;
let file: string;
let versionFile: string;
let used: number[];
let lines: string[];
let warned: string[];
let tick: () => void;
let open: RegistryFile[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-'));
  file = join(folder, 'flows', 'registry.json');
  versionFile = join(folder, 'registry-version');
  mkdirSync(join(folder, 'flows'));
  used = [];
  lines = [];
  warned = [];
  open = [];
});

afterEach(() => {
  for (const one of open) one.close();
  rmSync(folder, { recursive: true });
});

test('a new snapshot is used after the change event of the folder, without the periodic read', async () => {
  const registry = follow();
  expect(registry.version()).toBe(0);
  publish(1);
  await expect.poll(() => registry.version(), { timeout: 9_000 }).toBe(1);
  publish(2);
  await expect.poll(() => registry.version(), { timeout: 9_000 }).toBe(2);
});

test.each([
  ['half written', () => writeFileSync(file, sealed(4).slice(0, 50))],
  [
    'signed by another key',
    () => writeFileSync(file, sealSnapshot({ version: 4, at: 0, pcs: [], roots: [] }, createPrivateKey(makeSigningKeys().privateKey))),
  ],
  ['gone', () => rmSync(file)],
])('the last valid snapshot stays in use, with one log line, when the file is %s', (_what, spoil) => {
  publish(3);
  const registry = follow();
  spoil();
  tick();
  tick();
  expect(registry.version()).toBe(3);
  expect(used).toEqual([3]);
  expect(lines.filter((line) => line.includes('cannot be used'))).toHaveLength(1);
  publish(4);
  tick();
  expect(registry.version()).toBe(4);
});

test('an older snapshot is refused, also after a restart, and a snapshot of the same version is accepted', () => {
  publish(7);
  follow().close();
  publish(6);
  expect(follow().version()).toBe(0);
  publish(7);
  expect(follow().version()).toBe(7);
  expect(readFileSync(versionFile, 'utf8')).toMatch(/^7 [0-9a-f]{16}$/);
});

test('a restart with the same version does not write the version file again', () => {
  publish(7);
  follow().close();
  const { ino } = statSync(versionFile);
  expect(follow().version()).toBe(7);
  expect(statSync(versionFile).ino).toBe(ino);
});

test('a revocation takes effect even if its version cannot be stored', () => {
  publish(7);
  versionFile = join(folder, 'no-such-folder', 'registry-version');
  expect(follow().version()).toBe(7);
  expect(lines.at(-1)).toContain('cannot store the version of the registry: ENOENT');
});

test('a changed bit in the stored version is detected, and the signed snapshot is used', () => {
  publish(12);
  follow().close();
  const kept = readFileSync(versionFile);
  for (let bit = 0; bit < 8 * kept.length; bit += 1) {
    const turned = Buffer.from(kept);
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(versionFile, turned);
    lines = [];
    const registry = follow();
    expect([registry.version(), lines[0]], `bit ${bit}`).toEqual([12, expect.stringContaining('is damaged: the signed snapshot')]);
    registry.close();
    expect(readFileSync(versionFile)).toEqual(kept);
  }
});

function follow(): RegistryFile {
  const clock = {
    ...realClock(),
    after(_delayMs: number, task: () => void): Cancel {
      tick = task;
      return () => {};
    },
  };
  const say = (_fields: object, line: string) => void lines.push(line);
  const warn = (fields: object, line: string) => {
    warned.push(line);
    say(fields, line);
  };
  const registry = followRegistry({
    file,
    key: createPublicKey(keys.publicKey),
    versionFile,
    clock,
    log: { info: say, warn, error: say },
    onSnapshot: (snapshot) => used.push(snapshot.version),
  });
  open.push(registry);
  return registry;
}

/** Writes a snapshot as `flows` does: a whole file, renamed to its final name. */
function publish(version: number): void {
  writeFileSync(`${file}.new`, sealed(version));
  renameSync(`${file}.new`, file);
}

function sealed(version: number): string {
  return sealSnapshot({ version, at: 0, pcs: [], roots: [] }, createPrivateKey(keys.privateKey));
}
