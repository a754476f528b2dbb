/** Tests the page of a mountain site: capacity of its link, effect of its elevation, state of its power. */
import { describe, expect, test } from 'vitest';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('link, elevation and power on the wall', () => {
  const stage = wallStage();
  const fact = (key: string) => stage.page.locator(`[data-fact=${key}] dd`).textContent();

  test('the link shows each direction with its limit, its figures, the used budget and the broken segment', async () => {
    await stage.open('#/site/ladakh/leh');
    await stage.page.locator('[data-card=link]').waitFor();
    expect(await fact('up')).toBe('SD video · too much data is lost for more');
    expect(await fact('down')).toBe('HD video · too slow for more');
    expect(await fact('roundTrip')).toBe('643 ms; 1 in 20 above 702 ms');
    expect(await fact('loss')).toBe('up 2.1 %, down 0.3 %');
    expect(await fact('sound')).toBe('R 61 of 100 (81 allowing for the satellite delay), MOS 3.2 of 5');
    expect(await fact('capacity')).toBe('up 1.1 Mbit/s, down 3.9 Mbit/s · 5 h ago');
    expect(await fact('tests')).toMatch(/^31 of 36 MB/);
    expect(await fact('broke')).toMatch(/^The line behind the router is down, /);
    const marks = await stage.page
      .locator('[data-card=link] .bar')
      .evaluateAll((all) => all.map((one) => one.firstElementChild?.className));
    expect(marks).toEqual(['minor', 'ok']);
    expect(await stage.page.locator('[data-card=link] .foot').textContent()).toBe('measured by ladakh/leh/vc-1, 12 min ago');
    expect(stage.troubles).toEqual([]);
  });

  test('elevation and power show limits and reasons, a warm room and the battery, in Hindi too, and show no values without the server', async () => {
    await stage.open('#/site/ladakh/leh');
    const card = stage.page.locator('[data-card=height]');
    await card.waitFor();
    expect(await fact('roomLimit')).toMatch(
      /^26.3 °C for a PC The PC is rated for 35 °C. Above 900 m the limit falls by 1 °C for each 300 m/,
    );
    expect(await fact('air')).toBe('70 % of the density at sea level');
    expect(await fact('room')).toBe('27.5 °C: too warm');
    expect(await fact('power')).toBe('on battery · 82 %');
    expect(await fact('ups')).toBe('64 % · lasts 25 min');
    await stage.page.getByRole('button', { name: 'हिन्दी' }).click();
    await expect.poll(() => fact('power')).toBe('बैटरी पर · 82 %');
    expect(await fact('up')).toBe('SD वीडियो · इससे ज़्यादा के लिए डेटा बहुत खो रहा है');
    stage.view.change({ subscribed: false });
    await stage.page.locator('[data-fact=power]').waitFor({ state: 'detached' });
    expect(await fact('roomLimit')).toMatch(/^PC के लिए 26.3 °C/);
  });
});
