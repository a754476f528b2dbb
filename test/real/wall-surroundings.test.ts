/** The wall's page of a site on the mountain: what its link carries, what its height means, how its power stands. */
import { describe, expect, test } from 'vitest';
import { detailOf } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('the link and the mountain on the wall', () => {
  const stage = wallStage();
  const fact = (key: string) => stage.page.locator(`[data-fact=${key}] dd`).textContent();
  const leh = () => stage.view.content.sites.find((one) => one.site === 'ladakh/leh');

  test('the link: each way with what limits it, its figures, what it used of the month, where it broke', async () => {
    await stage.open('#/site/ladakh/leh');
    await stage.page.locator('[data-card=link]').waitFor();
    expect(await fact('up')).toBe('SD video · too much is lost for more');
    expect(await fact('down')).toBe('HD video · too little capacity for more');
    expect(await fact('roundTrip')).toBe('643 ms; 1 in 20 above 702 ms');
    expect(await fact('loss')).toBe('up 2.1 %, down 0.3 %');
    expect(await fact('sound')).toBe('R 61 of 100 (81 with what people accept of a satellite), MOS 3.2 of 5');
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

  test('height and power: the limits and why, a room that is too warm, the battery; in Hindi too, and nothing while the centre is lost', async () => {
    await stage.open('#/site/ladakh/leh');
    const card = stage.page.locator('[data-card=height]');
    await card.waitFor();
    expect(await fact('roomLimit')).toMatch(/^26.3 °C for a PC A PC for 35 °C, less 1 °C for each 300 m above 900 m/);
    expect(await fact('air')).toBe('70 % as dense as at sea level');
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

  test('a site in the plains that measures nothing has no card of its height, and says that its link was not measured', async () => {
    const limits = { elevationM: 200, densityRatio: 0.98, roomLimitC: 35, riseFactor: 1.02 };
    const nothing = { link: null, broke: null, numbers: {}, limits };
    stage.view.content.details.set('ladakh/leh', { ...detailOf(Date.now(), leh()), ...nothing });
    await stage.open('#/site/ladakh/leh');
    await stage.page.getByText('Not measured yet.').waitFor();
    expect(await stage.page.locator('[data-card=height]').count()).toBe(0);
  });

  test('a link without UDP says so, and that its capacity is the least; a tier that nobody knows is not one', async () => {
    const detail = detailOf(Date.now(), leh());
    const { quality, ...report } = detail.link?.report ?? { at: 0 };
    if (quality === undefined) throw new Error('no quality');
    const capacity = { at: Date.now() - 60_000, how: 'tcp', upBps: 900_000, downBps: null, udpBlocked: true } as const;
    const { tier: _, limit: __, ...bare } = quality.up;
    const changed = {
      ...report,
      capacity,
      quality: { ...quality, up: bare, down: { ...quality.down, tier: null, limit: 'loss' as const } },
    };
    stage.view.content.details.set('ladakh/leh', { ...detail, link: { pc: 'ladakh/leh/vc-1', at: Date.now(), report: changed } });
    await stage.open('#/site/ladakh/leh');
    await stage.page.locator('[data-card=link]').waitFor();
    expect(await fact('up')).toBe('unknown');
    expect(await fact('down')).toBe('not even audio · too much is lost for more');
    expect(await fact('capacity')).toBe(`up 0.9 Mbit/s, down unknown · at least, by TCP · UDP does not get through · 1 min ago`);
  });
});
