/** Tests hundreds of incidents at once: they take few lines, and a search finds them. */
import { describe, expect, test } from 'vitest';
import { microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('the wall with hundreds of incidents', () => {
  const stage = wallStage();

  test('forty incidents with one fault in one state are one line that expands, and a search in English or Hindi filters them', async () => {
    const now = Date.now();
    const ids = Array.from({ length: 40 }, (_, at) => at);
    const assam = ids.map((at) =>
      microphoneGone(now, { id: 100 + at, scope: `assam/site-${at}/vc-1`, site: { en: `Assam ${at}`, hi: `असम ${at}` }, told: [] }),
    );
    stage.view.content.incidents = [...stage.view.content.incidents, ...assam];
    await stage.open('#/nation');
    const { page } = stage;
    const group = page.locator('[data-group="assam/microphone.missing"]');
    await expect.poll(() => group.locator('summary').textContent()).toMatch(/Microphone not found · 40 in Assam/);
    expect(await page.locator('.needs .line').count()).toBe(3);
    await group.locator('summary').click();
    await expect.poll(() => group.locator('[data-incident]').count()).toBe(12);
    await group.getByRole('button', { name: 'Show all 40' }).click();
    await expect.poll(() => group.locator('[data-incident]').count()).toBe(40);
    await page.mouse.move(5, 5);
    await page.keyboard.press('/');
    await page.keyboard.type('असम 39');
    await expect.poll(() => page.locator('.needs .line').count()).toBe(1);
    expect(await page.locator('.needs .line').getAttribute('data-incident')).toBe('139');
    await page.getByRole('searchbox').fill('camera');
    await page.getByText('Nothing found.').waitFor();
    expect(stage.troubles).toEqual([]);
  });

  test('an expanded line of 612 incidents draws only those to which the page is scrolled, also under the pointer, and prints all', async () => {
    const now = Date.now();
    const ids = Array.from({ length: 612 }, (_, at) => 1_000 + at);
    const bihar = (id: number) =>
      microphoneGone(now, { id, scope: `bihar/site-${id}/vc-1`, site: { en: `Bihar ${id}`, hi: '' }, told: [] });
    stage.view.content.incidents = ids.map(bihar);
    await stage.open('#/nation');
    const { page } = stage;
    const group = page.locator('[data-group="bihar/microphone.missing"]');
    const lines = group.locator('[data-incident]');
    const shown = () => lines.evaluateAll((all) => all.map((one) => Number(one.getAttribute('data-incident'))));
    await group.locator('summary').click();
    await group.getByRole('button', { name: 'Show all 612' }).click();
    await expect.poll(() => lines.count()).toBe(52);
    // Without scrolling, the page draws no further lines, however often it redraws.
    for (let at = 0; at < 30; at += 1)
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 30))));
    const first = await shown();
    expect(first).toHaveLength(52);
    await lines.first().hover();
    stage.view.change({ incidents: [bihar(5_000)] });
    await lines.last().scrollIntoViewIfNeeded();
    await expect.poll(async () => (await shown()).length).toBeGreaterThan(first.length);
    // Lines that are already drawn keep their place.
    expect((await shown()).slice(0, first.length)).toEqual(first);
    // A browser prints the content of the page after the event `beforeprint`, without a further redraw.
    const printed = await page.evaluate(async () => {
      dispatchEvent(new Event('beforeprint'));
      await Promise.resolve();
      await Promise.resolve();
      return document.querySelectorAll('[data-group="bihar/microphone.missing"] [data-incident]').length;
    });
    expect(printed).toBeGreaterThanOrEqual(612);
    expect(stage.troubles).toEqual([]);
  });
});
