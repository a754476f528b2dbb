import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  isWorldReadable,
  listen,
  loadText,
  makeFilePrivate,
  makeFolder,
  readEnvironment,
  replaceFile,
  StartError,
  serveMetrics,
} from './start.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sabha-start-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test.skipIf(process.platform === 'win32')('a SQLite file and its log become readable by their owner only, whether new or existing', () => {
  const file = join(root, 'ledger.db');
  writeFileSync(`${file}-wal`, '', { mode: 0o644 });
  expect(isWorldReadable(`${file}-wal`)).toBe(true);
  makeFilePrivate(file);
  expect(['', '-wal'].map((end) => statSync(file + end).mode & 0o777)).toEqual([0o600, 0o600]);
  expect([isWorldReadable(file), existsSync(`${file}-shm`)]).toEqual([false, false]);
});

describe('readEnvironment', () => {
  const env = readEnvironment({ NAME: 'leh', EMPTY: '', PORT: '1883', LATE: '65536', WORD: 'x\ny', SPEED: '2.5', NULL: '0' });

  test('returns valid values, and the default for a missing one', () => {
    expect([env.required('NAME'), env.port('PORT', 1), env.port('NONE', 7), env.number('SPEED', 1), env.number('NONE', 1)]).toEqual([
      'leh',
      1883,
      7,
      2.5,
      1,
    ]);
  });

  test.each([
    [() => env.required('EMPTY'), 'EMPTY is not set'],
    [() => env.required('NONE'), 'NONE is not set'],
    [() => env.port('LATE', 1), 'LATE: not a port: 65536'],
    [() => env.port('WORD', 1), 'WORD: not a port: x y'],
    [() => env.number('NULL', 1), 'NULL: not a number above 0: 0'],
    [() => env.number('WORD', 1), 'WORD: not a number above 0: x y'],
  ])('reports an invalid value in one line: %#', (read, line) => {
    expect(read).toThrow(new StartError(line));
  });
});

test('an unusable file or folder throws one line with its name', () => {
  const file = join(root, 'file');
  expect(() => loadText(file)).toThrow(new StartError(`${file}: cannot be read: ENOENT`));
  writeFileSync(file, 'text');
  expect(loadText(file)).toBe('text');
  expect(() => makeFolder(join(file, 'below'))).toThrow(new StartError(`${join(file, 'below')}: cannot be used as a folder: ENOTDIR`));
  const folder = makeFolder(join(root, 'a', 'b'));
  expect(makeFolder(folder)).toBe(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

describe('replaceFile', () => {
  test('replaces the content, readable by its owner only, and leaves no other file', () => {
    const file = join(root, 'file');
    for (const content of ['old', Buffer.from('new and longer')]) replaceFile(file, content);
    expect(readFileSync(file, 'utf8')).toBe('new and longer');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(root)).toEqual(['file']);
  });
});

describe('listen and serveMetrics', () => {
  test('a listener returns its port, and throws one line for a port in use', async () => {
    const first = createServer();
    onTestFinished(() => void first.close());
    const port = await listen(first, { host: '127.0.0.1', port: 0 });
    expect((first.address() as AddressInfo).port).toBe(port);
    const second = listen(createServer(), { host: '127.0.0.1', port });
    await expect(second).rejects.toThrow(new StartError(`port ${port} is in use by another program (127.0.0.1:${port})`));
    const nowhere = listen(createServer(), { host: '192.0.2.1', port: 0 });
    await expect(nowhere).rejects.toThrow(new StartError('cannot listen on port 0: EADDRNOTAVAIL (192.0.2.1:0)'));
  });

  test('one path serves the metrics, with process metrics and without gauges that have the name of a counter', async () => {
    const registry = new Registry();
    new Gauge({ name: 'sabha_test', help: 'A test.', registers: [registry] }).set(7);
    const page = await serveMetrics(registry, 0);
    onTestFinished(page.close);
    const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${page.port}${path}`, { method });
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await answer.text();
    expect(text).toContain('sabha_test 7');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toMatch(/nodejs_active_\w+_total/);
    expect([(await get('/')).status, (await get('/metrics', 'POST')).status]).toEqual([404, 404]);
  });
});
