/** The wall: its files, read once at the start. What is not named here is not served: there is no path to climb. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { ownPart } from '../../pki/door/door.ts';
import type { Head, Inline } from '../../pki/door/guard.ts';
import { fileOf, type StaticFile, sendFile } from './files.ts';

/** Its files by their address. `isOpen`: what the pages of the login and of an answer need, for everybody. `answers` is the head of the latter. */
export type Wall = { files: ReadonlyMap<string, StaticFile>; isOpen(url: string): boolean; inline: Inline; answers: Head };

const openFiles =
  /^\/(login\.(html|js)|tap\.(js|css)|words\/(html|words|texts-[a-z]+|preferences)\.js|live\/post\.js|style\.css|icon\.svg|modules\/.*)$/;

/** The browser modules that the wall's import map names, by their file under `node_modules`. */
const modules: Record<string, string> = {
  '/modules/preact.js': 'preact/dist/preact.module.js',
  '/modules/preact-hooks.js': 'preact/hooks/dist/hooks.module.js',
  '/modules/htm.js': 'htm/dist/htm.module.js',
};

/** Of the pages of answers, which are no files. */
const answers: Head = {
  style: '<link rel="stylesheet" href="/tap.css">',
  script: '<script type="module" src="/tap.js"></script>',
  inline: { scripts: [], styles: [] },
};

/** What a file is, by the end of its name. */
export const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  map: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
};

/** Reads the wall and its modules. Throws one clear line where a file is missing. */
export async function loadWall(wallDir: string, modulesDir: string): Promise<Wall> {
  const files = new Map<string, StaticFile>();
  for (const name of await namesIn(wallDir)) files.set(`/${name}`, await load(join(wallDir, name)));
  for (const [url, path] of Object.entries(modules)) files.set(url, await load(join(modulesDir, path)));
  const page = files.get('/index.html');
  if (page === undefined) throw new Error(`API: no index.html among the wall's files in ${wallDir}`);
  files.set('/', page);
  const scripts = [hashOf(importMapOf(page.body.toString('utf8')))];
  return { files, isOpen: (url) => openFiles.test(url), inline: { scripts, styles: [] }, answers };
}

/** One route for each file. */
export function addWall(app: FastifyInstance, { files, isOpen }: Wall): void {
  for (const [url, file] of files) {
    const config = isOpen(url) ? { open: true } : { ...ownPart, page: file.type.startsWith('text/html') };
    app.get(url, { config }, (request, reply) => sendFile(file, request, reply));
  }
}

/** The import map that stands in a page; '' where there is none. */
export function importMapOf(html: string): string {
  return /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
}

/** What the policy of a page names a text by that stands in it. */
export function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

async function namesIn(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true }).catch((error: Error) => {
    throw new Error(`API: cannot read the wall's files: ${error.message}`);
  });
  return names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /^([a-z-]+\/)?[a-z-]+\.(html|css|js|svg|webmanifest)$/.test(name));
}

async function load(path: string): Promise<StaticFile> {
  const body = await readFile(path).catch((error: Error) => {
    throw new Error(`API: cannot read a file of the wall: ${error.message}`);
  });
  return fileOf(body, types[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
}
