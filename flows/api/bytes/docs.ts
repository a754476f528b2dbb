/**
 * Serves `/docs/`, the pages for users, without a session. A package contains the built pages; a source checkout has Markdown files, which
 * are listed.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { contentTypes } from './wall.ts';

const notPages = /(^|\/)(node_modules|\.vitepress|package(-lock)?\.json)(\/|$)/;

/** A file below `/docs/` or, with `text`, a page made here. `policy` is its content security policy. */
type DocsFile = { url: string; type: string; policy: string; path?: string; text?: string };

/** Reads the names of the files in a folder. Returns none without a folder. */
export async function readDocs(folder: string | undefined): Promise<DocsFile[]> {
  const entries = folder === undefined ? [] : await readdir(folder, { recursive: true }).catch(() => []);
  const names = entries.map((name) => name.replaceAll('\\', '/')).filter((name) => typeOf(name) !== '' && !notPages.test(name));
  const files = names.map(async (name): Promise<DocsFile> => {
    const path = join(`${folder}`, name);
    const type = typeOf(name);
    const scripts = type.startsWith('text/html') ? inlineScripts(await readFile(path, 'utf8')) : [];
    return { url: `/docs/${name}`, type, policy: policyOf(scripts), path };
  });
  const found = await Promise.all(files);
  const index = found.find(({ url }) => url === '/docs/index.html');
  if (index !== undefined) return [...found, { ...index, url: '/docs/' }];
  return found.length === 0 ? [] : [...found, listOf(names)];
}

function typeOf(name: string): string {
  return contentTypes[extname(name).slice(1)] ?? '';
}

/** Adds one route for each file. */
export function addDocs(app: FastifyInstance, files: readonly DocsFile[]): void {
  const config = { open: true };
  for (const { url, type, policy, path, text } of files)
    app.get(url, { config }, (_request, reply) =>
      reply
        .header('content-security-policy', policy)
        .type(type)
        .send(path === undefined ? text : createReadStream(path)),
    );
  if (files.length > 0) app.get('/docs', { config }, (_request, reply) => reply.redirect('/docs/', 308));
}

function listOf(names: readonly string[]): DocsFile {
  const pages = names.filter((name) => name.endsWith('.md')).toSorted();
  const items = pages.map((name) => `<li><a href="/docs/${name}">${name}</a>`).join('\n');
  const text = `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Sabha</title>\n<h1>Sabha</h1>\n<ul>\n${items}\n</ul>\n</html>\n`;
  return { url: '/docs/', type: typeOf('.html'), policy: policyOf([]), text };
}

/** Returns the hashes by which a content security policy allows the scripts inside a page. */
function inlineScripts(html: string): string[] {
  const scripts = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  return scripts.map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
}

/** The built site colours code by style attributes, so its styles may be inline. */
function policyOf(scripts: readonly string[]): string {
  const sources = [
    "default-src 'self'",
    ["script-src 'self'", ...scripts].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
  ];
  return [...sources, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"].join('; ');
}
