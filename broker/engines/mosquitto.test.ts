import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashToken, makeSigningKeys, type RegistryEntry, StartError, sealSnapshot } from '@sabha/contracts';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { renderAcl, renderUsers, type UpdateOptions, updateMosquitto } from './mosquitto.ts';

const one = 'ladakh/leh/pc-1';
const two = 'kerala/kochi/pc-1';
const tokens = { flows: 'f', exporter: 'e', [one]: 'token-1', [two]: 'token-2' };
const secrets = { flows: hashToken('f'), exporter: hashToken('e') };
const entry = (pc: string, token: string, revoked = false): RegistryEntry => ({
  pc,
  tokenHash: hashToken(token),
  certificates: [],
  revoked,
});
const registryOf = (...pcs: RegistryEntry[]) => ({ snapshot: { version: 3, at: 0, pcs, roots: [] }, secrets });
const both = registryOf(entry(one, 'token-1'), entry(two, 'token-2'));
const names = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((row) => row.split(':')[0]);

describe('password file', () => {
  test('has a salted hash for each admitted client and no token in plain text', () => {
    const { text, withoutToken } = renderUsers(both, tokens);
    expect(names(text)).toEqual(['flows', 'exporter', 'ladakh.leh.pc-1', 'kerala.kochi.pc-1']);
    for (const row of text.trimEnd().split('\n')) expect(row).toMatch(/^[a-z0-9.-]+:\$7\$101\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==$/);
    for (const token of Object.values(tokens).filter((two) => two.length > 1)) expect(text).not.toContain(token);
    expect(withoutToken).toEqual([]);
  });
});

test('the access list names the version of the registry and omits revoked PCs', () => {
  const text = renderAcl(registryOf(entry(one, 'token-1'), entry(two, 'token-2', true)));
  expect(text.split('\n')[0]).toBe('# registry version 3');
  expect(text.match(/^user .*$/gm)).toEqual(['user flows', 'user exporter', 'user ladakh.leh.pc-1']);
  expect(text).not.toContain('kochi');
});

describe('updateMosquitto', () => {
  const keys = makeSigningKeys();
  const script = new URL('mosquitto.ts', import.meta.url).pathname;
  let folder: string;
  const file = (name: string) => join(folder, name);
  const put = (version: number, token = 'token-1') =>
    writeFileSync(
      file('registry'),
      sealSnapshot({ version, at: 0, pcs: [entry(one, token)], roots: [] }, createPrivateKey(keys.privateKey)),
    );
  const update = (more: Partial<UpdateOptions> = {}) =>
    updateMosquitto({ registryFile: file('registry'), dataDir: folder, outDir: folder, tokensFile: file('tokens'), ...more });
  const inUse = () => ['users', 'acl'].map((name) => readFileSync(file(name), 'utf8'));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sabha-engines-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(file('registry.pub'), keys.publicKey);
    writeFileSync(file('principals.json'), JSON.stringify(secrets));
    writeFileSync(file('tokens'), JSON.stringify({ tokens }));
    put(2);
  });

  test('writes both files and returns the PCs without a token', () => {
    expect(update()).toEqual({ version: 2, without: [] });
    expect(names(inUse()[0] ?? '')).toEqual(['flows', 'exporter', 'ladakh.leh.pc-1']);
    expect(inUse()[1]).toContain(`topic write sabha/v1/${one}/state\n`);
    put(3, 'newer');
    expect(update({ tokensFile: undefined })).toEqual({ version: 3, without: [one] });
  });

  test.each<[string, () => Partial<UpdateOptions>, RegExp]>([
    ['an older registry', () => ({}), /registry: version 1 is older than 2, which is in use$/],
    ['a forged one', () => ({ registryFile: forged() }), /forged: wrong signature$/],
    ['no tokens', () => ({ tokensFile: file('none') }), /none: cannot be read: ENOENT$/],
    ['a pid that is another process by now', () => ({ pidFile: pidOf(`${process.pid}`) }), /pid: process \d+ is not mosquitto: \S+$/],
    ['no folder', () => ({ outDir: file('none') }), /none\/users, .*none\/acl: cannot be written: ENOENT$/],
  ])('reports %s in one line and changes no file', (what, more, line) => {
    update();
    const before = inUse();
    put(what === 'an older registry' ? 1 : 3);
    const failed = (): unknown => {
      try {
        return update(more());
      } catch (error) {
        return error;
      }
    };
    const error = failed();
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).toMatch(line);
    expect((error as StartError).message).not.toContain('\n');
    expect(inUse()).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  test('as a command exits with 0 and the version, with 1 and the error line, or with 2 for wrong usage', async () => {
    const run = (...args: string[]) =>
      new Promise<[number | null, string, string]>((done) => {
        const child = execFile(process.execPath, [script, ...args], (_error, out, err) => done([child.exitCode, out, err]));
      });
    const good = ['--registry', file('registry'), '--data', folder, '--out', folder];
    const [done, failed, wrong] = await Promise.all([
      run(...good, '--tokens', file('tokens')),
      run(...good, '--pid', file('none')),
      run('--registri', file('registry')),
    ]);
    expect(done).toEqual([0, 'mosquitto has version 2 of the registry\n', '']);
    expect(failed).toEqual([1, '', `${file('none')}: cannot be read: ENOENT\n`]);
    expect(wrong?.[0]).toBe(2);
    expect(wrong?.[2]).toMatch(/^Unknown option '--registri'; usage: node broker\/engines\/mosquitto\.ts .*\n$/);
  });

  const forged = () => {
    writeFileSync(file('forged'), '{"signed":"{}","signature":""}');
    return file('forged');
  };
  const pidOf = (id: string) => {
    writeFileSync(file('pid'), id);
    return file('pid');
  };
});
