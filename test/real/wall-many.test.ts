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
});
