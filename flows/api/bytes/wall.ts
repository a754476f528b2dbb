/** The static files of the wall, read once at the start. Only files found then are served, so path traversal is impossible. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type InlineHashes, ownPart, type PageHead, RequestError } from '../../pki/http-auth/http-auth.ts';

const openFiles =
  /^\/(login\.(html|js)|tap\.(js|css)|words\/(html|words|texts-[a-z]+|preferences)\.js|live\/post\.js|style\.css|icon\.svg|modules\/.*)$/;

/** The browser modules in the wall's import map, by URL, with their file under `node_modules`. */
const modules: Record<string, string> = {
  '/modules/preact.js': 'preact/dist/preact.module.js',
  '/modules/preact-hooks.js': 'preact/hooks/dist/hooks.module.js',
  '/modules/htm.js': 'htm/dist/htm.module.js',
};
/** The head of response pages, which are generated and have no file. */
const answers: PageHead = {
  style: '<link rel="stylesheet" href="/tap.css">',
  script: '<script type="module" src="/tap.js"></script>',
  inline: { scripts: [], styles: [] },
};
/** Content types of files by their extension. */
export const contentTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  map: 'application/json; charset=utf-8',
  json: 'application/json; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  png: 'image/png',
  woff2: 'font/woff2',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
};
/** Compressions, the smallest result first. Brotli is one seventh smaller than gzip, which matters on a slow link. */
const packings = { br: (body: Buffer) => brotliCompressSync(body), gzip: (body: Buffer) => gzipSync(body) };
/** The only update files that are served. `pack:agent` writes them. */
const updateTypes: Record<string, string> = {
  'manifest.json': 'application/json; charset=utf-8',
  'agent.mjs': 'text/javascript; charset=utf-8',
};
const styleTag = /<link rel="stylesheet" href="([^"]+)"(?: media="([^"]+)")?>\n?/g;

/**
 * The wall's files by URL. `isOpen` is true for files of the sign-in and response pages, which need no session. `answers` is the head of
 * response pages.
 */
export type Wall = {
  dir: string;
  modulesDir: string;
  files: ReadonlyMap<string, StaticFile>;
  isOpen(url: string): boolean;
  inline: InlineHashes;
  answers: PageHead;
};

/** Reads the wall and its modules. Throws one line if a file is missing. */
export async function loadWall(wallDir: string, modulesDir: string): Promise<Wall> {
  const files = new Map<string, StaticFile>();
  const found = await readdir(wallDir, { recursive: true }).catch((error: Error) => {
    throw new Error(`API: cannot read the wall's files: ${error.message}`);
  });
  const names = found.map((name) => name.replaceAll('\\', '/'));
  for (const name of names.filter((one) => /^([a-z-]+\/)?[a-z-]+\.(html|css|js|svg|webmanifest)$/.test(one)))
    files.set(`/${name}`, await load(join(wallDir, name)));
  for (const [url, path] of Object.entries(modules)) files.set(url, await load(join(modulesDir, path)));
  const page = files.get('/index.html');
  if (page === undefined) throw new Error(`API: no index.html among the wall's files in ${wallDir}`);
  files.set('/', page);
  const [, importMap = ''] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page.body.toString('utf8')) ?? [];
  const scripts = [hashOf(importMap)];
  const isOpen = (url: string) => openFiles.test(url);
  return { dir: resolve(wallDir), modulesDir: resolve(modulesDir), files, isOpen, inline: { scripts, styles: [] }, answers };
}

export function addWall(app: FastifyInstance, { files, isOpen }: Wall): void {
  for (const [url, file] of files) {
    const config = isOpen(url) ? { open: true } : { ...ownPart, page: file.type.startsWith('text/html') };
    app.get(url, { config }, (request, reply) => sendFile(file, request, reply));
  }
}

/** Returns the hash of an inline text, as the content security policy writes it. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

async function load(path: string): Promise<StaticFile> {
  const body = await readFile(path).catch((error: Error) => {
    throw new Error(`API: cannot read a file of the wall: ${error.message}`);
  });
  return fileOf(body, contentTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
}

type Packing = keyof typeof packings;

export type StaticFile = { body: Buffer; type: string; etag: string; packed(how: Packing): Buffer };

/** Sends a file: 304 if the ETag matches, else compressed if the client accepts it. */
export function sendFile(file: StaticFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'cache-control': 'no-cache', etag: file.etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const understood = (request.headers['accept-encoding'] ?? '').split(/[\s,;]+/);
  const packing = (Object.keys(packings) as Packing[]).find((one) => understood.includes(one));
  if (packing !== undefined) reply.header('content-encoding', packing);
  return reply.type(file.type).send(packing === undefined ? file.body : file.packed(packing));
}

/** Makes a file that never changes while this process runs. Each compression is computed at its first request. */
export function fileOf(body: Buffer, type: string): StaticFile {
  const made = new Map<Packing, Buffer>();
  return {
    body,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    packed: (how) => made.getOrInsertComputed(how, () => packings[how](body)),
  };
}

/**
 * Adds `/updates/` with the current agent release. It is public, because each agent verifies the signature itself. Range requests let a PC
 * resume a download over a slow link.
 */
export function addUpdates(app: FastifyInstance, folder: string): void {
  for (const [name, type] of Object.entries(updateTypes)) {
    app.get(`/updates/${name}`, { config: { machine: true } }, async (request, reply) => {
      const file = join(folder, name);
      const size = await stat(file).then(
        (found) => found.size,
        () => undefined,
      );
      if (size === undefined) throw new RequestError(404, 'no update is offered');
      const from = Number(/^bytes=(\d{1,12})-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (from >= size) return reply.code(416).header('content-range', `bytes */${size}`).send();
      if (from > 0) reply.code(206).header('content-range', `bytes ${from}-${size - 1}/${size}`);
      return reply
        .type(type)
        .header('content-length', size - from)
        .send(createReadStream(file, { start: from }));
    });
  }
}

/**
 * Bundles the wall: each page gets inline styles and one script. Rejects if the bundle cannot be made.
 * Guarantee: the bundle behaves like the single files.
 */
export async function bundleWall(wall: Wall): Promise<Wall> {
  // Imported here, so that without esbuild the wall is still served file by file.
  const { build, transform, stop } = await import('esbuild');
  const files = new Map(wall.files);
  const styles: string[] = [];
  const styled = async (html: string): Promise<string> => {
    const links = [...html.matchAll(styleTag)];
    const texts = links.map(([, url = '', media = 'all']) => `@media ${media} {${files.get(url)?.body}}`);
    const { code } = await transform(texts.join('\n'), { loader: 'css', minify: true, charset: 'utf8' });
    styles.push(hashOf(code.trim()));
    return links.reduceRight((text, [tag], at) => text.replace(tag, at === 0 ? `<style>${code.trim()}</style>\n` : ''), html);
  };
  try {
    const { outputFiles } = await build({
      absWorkingDir: wall.dir,
      entryPoints: ['wall.js', 'login.js', 'tap.js'],
      alias: { 'htm/preact': './words/html.js' },
      nodePaths: [wall.modulesDir],
      outdir: wall.dir,
      bundle: true,
      format: 'esm',
      minify: true,
      charset: 'utf8',
      legalComments: 'none',
      write: false,
      logLevel: 'silent',
    });
    for (const { path, contents } of outputFiles) files.set(`/${basename(path)}`, fileOf(Buffer.from(contents), contentTypes['js'] ?? ''));
    for (const url of ['/index.html', '/login.html'])
      files.set(url, fileOf(Buffer.from(await styled(`${files.get(url)?.body}`)), contentTypes['html'] ?? ''));
    files.set('/', files.get('/index.html') as StaticFile);
    const style = (await styled(answers.style)).trim();
    return {
      ...wall,
      files,
      inline: { ...wall.inline, styles },
      answers: { ...answers, style, inline: { scripts: [], styles: styles.slice(-1) } },
    };
  } finally {
    await stop();
  }
}
