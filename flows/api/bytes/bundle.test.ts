import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { openTestApi } from '../routes.test-helper.ts';
import { bundleWall, loadWall } from './wall.ts';

const wall = await bundleWall(await loadWall('dashboards/wall', 'node_modules'));
const textOf = (url: string) => wall.files.get(url)?.body.toString('utf8') ?? '';
const hashOf = (css: string) => `sha256-${createHash('sha256').update(css).digest('base64')}`;

test('a page has inline styles, allowed by their hash, and loads one script without imports', () => {
  for (const [url, script] of [
    ['/', '/wall.js'],
    ['/index.html', '/wall.js'],
    ['/login.html', '/login.js'],
  ] as const) {
    const html = textOf(url);
    expect([...html.matchAll(/<script type="module" src="([^"]+)"/g)].map(([, one]) => one)).toEqual([script]);
    expect(textOf(script)).not.toMatch(/^import\b|\bfrom"/m);
    expect(html).not.toContain('rel="stylesheet"');
    expect(wall.inline.styles).toContain(hashOf(/<style>([^<]*)<\/style>/.exec(html)?.[1] ?? ''));
  }
  expect(textOf('/')).toMatch(/@media print\{/);
});

test('a visitor without a session gets the scripts of the sign-in and reply pages, and not the script of the wall', () => {
  expect(['/login.html', '/login.js', '/tap.js', '/icon.svg'].map(wall.isOpen)).toEqual([true, true, true, true]);
  expect(['/', '/index.html', '/wall.js', '/push-worker.js'].map(wall.isOpen)).toEqual([false, false, false, false]);
});

test('before a script runs, the wall and the sign-in page show in both languages that they are loading', () => {
  for (const url of ['/index.html', '/login.html']) {
    expect(textOf(url)).toMatch(/<p class="loading">Loading… <span lang="hi">लोड हो रहा है…<\/span><\/p>/);
    // A second line for slow connections appears after 30 s.
    expect(textOf(url)).toMatch(/\.late\{visibility:hidden;animation:[^}]*30s/);
  }
});

test('the reply pages have inline styles, allowed by their hash', () => {
  const { style, script, inline } = wall.answers;
  const [, css = ''] = /^<style>([^<]+)<\/style>$/.exec(style) ?? [];
  expect(inline).toEqual({ scripts: [], styles: [hashOf(css)] });
  expect(script).toBe('<script type="module" src="/tap.js"></script>');
});

test('the content security policy of a page allows its import map and styles, and the browser revalidates each file', async () => {
  const api = await openTestApi({ bundle: async () => wall });
  const page = await fetch(`http://127.0.0.1:${api.port}/`);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('content-security-policy')).toMatch(
    /script-src 'self' 'sha256-[^']+'; style-src 'self' 'sha256-[^']+' 'sha256-[^']+' 'sha256-[^']+';/,
  );
  await api.close();
});
