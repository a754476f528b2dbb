/** The wall in few files, made at the start from those that a browser would else ask for one by one: on a thin link each costs a way there and back. */
import { basename } from 'node:path';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import type { Head } from '../../pki/door/guard.ts';
import { fileOf, type StaticFile } from './files.ts';
import { hashOf, importMapOf, types, type Wall } from './wall.ts';

type Esbuild = typeof import('esbuild');
/** A page, and what it names. */
type Page = { url: string; html: string; styles: { url: string; media: string | undefined }[]; script: string };
/** `needs`: the files that a script imports, by the address of its source; `holds`: whether a source is in one of them. */
type Scripts = { files: Map<string, StaticFile>; needs(script: string): string[]; holds(url: string): boolean };

const folder = '/bundle/';

const inPages = new Set([types['html'], types['css']]);
const styleTag = /<link rel="stylesheet" href="([^"]+)"(?: media="([^"]+)")?>\n?/g;
const mapTag = /<script type="importmap">[\s\S]*?<\/script>\n?/;
const scriptTag = /<script type="module" src="([^"]+)"><\/script>/;

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
