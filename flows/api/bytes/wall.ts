/** The wall: its files, read once at the start. What is not named here is not served: there is no path to climb. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Head, type Inline, ownPart, Refused } from '../../pki/door/door.ts';

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
/** The ways to pack a file, the smallest first: on a thin link brotli is a seventh less than gzip. */
const packings = { br: (body: Buffer) => brotliCompressSync(body), gzip: (body: Buffer) => gzipSync(body) };
/** The only names that are served, by the file that `pack:agent` writes. */
const updateTypes: Record<string, string> = {
  'manifest.json': 'application/json; charset=utf-8',
  'agent.mjs': 'text/javascript; charset=utf-8',
};
const folder = '/bundle/';
const inPages = new Set([types['html'], types['css']]);
const styleTag = /<link rel="stylesheet" href="([^"]+)"(?: media="([^"]+)")?>\n?/g;
const mapTag = /<script type="importmap">[\s\S]*?<\/script>\n?/;
const scriptTag = /<script type="module" src="([^"]+)"><\/script>/;

/** Its files by their address. `isOpen`: what the pages of the login and of an answer need, for everybody. `answers` is the head of the latter. */
export type Wall = { files: ReadonlyMap<string, StaticFile>; isOpen(url: string): boolean; inline: Inline; answers: Head };

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
function importMapOf(html: string): string {
  return /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
}

/** What the policy of a page names a text by that stands in it. */
function hashOf(text: string): string {
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

type Packing = keyof typeof packings;

/** A file in memory, as it is sent. One of `forever` has its content in its name: whoever has it never asks again. */
export type StaticFile = { body: Buffer; type: string; etag: string; forever: boolean; packed(how: Packing): Buffer };

/** Not again to whoever has it, and packed to whoever can unpack it. */
export function sendFile(file: StaticFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'cache-control': file.forever ? 'max-age=31536000, immutable' : 'no-cache', etag: file.etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  const understood = (request.headers['accept-encoding'] ?? '').split(/[\s,;]+/);
  const packing = (Object.keys(packings) as Packing[]).find((one) => understood.includes(one));
  if (packing !== undefined) reply.header('content-encoding', packing);
  return reply.type(file.type).send(packing === undefined ? file.body : file.packed(packing));
}

/** What never changes while this process runs: packed once, when it is first asked for. */
export function fileOf(body: Buffer, type: string, forever = false): StaticFile {
  const made = new Map<Packing, Buffer>();
  return {
    body,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    forever,
    packed: (how) => made.getOrInsertComputed(how, () => packings[how](body)),
  };
}

/**
 * `/updates/`: the newest agent, as the key of the releases signed it. Public, since each agent proves what it takes by itself. Each file from any byte on, so that a thin link goes on where it broke.
 */
export function addUpdates(app: FastifyInstance, folder: string): void {
  for (const [name, type] of Object.entries(updateTypes)) {
    app.get(`/updates/${name}`, { config: { machine: true } }, async (request, reply) => {
      const file = join(folder, name);
      const size = await stat(file).then(
        (found) => found.size,
        () => undefined,
      );
      if (size === undefined) throw new Refused(404, 'no update is offered');
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

type Esbuild = typeof import('esbuild');
/** A page, and what it names. */
type Page = { url: string; html: string; styles: { url: string; media: string | undefined }[]; script: string };
/** `needs`: the files that a script imports, by the address of its source; `holds`: whether a source is in one of them. */
type Scripts = { files: Map<string, StaticFile>; needs(script: string): string[]; holds(url: string): boolean };

/**
 * The same wall: its pages with their styles in them, and their scripts in as few files as they share, each named by its content. Rejects where
 * they cannot be made.
 * Guarantee: a browser that runs them runs what the files say: names are looked up as the import map of the page does.
 */
export async function bundled(wall: Wall): Promise<Wall> {
  // Not at the top: where its program is not there the wall is served all the same.
  const esbuild = await import('esbuild');
  // Its program would else stay.
  return bundle(esbuild, wall).finally(() => esbuild.stop());
}

async function bundle(esbuild: Esbuild, wall: Wall): Promise<Wall> {
  const pages = [...wall.files].filter(([url, { type }]) => url !== '/' && type === types['html']).map(([url, file]) => pageOf(url, file));
  const answer = pageOf('the page of an answer', fileOf(Buffer.from(wall.answers.style + wall.answers.script), ''));
  const scripts = await bundleScripts(esbuild, wall, [...pages, answer]);
  const dress = async (page: Page) => headOf(await stylesOf(esbuild, wall, page), scripts.needs(page.script));
  // What a browser asks for besides: an icon, a manifest, a worker.
  const besides = [...wall.files].filter(([url, { type }]) => !inPages.has(type) && !scripts.holds(url));
  const files = new Map([...scripts.files, ...besides]);
  const answers = await dress(answer);
  const open = new Set([...answers.needs, ...besides.map(([url]) => url).filter(wall.isOpen)]);
  const styles: string[] = [];
  for (const page of pages) {
    const head = await dress(page);
    styles.push(...head.inline.styles);
    files.set(page.url, fileOf(Buffer.from(rewritten(page, head)), types['html'] ?? ''));
    if (wall.isOpen(page.url)) for (const url of [page.url, ...head.needs]) open.add(url);
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return { files, isOpen: (url) => open.has(url.replace(/\.map$/, '')), inline: { scripts: [], styles }, answers };
}

function pageOf(url: string, { body }: StaticFile): Page {
  const html = body.toString('utf8');
  const styles = [...html.matchAll(styleTag)].map(([, href = '', media]) => ({ url: href, media }));
  const script = scriptTag.exec(html)?.[1];
  if (script === undefined) throw new Error(`${url} names no script`);
  return { url, html, styles, script };
}

async function bundleScripts({ build }: Esbuild, wall: Wall, pages: readonly Page[]): Promise<Scripts> {
  const imports = Object.fromEntries(
    pages.flatMap(({ html }) => Object.entries<string>(JSON.parse(importMapOf(html) || '{"imports": {}}').imports)),
  );
  const options = {
    entryPoints: pages.map(({ script }) => ({ in: script, out: basename(script, '.js') })),
    plugins: [fromWall(wall, imports)],
    outdir: folder,
    entryNames: '[name]-[hash]',
    chunkNames: 'shared-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    // For whoever looks for a fault with the browser's own tools: nobody else is sent it.
    sourcemap: 'linked',
    write: false,
    metafile: true,
    logLevel: 'silent',
  } as const satisfies BuildOptions;
  const { outputFiles, metafile } = await build(options);
  const urlOf = (path: string) => `${folder}${path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)}`;
  const files = outputFiles.map(({ path, contents }) => {
    const type = types[path.slice(path.lastIndexOf('.') + 1)] ?? '';
    return [urlOf(path), fileOf(Buffer.from(contents), type, true)] as const;
  });
  return {
    files: new Map(files),
    needs: (script) => needsOf(metafile, script).map(urlOf),
    holds: (url) => Object.hasOwn(metafile.inputs, `wall:${url}`),
  };
}

/** The file of a script, and all that it imports. */
function needsOf({ outputs }: Metafile, script: string): string[] {
  const first = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === `wall:${script}`);
  const found = new Set(first === undefined ? [] : [first]);
  for (const path of found) for (const one of outputs[path]?.imports ?? []) found.add(one.path);
  if (found.size === 0) throw new Error(`${script} was not bundled`);
  return [...found];
}

/** Looks names up as a browser does, in what would be served to it. */
function fromWall({ files }: Wall, imports: Record<string, string>): Plugin {
  return {
    name: 'wall',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /./ }, ({ path, importer }) => {
        const url = imports[path] ?? new URL(path, `http://wall${importer}`).pathname;
        if (!files.has(url)) return { errors: [{ text: `${path}, which ${importer || 'a page'} names, is not among the wall's files` }] };
        return { path: url, namespace: 'wall' };
      });
      onLoad({ filter: /./, namespace: 'wall' }, ({ path }) => ({ contents: files.get(path)?.body ?? '', loader: 'js' }));
    },
  };
}

async function stylesOf({ transform }: Esbuild, { files }: Wall, page: Page): Promise<string> {
  const texts = page.styles.map(({ url, media }) => {
    const file = files.get(url);
    if (file === undefined) throw new Error(`${url}, which ${page.url} names, is not among the wall's files`);
    return media === undefined ? file.body.toString() : `@media ${media} {${file.body}}`;
  });
  const { code } = await transform(texts.join('\n'), { loader: 'css', minify: true, charset: 'utf8', logLevel: 'silent' });
  if (code.includes('</')) throw new Error(`the styles of ${page.url} cannot stand in it`);
  return code.trim();
}

/** Styles as they stand in a page, and its scripts by their new names, all of them named at once. */
function headOf(css: string, needs: string[]): Head & { needs: string[] } {
  const [script = '', ...shared] = needs;
  const early = shared.map((url) => `<link rel="modulepreload" href="${url}">\n`).join('');
  return {
    style: `<style>${css}</style>`,
    script: `${early}<script type="module" src="${script}"></script>`,
    inline: { scripts: [], styles: [hashOf(css)] },
    needs,
  };
}

function rewritten({ url, html }: Page, { style, script }: Head): string {
  const text = html
    .replaceAll(styleTag, '')
    .replace(mapTag, '')
    .replace(scriptTag, () => `${style}\n${script}`);
  if (text.includes('rel="stylesheet"')) throw new Error(`${url} names its styles in another way than the others`);
  return text;
}
