import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { addDocs, readDocs } from './docs.ts';

let folder: string;
afterEach(() => rm(folder, { recursive: true, force: true }));

async function serve(files: Record<string, string>): Promise<FastifyInstance> {
  folder = await mkdtemp(join(tmpdir(), 'sabha-docs-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const app = fastify();
  addDocs(app, await readDocs(folder));
  return app;
}

test('a source checkout lists its Markdown files and serves their text', async () => {
  const app = await serve({ 'install/server.md': '# Install', 'package.json': '{}', 'node_modules/a/readme.md': 'a' });
  const list = await app.inject('/docs/');
  expect(list.body).toContain('<a href="/docs/install/server.md">install/server.md</a>');
  expect(list.body).not.toContain('node_modules');
  expect((await app.inject('/docs/install/server.md')).body).toBe('# Install');
  expect((await app.inject('/docs/package.json')).statusCode).toBe(404);
  expect((await app.inject('/docs')).headers['location']).toBe('/docs/');
});

test('built pages are served with a policy that allows exactly the scripts of each page', async () => {
  const app = await serve({ 'index.html': '<script>one()</script><script src="/docs/a.js"></script>', 'a.js': 'a()' });
  const page = await app.inject('/docs/');
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.headers['content-security-policy']).toMatch(/script-src 'self' 'sha256-[^']+';/);
  expect((await app.inject('/docs/a.js')).headers['content-type']).toContain('javascript');
});

test('without a folder of documentation the server serves no documentation pages', async () => {
  expect(await readDocs(undefined)).toEqual([]);
  expect(await readDocs('/nowhere/at/all')).toEqual([]);
});
