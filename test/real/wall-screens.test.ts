/** Tests the wall on a small laptop and on a large screen. */
import { describe, expect, test } from 'vitest';
import { microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

const states = ['assam', 'bihar', 'goa', 'kerala', 'ladakh', 'odisha', 'punjab', 'sikkim', 'tripura', 'gujarat', 'mizoram', 'manipur'];

describe.runIf(wallRuns)('the wall on each screen', () => {
  const stage = wallStage();
  /** Counts the incidents that are fully visible without scrolling. */
  const seen = () =>
    stage.page.evaluate(() => {
      const all = [...document.querySelectorAll('.needs [data-incident]')].map((one) => one.getBoundingClientRect());
      return all.filter(({ top, bottom }) => top >= 0 && bottom <= innerHeight).length;
    });
  const places = states.map((state, at) => ({ state, site: `${state}/${state}-district-office-${at}` }));

  test.each(['en', 'hi'])('shows at least eight incidents with their state at 1,366 by 768 (%s)', async (lang) => {
    const now = Date.now();
    stage.view.content.incidents = places.map(({ site }, at) =>
      microphoneGone(now, {
        id: 100 + at,
        scope: `${site}/vc-1`,
        site: { en: `District office ${at}`, hi: `ज़िला कार्यालय ${at}` },
        told: at % 2 === 0 ? [] : [{ person: 'Technician on duty', channel: 'console', at: now - 60_000 }],
      }),
    );
    await stage.open('#/nation', {
      viewport: { width: 1366, height: 768 },
      locale: lang === 'hi' ? 'hi-IN' : 'en-GB',
      reducedMotion: 'reduce',
    });
    await stage.page.locator('.needs [data-incident]').nth(7).waitFor();
    expect(await seen()).toBeGreaterThanOrEqual(8);
    const place = lang === 'hi' ? 'ज़िला कार्यालय 1, बिहार, कॉन्फ़्रेंस रूम' : 'District office 1, Bihar, Conference room';
    expect(await stage.page.locator('[data-incident="101"] .place').textContent()).toContain(place);
    expect(await stage.sideways()).toBe(0);
    expect(stage.troubles).toEqual([]);
  });

  test('enlarges type and width with the screen, at 2,560 and 3,840', async () => {
    const at = async (width: number, height: number) => {
      await stage.open('#/nation', { viewport: { width, height } });
      await stage.page.locator('.tile').first().waitFor();
      expect([width, await stage.sideways()]).toEqual([width, 0]);
      return stage.page.evaluate(() => {
        const widthOf = (selector: string) => document.querySelector(selector)?.getBoundingClientRect().width ?? 0;
        const type = Number.parseFloat(getComputedStyle(document.body).fontSize);
        return { type, main: widthOf('main'), side: widthOf('.nation > aside'), tile: widthOf('.tile') };
      });
    };
    const desk = await at(1920, 1080);
    for (const [width, height] of [
      [2560, 1440],
      [3840, 2160],
    ] as const) {
      const wall = await at(width, height);
      const grown = width / 1920;
      expect(wall.type).toBeCloseTo(16 * grown, 1);
      for (const part of ['main', 'side', 'tile'] as const)
        expect(Math.abs(wall[part] / desk[part] / grown - 1), `${part} at ${width}`).toBeLessThan(0.1);
    }
    expect(desk.type).toBe(16);
    // Two full-HD screens side by side have the height of one. They must show as many rows, so the type keeps its size.
    expect((await at(3840, 1080)).type).toBe(16);
    expect((await at(2560, 1080)).type).toBe(16);
  });
});
