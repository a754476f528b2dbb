import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { openTestApi } from '../routes.test-helper.ts';
import { bundled, fileOf, loadWall, type StaticFile, types, type Wall } from './wall.ts';

const plain = await loadWall('dashboards/wall', 'node_modules');
const wall = await bundled(plain);

const textOf = (url: string, from: Wall = wall) => from.files.get(url)?.body.toString('utf8') ?? '';
const scriptsOf = (html: string) => [...html.matchAll(/(?:src|href)="(\/bundle\/[^"]+)"/g)].map(([, url = '']) => url);

const tap = [...plain.files].filter(([url]) => url.startsWith('/tap.'));

/** A wall of some files. */
function wallOf(texts: Record<string, string>): Wall {
  const files = Object.entries(texts).map(([url, text]): [string, StaticFile] => {
    return [url, fileOf(Buffer.from(text), types[url.slice(url.lastIndexOf('.') + 1)] ?? '')];
  });
  return { ...plain, files: new Map([...tap, ...files]), isOpen: () => false };
}

const page = '<script type="importmap">{"imports": {"a": "/a.js"}}</script>\n<script type="module" src="/b.js"></script>';

test('a page names two scripts at most, by their content, and its styles stand in it; no map of imports is left', () => {
  for (const url of ['/', '/index.html', '/login.html']) {
    const html = textOf(url);
    const scripts = scriptsOf(html);
    expect([url, scripts.length]).toEqual([url, 2]);
    for (const one of scripts) expect([one, wall.files.get(one)?.forever]).toEqual([one, true]);
    expect(html).not.toMatch(/importmap|rel="stylesheet"|\n\n/);
    const [, css = ''] = /<style>([^<]*)<\/style>/.exec(html) ?? [];
    expect(wall.inline.styles).toContain(`sha256-${createHash('sha256').update(css).digest('base64')}`);
  }
  expect(textOf('/')).toBe(textOf('/index.html'));
  expect(textOf('/')).toMatch(/@media print\{/);
  expect(wall.inline.scripts).toEqual([]);
});

test('who has not logged in gets the scripts of the login, and none of the wall', () => {
  const [login = '', shared = ''] = scriptsOf(textOf('/login.html')).toReversed();
  const own = scriptsOf(textOf('/')).filter((url) => url !== shared);
  for (const url of ['/login.html', login, `${login}.map`, shared, '/icon.svg', ...scriptsOf(wall.answers.script)])
    expect([url, wall.isOpen(url), wall.files.has(url)]).toEqual([url, true, true]);
  for (const url of ['/', '/index.html', '/app.webmanifest', '/push-worker.js', ...own, ...own.map((one) => `${one}.map`)])
    expect([url, wall.isOpen(url), wall.files.has(url)]).toEqual([url, false, true]);
});

test('both pages say that they load before any script runs, in both languages, and it is all of them that is needed for it', () => {
  for (const url of ['/index.html', '/login.html'])
    expect(textOf(url)).toMatch(/<p class="loading">Loading… <span lang="hi">लोड हो रहा है…<\/span><\/p>/);
  // That it takes long is not said at once.
  for (const url of ['/index.html', '/login.html']) expect(textOf(url)).toMatch(/\.late\{visibility:hidden;animation:[^}]*30s/);
});

test('the head of the page of an answer has its styles in it, admitted by their hash, and one script named by its content', () => {
  const { style, script, inline } = wall.answers;
  const [, css = ''] = /^<style>([^<]+)<\/style>$/.exec(style) ?? [];
  expect(inline).toEqual({ scripts: [], styles: [`sha256-${createHash('sha256').update(css).digest('base64')}`] });
  expect(script).toMatch(/^<script type="module" src="\/bundle\/tap-[A-Z0-9]{8}\.js"><\/script>$/);
});

test('what a file names that is not there is said with its name', async () => {
  const gone = wallOf({ '/index.html': page, '/b.js': "import 'a'; import './c.js';", '/a.js': '' });
  await expect(bundled(gone)).rejects.toThrow("./c.js, which /b.js names, is not among the wall's files");
  const bare = wallOf({ '/index.html': `<link rel="stylesheet" href="/x.css">\n${page}`, '/b.js': '', '/a.js': '' });
  const other = wallOf({ '/index.html': `<link href="/x.css" rel="stylesheet">\n${page}`, '/b.js': "import 'a';", '/a.js': '' });
  await expect(bundled(other)).rejects.toThrow('/index.html names its styles in another way than the others');
  await expect(bundled(bare)).rejects.toThrow("/x.css, which /index.html names, is not among the wall's files");
});

test('its scripts are kept for ever, its pages are asked for again', async () => {
  const api = await openTestApi({ bundle: async () => wall });
  const get = (url: string) => fetch(`http://127.0.0.1:${api.port}${url}`);
  const first = await get('/');
  const scripts = scriptsOf(await first.text());
  expect(first.headers.get('cache-control')).toBe('no-cache');
  const policy = first.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/script-src 'self'; style-src 'self' 'sha256-[^']+' 'sha256-[^']+';/);
  for (const url of scripts) {
    const { status, headers } = await get(url);
    expect([url, status, headers.get('cache-control')]).toEqual([url, 200, 'max-age=31536000, immutable']);
  }
  for (const url of ['/wall.js', '/style.css', '/modules/preact.js']) expect([url, (await get(url)).status]).toEqual([url, 404]);
  await api.close();
});
