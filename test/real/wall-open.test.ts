/** Tests that everything a person has opened stays open when the connection is lost and restored. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';
import { startWallView } from './wall-view.ts';

describe.runIf(wallRuns)('parts of the wall that a person has opened', () => {
  const stage = wallStage();
  const many = () => {
    const now = Date.now();
    const inAssam = (_: unknown, at: number) =>
      microphoneGone(now, { id: 100 + at, scope: `assam/site-${at}/vc-1`, site: { en: `Assam ${at}`, hi: `असम ${at}` }, told: [] });
    stage.view.content.incidents = [...stage.view.content.incidents, ...Array.from({ length: 40 }, inAssam)];
  };
  /** Stops the server, calls `meanwhile`, and starts the server again at the same port. */
  const lose = async (pages: readonly Page[], meanwhile: () => Promise<void>) => {
    const { port, content } = stage.view;
    await stage.view.close();
    for (const page of pages) await page.locator('main.stale').waitFor();
    await meanwhile();
    stage.view = await startWallView(content, port);
    for (const page of pages) await page.locator('main:not(.stale)').waitFor();
  };
  /** Returns the open parts of a page, the scroll positions and the focus. */
  const openOn = (page: Page) =>
    page.evaluate(() => ({
      hash: location.hash,
      at: [scrollY, ...[...document.querySelectorAll('.sites')].map((one) => one.scrollTop)],
      panels: [...document.querySelectorAll('[data-panel], dialog[open], article.incident, .board.all')].map((one) => one.className),
      folds: [...document.querySelectorAll('details')].map((one) => one.open),
      lines: document.querySelectorAll('.needs .line').length,
      fields: [...document.querySelectorAll('input, select')].map((one) =>
        one instanceof HTMLInputElement ? [one.value, one.checked, one.selectionStart] : [(one as HTMLSelectElement).value],
      ),
      focus: document.activeElement?.outerHTML.slice(0, 60),
    }));
  const tab = async (hash: string) => {
    const page = await stage.context.newPage();
    await page.goto(`http://127.0.0.1:${stage.view.port}/${hash}`);
    await page.locator('main :is(button, summary)').first().waitFor();
    return page;
  };
  const hide = (page: Page, hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);

  test('a state, a group, a search, an incident and half-typed text survive a lost link and a sleeping phone, 360 px wide', async () => {
    many();
    const phone = { viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' } as const;
    await stage.open('#/nation/assam', phone);
    const state = stage.page;
    const group = state.locator('[data-group="assam/microphone.missing"]');
    await group.locator('summary').click();
    await group.getByRole('button', { name: 'Show all 40' }).click();
    await state.mouse.move(5, 5);
    await state.locator('.sites').evaluate((one) => one.scrollTo(0, 300));
    await state.getByRole('searchbox').fill('site-1');
    await expect.poll(() => state.locator('.needs [data-incident]').count()).toBe(11);
    const [alert, roll] = [await tab('#/incident/7'), await tab('#/rollcall')];
    await alert.getByLabel('Name of the person').fill('Tas');
    await alert.getByLabel('Note for incident 7').fill('the cable is');
    await alert.getByRole('button', { name: 'Your name' }).click();
    await alert.locator('dialog input').fill('Ash');
    await alert.keyboard.press('ArrowLeft');
    await roll.locator('select[name=state]').selectOption('ladakh');
    await roll.locator('select[name=site]').selectOption('ladakh/leh');
    const pages = [state, alert, roll];
    const look = () => Promise.all(pages.map(openOn));
    const before = await look();
    await lose(pages, async () => expect(await look()).toEqual(before));
    expect(await look()).toEqual(before);
    for (const page of pages) await hide(page, true);
    await expect.poll(() => stage.view.streams()).toBe(0);
    for (const page of pages) await hide(page, false);
    await expect.poll(() => stage.view.streams()).toBe(pages.length);
    for (const page of pages) await page.locator('main:not(.stale)').waitFor();
    expect(await look()).toEqual(before);
    expect(stage.troubles).toEqual([]);
  });
});
