import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApi } from './routes.test-helper.ts';
import type { Api } from './server.ts';

let wallDir: string;
let api: Api;

beforeAll(async () => {
  wallDir = mkdtempSync(join(tmpdir(), 'sabha-wall-'));
  writeFileSync(
    join(wallDir, 'index.html'),
    '<!doctype html><script type="importmap">{"imports":{"preact":"/modules/preact.js"}}</script>',
  );
  writeFileSync(join(wallDir, 'wall.js'), '// '.padEnd(3000, 'x'));
  writeFileSync(join(wallDir, 'wall.test.ts'), 'secret');
  writeFileSync(join(wallDir, 'notes.txt'), 'secret');
  api = await openTestApi({ wallDir });
});
afterAll(async () => {
  await api.close();
  rmSync(wallDir, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`http://127.0.0.1:${api.port}${path}`, { headers });

test('the files of the wall and its browser modules are served, and no other file', async () => {
  const page = await get('/');
  expect([page.headers.get('content-type'), await page.text()]).toEqual(['text/html; charset=utf-8', expect.stringContaining('importmap')]);
  for (const path of ['/wall.js', '/modules/preact.js', '/modules/preact-hooks.js', '/modules/htm.js']) {
    const file = await get(path);
    expect([path, file.status, file.headers.get('content-type')]).toEqual([path, 200, 'text/javascript; charset=utf-8']);
  }
  for (const path of ['/wall.test.ts', '/notes.txt', '/modules/', '/modules/preact/package.json', '/..%2fpackage.json', '/%zz']) {
    const refused = await get(path);
    expect([path, refused.status]).toEqual([path, path === '/%zz' ? 400 : 404]);
    expect(await refused.text()).not.toContain('secret');
  }
});

test('every module that the wall imports is served, and the policy allows its import map as the only inline script', async () => {
  const other = await openTestApi();
  const at = `http://127.0.0.1:${other.port}`;
  const page = await fetch(`${at}/`);
  const html = await page.text();
  const [map = ''] = /(?<=<script type="importmap">)[^<]*/.exec(html) ?? [];
  const hash = createHash('sha256').update(map).digest('base64');
  expect(page.headers.get('content-security-policy')).toContain(`'sha256-${hash}'`);
  const named = [
    ...Object.values((JSON.parse(map) as { imports: Record<string, string> }).imports),
    ...html.matchAll(/(?:src|href)="([^"]+)"/g),
  ];
  expect(named.length).toBeGreaterThan(6);
  for (const one of named) expect([one[1], (await fetch(at + (typeof one === 'string' ? one : one[1]))).status]).toEqual([one[1], 200]);
  await other.close();
});

test('a file is sent compressed, and not again if the ETag matches', async () => {
  const first = await get('/wall.js', { 'accept-encoding': 'gzip' });
  expect(first.headers.get('content-encoding')).toBe('gzip');
  expect(Number(first.headers.get('content-length'))).toBeLessThan(200);
  expect(await first.text()).toHaveLength(3000);
  const small = await get('/wall.js', { 'accept-encoding': 'gzip, deflate, br' });
  expect([small.headers.get('content-encoding'), await small.text()]).toEqual([
    'br',
    await (await get('/wall.js', { 'accept-encoding': 'identity' })).text(),
  ]);
  const again = await get('/wall.js', { 'if-none-match': first.headers.get('etag') ?? '' });
  expect([again.status, await again.text()]).toEqual([304, '']);
});
