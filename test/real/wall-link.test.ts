/** Tests the connection of the wall to the server: which requests it sends, how often, and what it shows without a response. */

import type { SiteView } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { detailOf, microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

const leh = '/api/sites/ladakh/leh';

describe.runIf(wallRuns)('the connection of the wall', () => {
  const stage = wallStage();
  const requests = (path: string) => {
    const all: string[] = [];
    stage.page.on('request', (request) => new URL(request.url()).pathname === path && all.push(request.url()));
    return all;
  };
  const show = (hidden: boolean, page = stage.page) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);

  /** Stops the clock of the page. From now on only the test advances it. */
  const standStill = async () => stage.page.clock.pauseAt((await stage.page.evaluate(() => Date.now())) + 100);

  test('turns grey after the link is lost, even if a person changes views', async () => {
    const { page, view } = stage;
    await page.clock.install();
    await stage.open('#/');
    await standStill();
    // The last message of the server arrives at a known moment.
    view.change({ incidents: [microphoneGone(Date.now(), { id: 30 })] });
    view.isFrozen = true;
    await page.locator('[data-incident="30"]').waitFor();
    await page.clock.runFor(6_000);
    expect(await page.title()).toBe('◆ 3 · Sabha');
    await page.locator('.needs .line a').first().click();
    await page.locator('.needs').waitFor({ state: 'detached' });
    await stage.open('#/site/ladakh/leh');
    await page.locator('.site').waitFor();
    await page.clock.runFor(7_000);
    expect(await page.title()).toBe('○ Sabha');
    await page.getByText('Connection to the server lost').waitFor();
  });

  test('closes its stream in a hidden tab and reopens it when the tab is visible, so that seven tabs can still act', async () => {
    await stage.open('#/');
    await expect.poll(() => stage.view.streams()).toBe(1);
    await stage.page.evaluate(() => localStorage.setItem('sabha.name', 'Asha'));
    for (let tab = 0; tab < 6; tab += 1) {
      const page = await stage.context.newPage();
      await page.goto(`http://127.0.0.1:${stage.view.port}/#/`);
      await page.locator('.tile').first().waitFor();
      await show(true, page);
      await expect.poll(() => stage.view.streams()).toBe(1);
    }
    await stage.page.reload();
    await stage.page.locator('[data-incident="7"]').getByRole('button', { name: 'I am on it' }).click();
    await expect.poll(() => stage.view.posts.length).toBe(1);
    await show(true);
    await expect.poll(() => stage.view.streams()).toBe(0);
    stage.view.change({ incidents: [microphoneGone(Date.now(), { acknowledged: { by: 'Asha', at: Date.now() } })] });
    await show(false);
    await stage.page.getByText('2 open: somebody is on it').waitFor();
  });

  test('says "not saved" when a request times out', async () => {
    const { page } = stage;
    await page.addInitScript(() => {
      const { timeout } = AbortSignal;
      AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 40);
      localStorage.setItem('sabha.name', 'Asha');
    });
    await stage.open('#/');
    await page.route('**/acknowledge', () => {});
    await page.locator('[data-incident="7"]').getByRole('button', { name: 'I am on it' }).click();
    await page.getByText('Not saved: the server does not respond').waitFor();
    expect(await page.locator('[data-incident="7"]').getByRole('button', { name: 'I am on it' }).isEnabled()).toBe(true);
  });

  test('repeats a failed request for the catalogue and for an incident', async () => {
    const { page } = stage;
    const asked = { words: 0, alert: 0 };
    // The wall requests the catalogue again when the stream opens. Both requests must fail, so the first one waits for the second one.
    const again = Promise.withResolvers<void>();
    await page.route('**/api/words', async (route) => {
      asked.words += 1;
      if (asked.words > 2) return route.continue();
      if (asked.words === 2) again.resolve();
      await again.promise;
      return route.abort();
    });
    await page.route('**/api/incidents/7', (route) => (asked.alert++ < 1 ? route.fulfill({ status: 503, body: '{}' }) : route.continue()));
    await stage.open('#/incident/7');
    await page.getByText('Unplug the microphone cable and plug it in again.').waitFor();
    expect(asked).toEqual({ words: 3, alert: 2 });
  });

  test('shows a late response until a newer response arrives, and never replaces a newer response', async () => {
    const { page, view } = stage;
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let asked = 0;
    await page.route('**/api/incidents/7', async (route) => {
      const nth = asked++;
      await gates[nth]?.promise;
      const full = view.content.full.get(7);
      await route.fulfill({ json: { ...full, notes: [{ at: 1, by: 'Tashi', text: `answer ${nth}` }] } });
    });
    await stage.open('#/incident/7');
    for (let change = 1; change < 3; change += 1) {
      await expect.poll(() => asked).toBe(change);
      view.change({ incidents: [microphoneGone(Date.now(), { flapping: change === 1 })] });
    }
    await expect.poll(() => asked).toBe(3);
    gates[1]?.resolve();
    await page.getByText('answer 1').waitFor();
    const late = page.waitForResponse('**/api/incidents/7');
    gates[0]?.resolve();
    await (await late).finished();
    const clock = () => page.locator('.link').textContent();
    const before = await clock();
    await expect.poll(clock).not.toBe(before);
    expect(await page.locator('.notes').textContent()).toContain('answer 1');
    gates[2]?.resolve();
    await page.getByText('answer 2').waitFor();
  });

  test('reloads the details of a site once a minute when the site is live, and more often during its commissioning', async () => {
    const { page, view } = stage;
    const site = view.content.sites.find((one) => one.site === 'ladakh/leh');
    if (site === undefined) throw new Error('no such site');
    view.change({ sites: [{ ...site, stage: 'commissioning' }] });
    await page.clock.install();
    const asked = requests(leh);
    await stage.open('#/site/ladakh/leh');
    await page.locator('.checklist').waitFor();
    await standStill();
    let passed = 0;
    const run = async (ms: number) => {
      passed += ms;
      await page.clock.runFor(ms);
    };
    /** Runs the clock of the page until the page has drawn. On a busy machine that takes many steps, which count as elapsed time. */
    const drawn = async () => {
      await run(20);
      return asked.length;
    };
    // The server's clock starts five seconds after a full minute, so no reload is due soon.
    view.isFrozen = true;
    const begun = 60_000 * Math.ceil(Date.now() / 60_000) + 5_000;
    const say = (one: SiteView) => view.change({ at: begun + passed, sites: [one] });
    let words = 0;
    /** Sends a message and waits until the page shows it, so that the link does not count as lost. */
    const speak = async (stage: SiteView['stage']) => {
      words += 1;
      const name = `Leh ${words}`;
      say({ ...site, stage, name: { en: name, hi: name } });
      await expect
        .poll(async () => {
          await drawn();
          return page.locator('.title h2').textContent();
        })
        .toContain(name);
    };
    const pass = async (ms: number, stage: SiteView['stage']) => {
      for (const until = passed + ms; passed < until; ) {
        await run(Math.min(5_000, until - passed));
        await speak(stage);
      }
    };
    await speak('commissioning');
    // Advances the clock, so that the page sends the requests that this message causes.
    await run(500);
    const first = asked.length;
    await pass(30_000, 'commissioning');
    await expect.poll(drawn).toBe(first + 2);
    say({ ...site, stage: 'live' });
    await expect.poll(drawn).toBe(first + 3);
    await pass(30_000, 'live');
    await page.locator('.checklist').waitFor({ state: 'detached' });
    expect(asked.length).toBe(first + 3);
    await pass(35_000, 'live');
    await expect.poll(drawn).toBe(first + 4);
    view.isFrozen = false;
  });

  test('does not show a site without a PC as ready', async () => {
    const { page, view } = stage;
    const bare = view.content.sites.map((one) => (one.site === 'ladakh/leh' ? { ...one, pcs: 0 } : one));
    view.content = { ...view.content, sites: bare, pcs: [], incidents: [] };
    await stage.open('#/site/ladakh/leh');
    await page.getByText('No room is known yet.').waitFor();
    await page.getByText('No alert needs action.').waitFor();
    expect(await page.locator('main :is([data-mark=ok], [data-mark=unproven])').count()).toBe(0);
    const site = view.content.sites.find((one) => one.site === 'ladakh/leh');
    if (site === undefined) throw new Error('no such site');
    const full = detailOf(Date.now(), { ...site, stage: 'planned' });
    const open = full.checklist.map(({ item }) => ({ item, done: false, about: [] }));
    view.content.details.set('ladakh/leh', { ...full, checklist: open, pcs: [] });
    view.change({ sites: [{ ...site, stage: 'planned' }] });
    await expect.poll(() => page.locator('[data-item=installed]').textContent()).toContain('No room is known yet.');
    expect(await page.locator('main :is([data-mark=ok], [data-mark=unproven])').count()).toBe(0);
  });
});
