/**
 * Tests the layout of the wall on every screen, dark and light, in both languages. Nothing is cut, words are not broken, and axe finds no
 * serious accessibility fault.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { axeFaults } from '../pictures/axe.ts';
import { detailOf, rollCallOf } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

const views = ['#/', '#/nation/ladakh', '#/site/ladakh/leh', '#/incident/7', '#/rollcall/r1'];
const heights = { 320: 740, 360: 740, 768: 1024, 1366: 768, 1920: 1080, 2560: 1440 } as const;
type Width = keyof typeof heights;
const widths = Object.keys(heights).map(Number) as Width[];
const judgedByAxe: readonly Width[] = [360, 1366, 2560];
const schemes = ['dark', 'light'] as const;

describe.runIf(wallRuns)('the layout of the wall', () => {
  const stage = wallStage();
  beforeEach(() => called('assam', true));

  const called = (scope: string, finished: boolean) => {
    const call = rollCallOf(stage.view.content, scope, { answered: finished ? 700 : 300, finished });
    stage.view.content.rollcalls.set('r1', call);
    stage.view.change({ rollcall: call });
  };
  const screen = (width: Width) => stage.page.setViewportSize({ width, height: heights[width] });

  /** Runs axe on one page in every scheme and width, without a reload. */
  const judged = async (what: string) => {
    for (const colorScheme of schemes) {
      await stage.page.emulateMedia({ colorScheme });
      for (const width of judgedByAxe) {
        await screen(width);
        expect([what, colorScheme, width, await axeFaults(stage.page)]).toEqual([what, colorScheme, width, []]);
      }
    }
  };

  /** Returns what does not fit the page: cards narrower than their content, and words broken across lines. */
  const misfits = () =>
    stage.page.evaluate(() => {
      const range = document.createRange();
      const wordsOf = (node: Node) => {
        const isHeard = node.parentElement?.closest('.unseen, script') !== null;
        return isHeard
          ? []
          : [...(node.textContent ?? '').matchAll(/[\p{L}\p{M}\u200c\u200d]{2,}/gu)].map(({ 0: word, index }) => ({ node, word, index }));
      };
      const isBroken = ({ node, word, index }: ReturnType<typeof wordsOf>[number]) => {
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const tops = [...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => top);
        return Math.max(...tops) - Math.min(...tops) > 4;
      };
      const broken: string[] = [];
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = texts.nextNode(); node !== null; node = texts.nextNode())
        broken.push(
          ...wordsOf(node)
            .filter(isBroken)
            .map(({ word }) => word),
        );
      const cards = [...document.querySelectorAll('.card, .top')].filter((one) => one.scrollWidth > one.clientWidth + 1);
      return {
        aside: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        cards: cards.map((one) => one.className),
        broken,
      };
    });

  test.each(['en-GB', 'hi-IN'])('has no serious axe fault, no overflow and no broken word in any view (%s)', async (locale) => {
    await stage.open('#/', { locale, reducedMotion: 'reduce', bypassCSP: true });
    const found: unknown[] = [];
    for (const view of views) {
      await stage.open(view);
      await stage.page.locator('main h2').first().waitFor();
      for (const width of widths) {
        await screen(width);
        const { aside, cards, broken } = await misfits();
        if (aside !== 0 || cards.length > 0 || broken.length > 0) found.push([view, width, aside, cards, broken]);
      }
      await judged(`${locale} ${view}`);
    }
    expect(found).toEqual([]);
  });

  test.each(widths)('keeps the notice that sign-in is off at least 8 px below the element above it, %d px wide', async (width) => {
    await screen(width);
    await stage.open('#/');
    await stage.page.locator('.notice').waitFor();
    const [notice, above] = await stage.page.evaluate(() => {
      const one = document.querySelector('.notice');
      return [one, one?.previousElementSibling].map((each) => each?.getBoundingClientRect());
    });
    expect((notice?.top ?? 0) - (above?.bottom ?? 0)).toBeGreaterThanOrEqual(8);
  });

  test('has no serious accessibility fault (axe) in the name dialog, a checklist, a running roll call and a lost connection', async () => {
    const { view } = stage;
    const site = view.content.sites.find((one) => one.site === 'ladakh/leh');
    if (site === undefined) throw new Error('no such site');
    view.change({ sites: [{ ...site, stage: 'commissioning' }] });
    view.content.details.set(site.site, detailOf(Date.now(), { ...site, stage: 'commissioning' }));
    called('', false);
    await stage.open('#/site/ladakh/leh', { reducedMotion: 'reduce', bypassCSP: true });
    const { page } = stage;
    await page.locator('.checklist li').first().waitFor();
    await judged('checklist');
    await page.getByRole('button', { name: 'Your name' }).click();
    await page.locator('dialog input:focus').waitFor();
    await judged('dialog');
    await page.keyboard.press('Escape');
    await stage.open('#/rollcall/r1');
    await page.getByText('Roll call is running').waitFor();
    await judged('roll');
    await view.close();
    await page.locator('main.stale').waitFor();
    for (const one of views) {
      await stage.open(one);
      await page.locator('main h2, main .quiet').first().waitFor();
      await judged(`lost ${one}`);
    }
  });
});
