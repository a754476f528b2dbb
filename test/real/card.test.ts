/** Tests the room card in a real browser, opened as a file, as the person at the PC sees it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { replaceFile } from '@sabha/contracts';
import jsqr from 'jsqr';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { faulty, knownOf, working } from '../../agent/session/card/card.test-helper.ts';
import { pageOf } from '../../agent/session/card/page.ts';
import { type RoomFacts, statementOf } from '../../agent/session/card/statement.ts';
import { axeFaults } from '../pictures/axe.ts';
import { browserProgram, openBrowser } from '../pictures/browser.ts';
import { requirePart } from './parts.ts';

const runs = requirePart('Chromium', browserProgram !== undefined);
const muted = faulty('microphone.muted', { device: 'usb', name: 'Room mic' });
const both = { languages: ['hi', 'en'], help: 'desk@example.org' };

describe.runIf(runs)('the room card', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-card-'));
  const file = join(folder, 'card.html');
  const url = pathToFileURL(file).href;
  let browser: Browser;
  let page: Page;
  let troubles: string[] = [];
  let asked: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(() => page?.context().close());
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  const write = (known: RoomFacts, at = Date.now()) => replaceFile(file, pageOf(statementOf(known)).join(String(at)));

  /** Opens a page that does not reload by itself, so that a slow machine cannot change the result. */
  async function stillPage(options: BrowserContextOptions = {}): Promise<void> {
    await newPage(options);
    await page.addInitScript((reloadMs) => {
      const later = globalThis.setTimeout;
      Object.assign(globalThis, { setTimeout: (task: () => void, ms: number) => (ms === reloadMs ? 0 : later(task, ms)) });
    }, 5_000);
  }

  async function newPage(options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    page = await context.newPage();
    troubles = [];
    asked = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => troubles.push(dialog.message())));
    page.on('console', (message) => troubles.push(message.text()));
    page.on('request', (request) => asked.push(request.url()));
  }

  const verdict = () => page.locator('section:visible h2').first().textContent();

  test('shows the one action in both languages, and follows changes of its file', async () => {
    await newPage();
    write(knownOf([...working, muted], both));
    await page.goto(url);
    expect(await verdict()).toBe('✖ तैयार नहीं');
    const words = await page.locator('#now').textContent();
    for (const said of ['Not ready', 'Microphone muted in the sound settings', 'Microphone, Room mic', 'माइक को अनम्यूट करें', 'As of'])
      expect(words).toContain(said);
    expect(await page.locator('h1').textContent()).toBe('हॉल · Hall');
    write(knownOf(working, both));
    // The page reloads every 5 s.
    await expect.poll(verdict, { timeout: 30_000 }).toBe('◐ तैयार (जाँच बाकी)');
    expect([troubles, [...new Set(asked)]]).toEqual([[], [url]]);
  });

  test('shows that it is stale when no agent renews it, and is ready again only after a renewal', async () => {
    await stillPage();
    const at = Date.now();
    write(knownOf(working), at);
    await page.clock.install({ time: at });
    await page.goto(url);
    expect(await verdict()).toBe('◐ Ready (not proven)');
    await page.clock.setFixedTime(at + 140_000);
    await page.reload();
    expect(await verdict()).toBe('◐ Ready (not proven)');
    for (const later of [151_000, 86_400_000, -60_000]) {
      await page.clock.setFixedTime(at + later);
      await page.reload();
      expect([later, await verdict()]).toEqual([later, '? This page is out of date: the agent of this PC no longer updates it.']);
      expect(await page.locator('#now').isVisible()).toBe(false);
    }
    write(knownOf(working), at + 86_400_000);
    await page.clock.setFixedTime(at + 86_410_000);
    await page.reload();
    expect(await verdict()).toBe('◐ Ready (not proven)');
  });

  test('becomes stale on an open page, also when its file is gone', async () => {
    await newPage();
    const at = Date.now();
    write(knownOf(working), at);
    await page.clock.install({ time: at - 3_600_000 });
    await page.clock.pauseAt(at);
    await page.goto(url);
    await page.evaluate(() => Object.assign(globalThis, { isTheSame: true }));
    rmSync(file);
    expect(await verdict()).toBe('◐ Ready (not proven)');
    await page.clock.setSystemTime(at + 160_000);
    await page.clock.runFor(1_000);
    expect(await verdict()).toMatch(/^\? This page is out of date/);
    expect(await page.evaluate(() => 'isTheSame' in globalThis)).toBe(true);
  });

  test('shows that it is stale when its agent has ended, and when scripts are off', async () => {
    await stillPage();
    write(knownOf(working), 0);
    await page.goto(url);
    expect(await verdict()).toMatch(/^\? This page is out of date/);
    await page.context().close();
    await stillPage({ javaScriptEnabled: false });
    write(knownOf(working));
    await page.goto(url);
    expect(await verdict()).toMatch(/^\? This page is out of date/);
  });

  test.each(['light', 'dark'] as const)(
    'has no serious accessibility fault (axe) in %s mode, in English and Hindi, in each state',
    async (colorScheme) => {
      await stillPage({ colorScheme });
      for (const languages of [['en'], ['hi'], ['hi', 'en']])
        for (const [checks, age] of [
          [working, 0],
          [[...working, muted], 0],
          [[], 0],
          [working, 600_000],
        ] as const) {
          write(knownOf(checks, { ...both, languages }), Date.now() - age);
          await page.goto(url);
          expect([languages, age, await axeFaults(page)]).toEqual([languages, age, []]);
        }
    },
  );

  test('shows a QR code that opens a mail with room and fault, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await stillPage({ colorScheme });
      write(knownOf([...working, muted], both));
      await page.goto(url);
      const square = await page.locator('.help svg').screenshot();
      const link = await readSquare(square);
      expect(link).toBe(await page.locator('a.help').getAttribute('href'));
      expect([...new URL(link).searchParams]).toEqual([['subject', 'ladakh/leh/hall: माइक साउंड सेटिंग में म्यूट है (microphone.muted)']]);
      await page.context().close();
    }
  });

  test('shows the verdict at least 25 mm high on a full-HD screen of 24 inches', async () => {
    await stillPage({ viewport: { width: 1920, height: 1080 } });
    write(knownOf([...working, muted]));
    await page.goto(url);
    const pixels = await page.locator('#now h2').evaluate((one) => Number.parseFloat(getComputedStyle(one).fontSize));
    const millimetresPerPixel = 531 / 1920;
    console.log(`verdict: ${(pixels * millimetresPerPixel).toFixed(0)} mm`);
    expect(pixels * millimetresPerPixel).toBeGreaterThanOrEqual(25);
    expect(await page.locator('#now .action').evaluate((one) => Number.parseFloat(getComputedStyle(one).fontSize))).toBeGreaterThanOrEqual(
      36,
    );
  });

  /** Decodes the QR code. The browser unpacks the picture on a page without a content security policy. */
  async function readSquare(png: Buffer): Promise<string> {
    const painter = await page.context().newPage();
    const { pixels, width, height } = await painter.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      context?.drawImage(bitmap, 0, 0);
      const { width, height } = bitmap;
      const { data } = context?.getImageData(0, 0, width, height) ?? { data: [] };
      return { pixels: Array.from(data, (one) => String.fromCharCode(one)).join(''), width, height };
    }, png.toString('base64'));
    return jsqr.default(Uint8ClampedArray.from(Buffer.from(pixels, 'latin1')), width, height)?.data ?? '';
  }
});
