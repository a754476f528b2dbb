/** Tests the link in a mail with a real server and a real browser. The page of the link is 360 px wide and in Hindi. */
import type { CommandSummary, IncidentView } from '@sabha/contracts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { axeFaults } from '../pictures/axe.ts';
import { browserProgram, openBrowser } from '../pictures/browser.ts';
import { ask } from '../system/centre-under-test.ts';
import { openMailbox } from '../system/mailbox.ts';
import { createParts } from '../system/parts-under-test.ts';
import { freePorts } from '../system/processes.ts';
import { startScriptedPc } from '../system/scripted-pc.ts';
import { requirePart } from './parts.ts';

const person = (id: string, name: string, role: string) => ({ id, name, role, email: `${id}@office.test`, language: 'hi' });
const people = [person('asha', 'Asha', 'technician'), person('meera', 'Meera', 'central')];

describe.runIf(requirePart('Chromium', browserProgram !== undefined))('the page that a link in a mail opens', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** Starts a server and one PC whose microphone is missing. Returns the mail about it and its link. */
  async function scene(atEnd: TestContext['onTestFinished']) {
    const mailbox = await openMailbox();
    atEnd(() => mailbox.close());
    const [port = 0] = await freePorts(1);
    const https = { host: '127.0.0.1', port, mqttPort: 0, names: ['localhost'] };
    const parts = await createParts({ pcs: ['pc-1'], settings: { people, https, channels: { email: { port: mailbox.port } } } });
    atEnd(() => parts.site.remove());
    await parts.start('broker');
    await parts.start('flows', { SABHA_TLS_PORT: '0' });
    const pc = startScriptedPc({ parts, pc: 'ladakh/leh/pc-1' });
    atEnd(() => pc.stop());
    pc.set('microphone', 'room', 'microphone.missing', 'RoomMic');
    // The link of the first mail about the microphone, because a later mail can be about another fault.
    const mail = () => mailbox.to('asha').find(({ text }) => text.includes('माइक'))?.text ?? '';
    const link = () => /https:\/\/localhost:\d+\/t\?\S+/.exec(mail())?.[0];
    await expect.poll(link, { timeout: 90_000 }).toBeDefined();
    return { parts, pc, mail, link: link() ?? '' };
  }

  async function phone(atEnd: TestContext['onTestFinished'], javaScriptEnabled = true) {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      locale: 'hi-IN',
      // Another time zone than that of the site.
      timezoneId: 'America/New_York',
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      javaScriptEnabled,
    });
    atEnd(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => void (['error', 'warning'].includes(message.type()) && troubles.push(message.text())));
    return { context, page, troubles };
  }

  test('acknowledges the incident with one tap, the wall shows it, and the same page runs a check and shows the recovery', async ({
    onTestFinished,
  }) => {
    const { parts, pc, link } = await scene(onTestFinished);
    const wall = await phone(onTestFinished);
    await wall.page.setExtraHTTPHeaders(parts.site.token());
    await wall.page.goto(`http://127.0.0.1:${parts.site.ports.api}/#/nation`);
    await wall.page.locator('[data-incident]').first().waitFor();

    const { page, troubles } = await phone(onTestFinished);
    await page.goto(link);
    await page.getByRole('heading', { name: /माइक नहीं मिल रहा/ }).waitFor();
    expect(await axeFaults(page, 'all')).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);

    const tapped = page.waitForRequest((request) => request.method() === 'POST').then(() => performance.now());
    await page.getByRole('button', { name: 'मैं जा रहा/रही हूँ' }).click();
    await page.getByText(/से यह आपके पास है/).waitFor();
    await wall.page
      .getByText(/^Asha देख रहे/)
      .first()
      .waitFor({ state: 'attached' });
    const takenMs = performance.now() - (await tapped);

    await page.getByRole('button', { name: 'मैं पहुँच गया/गई: अभी जाँचें' }).click();
    await page.getByText('कमरे की जाँच हो रही है').waitFor();
    await page.getByText(/^Asha पहुँच गए \(/).waitFor();
    const [command] = await ask<CommandSummary[]>(parts.site.ports, '/api/commands', parts.site.token());
    expect(command).toMatchObject({ verb: 'fast-checks', to: 'ladakh/leh', by: 'Asha' });
    const pluggedAt = performance.now();
    pc.set('microphone', 'room', null, 'RoomMic');
    await page.getByText(/^\d\d:\d\d से काम कर रहा है/).waitFor();
    const wellMs = performance.now() - pluggedAt;
    // A recovered room needs no action, and no check is running.
    await expect.poll(() => page.getByRole('button').count()).toBe(0);
    expect([await page.locator('#steps li').count(), await page.locator('#line').textContent()]).toEqual([0, '']);
    expect(await axeFaults(page, 'all')).toEqual([]);

    const incidents = await ask<IncidentView[]>(parts.site.ports, '/api/incidents', parts.site.token());
    const id = incidents.find(({ scope }) => scope === pc.pc)?.id;
    expect((await ask<IncidentView>(parts.site.ports, `/api/incidents/${id}`, parts.site.token())).answers).toMatchObject([
      { by: 'Asha', word: 'going', link: true },
      { by: 'Asha', word: 'here', link: true },
    ]);
    expect(troubles).toEqual([]);
    console.info(`one tap: taken and seen on the wall after ${Math.round(takenMs)} ms, works again after ${Math.round(wellMs)} ms`);
    expect(takenMs).toBeLessThan(2_000);
    expect(wellMs).toBeLessThan(5_000);
  }, 180_000);

  test('has the same content and actions without scripts', async ({ onTestFinished }) => {
    const { pc, link } = await scene(onTestFinished);
    const { page } = await phone(onTestFinished, false);
    await page.goto(link);
    await page.getByRole('button', { name: 'मेरा काम नहीं' }).click();
    await page.getByText(/Asha: मेरा काम नहीं/).waitFor();
    expect(await page.getByRole('button', { name: 'मेरा काम नहीं' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'मैं पहुँच गया/गई: अभी जाँचें' }).click();
    await page.getByText('कमरे की जाँच हो रही है').waitFor();
    await page.getByText(/^Asha पहुँच गए \(/).waitFor();
    pc.set('microphone', 'room', null, 'RoomMic');
    // The page reloads itself while it waits for the result.
    await page.getByText(/^\d\d:\d\d से काम कर रहा है/).waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
  }, 180_000);

  const answersOf = async (parts: Awaited<ReturnType<typeof scene>>['parts'], scope: string) => {
    const found = (await ask<IncidentView[]>(parts.site.ports, '/api/incidents', parts.site.token())).find((one) => one.scope === scope);
    return (await ask<IncidentView>(parts.site.ports, `/api/incidents/${found?.id}`, parts.site.token())).answers?.map(({ word }) => word);
  };

  test('keeps its content and reports that nothing was sent without a network or server, and shows a slow request at once', async ({
    onTestFinished,
  }) => {
    const { parts, pc, link } = await scene(onTestFinished);
    const { context, page } = await phone(onTestFinished);
    const wire = await context.newCDPSession(page);
    await wire.send('Network.enable');
    const heard = new Promise<void>((resolve) => wire.once('Network.eventSourceMessageReceived', () => resolve()));
    await page.goto(link);
    await heard;
    const [going, note] = [page.getByRole('button', { name: 'मैं जा रहा/रही हूँ' }), page.locator('#note')];
    await context.setOffline(true);
    await expect.poll(() => note.textContent()).toMatch(/^\d\d:\d\d से संपर्क नहीं है। यह तब की जानकारी है।$/);
    await going.click();
    await expect.poll(() => note.textContent()).toBe('नहीं भेजा गया: नेटवर्क नहीं है। नेटवर्क आने पर फिर दबाएँ।');
    expect([await page.locator('#steps li').count(), await answersOf(parts, pc.pc)]).toEqual([2, undefined]);
    expect(await axeFaults(page, 'all')).toEqual([]);
    await context.setOffline(false);

    await page.route('**/t?*', (route) => route.fulfill({ status: 503, body: '' }));
    await going.click();
    await expect.poll(() => note.textContent()).toBe('सर्वर अभी जवाब नहीं दे रहा। आपका जवाब नहीं पहुँचा।');
    await page.unroute('**/t?*');

    const slow = Promise.withResolvers<void>();
    await page.route('**/t?*', (route) => slow.promise.then(() => route.continue()));
    await going.click();
    expect(await note.textContent()).toBe('भेजा जा रहा है…');
    expect(await page.locator('button[aria-disabled=true]').count()).toBe(5);
    slow.resolve();
    await page.getByText(/से यह आपके पास है/).waitFor();
    await expect.poll(() => note.textContent()).toBe('');
    expect(await answersOf(parts, pc.pc)).toEqual(['going']);
  }, 180_000);
});
