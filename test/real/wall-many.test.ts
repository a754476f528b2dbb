/** Hundreds of incidents at once: few lines, and found by a word. */
import { describe, expect, test } from 'vitest';
import { microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('hundreds at once', () => {
  const stage = wallStage();

  test('forty of one fault in one state are one line that opens; a key leads to the search, and a word of either language leaves what is meant', async () => {
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
    await page.getByText('Nothing of it is found here.').waitFor();
    expect(stage.troubles).toEqual([]);
  });

  test('all of 612 were drawn at once, 11,406 elements in 975 ms: they are as far as somebody comes, under a hand too, and on paper all are', async () => {
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
    // Nobody scrolls, and no more are drawn, however often the page is.
    for (let at = 0; at < 30; at += 1)
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 30))));
    const first = await shown();
    expect(first).toHaveLength(52);
    await lines.first().hover();
    stage.view.change({ incidents: [bihar(5_000)] });
    await lines.last().scrollIntoViewIfNeeded();
    await expect.poll(async () => (await shown()).length).toBeGreaterThan(first.length);
    // What was drawn stands where it stood.
    expect((await shown()).slice(0, first.length)).toEqual(first);
    // A browser prints at once, with what stands there then.
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
