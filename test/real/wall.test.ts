/** The wall in a real browser, against the real API and a desk whose content the test writes. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { microphoneGone, type ScriptedDesk, scriptedDesk, wellPc } from '../../flows/api/scripted-desk.test-helper.ts';
import { type Api, startApi } from '../../flows/api/server.ts';
import { requirePart } from './parts.ts';

const program = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((dir) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(dir, name)))
  .find((path) => existsSync(path));
const closedNetwork = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', ...closedNetwork];
const log = { warn: () => {}, error: () => {} };
const folders = { wallDir: 'dashboards/wall', modulesDir: 'node_modules' };

describe.runIf(requirePart('Chromium', program !== undefined))('the wall', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let desk: ScriptedDesk;
  let api: Api;
  let troubles: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: program ?? '', args: flags });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    desk = scriptedDesk();
    api = await startApi({ host: '127.0.0.1', port: 0, desk, ...folders, log });
    await openPage({});
  });
  afterEach(async () => {
    await context.close();
    await api.close();
  });

  async function openPage(options: NonNullable<Parameters<Browser['newContext']>[0]>): Promise<void> {
    await context?.close();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
    page = await context.newPage();
    page.setDefaultTimeout(5_000);
    troubles = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('dialog', (dialog) => {
      troubles.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !message.text().includes('ERR_')) troubles.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${api.port}/`);
    await page.locator('[data-pc]').first().waitFor();
  }
  const tally = async () =>
    Object.fromEntries(
      await Promise.all(
        ['ok', 'fault', 'unknown'].map(async (mark) => [mark, await page.locator(`[data-tally=${mark}] strong`).textContent()]),
      ),
    );
  const marks = () =>
    page.locator('article [data-mark]').evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute('data-mark')))]);
  const spoken = () => page.locator('[aria-live=polite]').textContent();
  const asOf = () => page.locator('.link').textContent();
  /** How far the page can be pushed sideways, in pixels. */
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  test('this PC and its checks are shown in plain words, with their age and without a complaint of the browser', async () => {
    const room = page.locator('[data-pc="ladakh/leh/vc-1"]');
    expect(await room.getByRole('heading').textContent()).toBe('Conference room');
    expect(await room.locator('[data-check=microphone]').textContent()).toMatch(/Microphone: works\s*Jabra Speak 710\s*for 2 h 5 min/);
    await expect.poll(tally).toEqual({ ok: '1', fault: '0', unknown: '0' });
    await expect.poll(marks).toEqual(['ok']);
    await expect.poll(() => page.title()).toBe('● Sabha');
    expect(troubles).toEqual([]);
  });

  test('an incident appears without a reload, says what to do first, is spoken once, and leaves when it clears', async () => {
    const now = Date.now();
    const [microphone, ...others] = wellPc(now).checks;
    if (microphone === undefined) throw new Error('the scripted PC has no check');
    const faulty = { ...microphone, status: 'fault', fault: 'microphone.missing', since: now } as const;
    desk.change({ pcs: [wellPc(now, { incident: 7, checks: [faulty, ...others] })], incidents: [microphoneGone(now)] });
    const card = page.locator('[data-incident="7"]');
    await card.getByRole('heading', { name: 'Microphone not found' }).waitFor();
    expect(await card.textContent()).toContain('Do first: Unplug the microphone cable and plug it in again.');
    expect(await card.textContent()).toContain('Tashi was told by e-mail');
    await expect.poll(tally).toEqual({ ok: '0', fault: '1', unknown: '0' });
    await expect.poll(() => page.title()).toBe('◆ 1 · Sabha');
    await expect.poll(spoken).toBe('New: Microphone not found, Conference room');
    desk.change({ pcs: [wellPc(now)], incidents: [microphoneGone(now, { overAt: now, over: 'cleared' })] });
    await card.waitFor({ state: 'detached' });
    await page.getByText('Nothing needs anybody.').waitFor();
    await expect.poll(spoken).toBe('Over: Microphone not found, Conference room');
    expect(troubles).toEqual([]);
  });

  test('acknowledge asks for a name once, by keyboard alone, and a tick of the ages erases nothing; a note needs none again', async () => {
    desk.change({ incidents: [microphoneGone(Date.now())] });
    await page.getByRole('button', { name: 'I am on it' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog input:focus').waitFor();
    await page.keyboard.type('As');
    const before = await asOf();
    await expect.poll(asOf, { timeout: 3_000 }).not.toBe(before);
    await page.keyboard.type('ha');
    await page.keyboard.press('Enter');
    await page.getByText('Asha is on it').waitFor();
    expect(desk.incident(7)?.acknowledged?.by).toBe('Asha');
    await page.getByRole('button', { name: 'I am on it' }).waitFor({ state: 'detached' });
    await page.getByLabel('Note for incident 7').fill('केबल बदल दी');
    await page.keyboard.press('Enter');
    await page.getByText('केबल बदल दी').waitFor();
    expect(desk.incident(7)?.notes).toMatchObject([{ by: 'Asha', text: 'केबल बदल दी' }]);
    await expect.poll(() => page.getByLabel('Note for incident 7').inputValue()).toBe('');
    await page.reload();
    await page.getByRole('button', { name: 'You: Asha' }).waitFor();
    expect(troubles).toEqual([]);
  });

  test('what could not be saved is said, and nothing is lost of what was written', async () => {
    desk.change({ incidents: [microphoneGone(Date.now())] });
    await page.evaluate(() => localStorage.setItem('sabha.name', 'Asha'));
    await page.reload();
    await page.getByLabel('Note for incident 7').fill('cable');
    desk.note = async () => 'over';
    await page.getByRole('button', { name: 'Add note' }).click();
    await page.getByText('Not saved: this incident is over').waitFor();
    expect(await page.getByLabel('Note for incident 7').inputValue()).toBe('cable');
  });

  test('the Hindi switch turns the page and the catalogue, and is remembered', async () => {
    desk.change({ incidents: [microphoneGone(Date.now())] });
    await page.getByRole('button', { name: 'हिन्दी' }).click();
    await page.getByRole('heading', { name: 'माइक नहीं मिल रहा' }).waitFor();
    await page.locator('html[lang=hi]').waitFor();
    expect(await page.locator('[data-check=camera]').textContent()).toContain('कैमरा: ठीक है');
    await page.reload();
    await page.getByRole('heading', { name: 'माइक नहीं मिल रहा' }).waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Microphone not found' }).waitFor();
  });

  test('dark and light follow the system until the switch says otherwise', async () => {
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    await openPage({ colorScheme: 'light' });
    const light = await ground();
    await page.getByRole('button', { name: 'Dark' }).click();
    await expect.poll(ground).not.toBe(light);
    await page.reload();
    await page.getByRole('button', { name: 'Light' }).waitFor();
    expect(await ground()).not.toBe(light);
  });

  test.each([320, 390])('a phone of %d pixels does not scroll sideways, in either language', async (width) => {
    const now = Date.now();
    desk.change({ pcs: [wellPc(now, { incident: 7 })], incidents: [microphoneGone(now, { flapping: true })] });
    await openPage({ viewport: { width, height: 740 } });
    await page.locator('[data-incident="7"]').waitFor();
    expect(await sideways()).toBe(0);
    const inside = await page.locator('.card').evaluateAll((cards) => cards.every((card) => card.scrollWidth <= card.clientWidth));
    expect(inside).toBe(true);
    await page.getByRole('button', { name: 'हिन्दी' }).click();
    await page.getByRole('heading', { name: 'माइक नहीं मिल रहा' }).waitFor();
    expect(await sideways()).toBe(0);
  });

  test('when the stream is lost everything turns to unknown since then, and comes back by itself', async () => {
    const { port } = api;
    await api.close();
    await page.getByText(/Connection to the centre lost. Everything is unknown since \d\d:\d\d:\d\d/).waitFor();
    await expect.poll(tally).toEqual({ ok: '0', fault: '0', unknown: '1' });
    await expect.poll(marks).toEqual(['unknown']);
    await expect.poll(() => page.title()).toBe('○ Sabha');
    expect(await page.locator('[data-pc] .state').textContent()).toMatch(/^Unknown since \d\d:\d\d:\d\d$/);
    expect(await page.getByText('Nothing needs anybody.').count()).toBe(0);
    api = await startApi({ host: '127.0.0.1', port, desk, ...folders, log });
    await expect.poll(tally, { timeout: 5_000 }).toEqual({ ok: '1', fault: '0', unknown: '0' });
    await page.getByText('Connection to the centre lost').waitFor({ state: 'detached' });
  });

  test('when the centre hears no PC, or the PC is silent, nothing stays green', async () => {
    desk.change({ subscribed: false });
    await page.getByText('The centre itself is cut off from the PCs.').waitFor();
    await expect.poll(marks).toEqual(['unknown']);
    desk.change({ subscribed: true, pcs: [wellPc(Date.now(), { presence: 'silent', heardAt: Date.now() - 300_000 })] });
    await page.getByText('Does not answer').waitFor();
    await expect.poll(marks).toEqual(['unknown']);
    expect(await page.locator('[data-check=camera]').textContent()).toMatch(
      /Camera: unknown\s*Logitech Rally\s*last answer: works\s*for 5 min/,
    );
  });

  test('a page that breaks says that it knows nothing; it does not stay green', async () => {
    const [first, ...others] = wellPc(Date.now()).checks;
    if (first === undefined) throw new Error('the scripted PC has no check');
    desk.change({ pcs: [wellPc(Date.now(), { checks: [{ ...first, since: 1e20 }, ...others] })] });
    await page.getByText('This page failed: nothing is known.').waitFor();
    await expect.poll(marks).toEqual([]);
    await expect.poll(() => page.title()).toBe('○ Sabha');
  });

  test.each([
    ['a shell and a script', '$(reboot)"</script><img src=x onerror=alert(1)><script>alert(2)</script>'],
    ['4 KB', `$(reboot)"</script>${'W'.repeat(4096)}`],
    ['right to left', '\u202eكاميرا\u2067 مكتب\u202e$(reboot)"</script>'],
  ])('a hostile name is text and nothing else: %s', async (_what, name) => {
    const now = Date.now();
    const pcs = [wellPc(now, { room: { en: name, hi: name }, agent: name, incident: 7 })].map((pc) => ({
      ...pc,
      checks: pc.checks.map((check) => ({ ...check, name, reason: name })),
    }));
    const told = [{ person: name, channel: name, at: now }];
    const notes = [{ at: now, by: name, text: name }];
    const history = [{ kind: 'raised' as const, at: now, conclusion: name }];
    const faults = microphoneGone(now).faults.map((fault) => ({ ...fault, fault: name, name }));
    const words = { en: name, hi: name };
    desk.change({ pcs, incidents: [microphoneGone(now, { room: words, site: words, told, notes, history, faults })] });
    await page.locator('[data-incident="7"]').waitFor();
    expect(await page.locator('[data-pc] h3').textContent()).toContain('$(reboot)"</script>');
    expect(await page.locator('main script, main img').count()).toBe(0);
    expect(await sideways()).toBe(0);
    expect(troubles).toEqual([]);
  });

  test('the first load stays within 150 KB compressed, all of it from this server', async () => {
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    let bytes = 0;
    const asked: string[] = [];
    session.on('Network.loadingFinished', (done) => {
      bytes += done.encodedDataLength;
    });
    page.on('request', (request) => asked.push(new URL(request.url()).host));
    await page.reload();
    await page.locator('[data-pc]').first().waitFor();
    console.log(`first load: ${bytes} bytes in ${asked.length} requests`);
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThan(150_000);
    expect(new Set(asked)).toEqual(new Set([`127.0.0.1:${api.port}`]));
  });
});
