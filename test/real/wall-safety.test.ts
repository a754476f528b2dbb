/** Tests the wall in bad conditions: it never shows green without data, no input breaks it, and everybody can read it. */
import { describe, expect, test } from 'vitest';
import { fullOf, lehRoom, microphoneGone, rollCallOf } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';
import { startWallView } from './wall-view.ts';

const views = ['#/nation/ladakh', '#/site/ladakh/leh', '#/incident/7', '#/rollcall/r1'];
/** Whether a colour is neither green nor red: its channels differ by less than 40. */
function isGrey(ink: string): boolean {
  const parts = (ink.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return Math.max(...parts) - Math.min(...parts) < 40;
}

describe.runIf(wallRuns)('the wall in bad conditions', () => {
  const stage = wallStage();
  const marks = (within: string) =>
    stage.page.locator(`${within} [data-mark]`).evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute('data-mark')))]);
  const dots = () => stage.page.locator('.dot').evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute('class')))].sort());
  const called = (scope: string) => {
    const call = rollCallOf(stage.view.content, scope, { answered: 700, finished: true });
    stage.view.content.rollcalls.set('r1', call);
    stage.view.content.rollcall = call;
  };

  const inks = () =>
    stage.page
      .locator('main .count .mark, main .tile .dot')
      .evaluateAll((all) => [
        ...new Set(all.map((one) => getComputedStyle(one)[one.matches('.dot:is(.unproven, .fault)') ? 'fill' : 'color'])),
      ]);

  test('loses its colours but not its figures when the stream is lost, shows their time, and recovers by itself', async () => {
    await stage.open('#/');
    await expect.poll(stage.tally).toEqual({ unproven: '707', fault: '17', unknown: '29' });
    const [shapes, before] = [await dots(), await inks()];
    const { page, view } = stage;
    const { port, content } = view;
    await view.close();
    await page.getByText(/Connection to the server lost. Everything is unknown since \d\d:\d\d:\d\d/).waitFor();
    await page.locator('main.stale').waitFor();
    expect([await stage.tally(), await dots()]).toEqual([{ unproven: '707', fault: '17', unknown: '29' }, shapes]);
    expect(await page.locator('[data-tally=unproven]').textContent()).toMatch(/at \d\d:\d\d:\d\d: Ready/);
    const grey = await inks();
    expect([grey.length < before.length, grey.filter((one) => !isGrey(one))]).toEqual([true, []]);
    expect(await page.locator('.tile.hot').count()).toBe(0);
    await expect.poll(() => page.title()).toBe('○ Sabha');
    await page.getByRole('heading', { name: 'Needed action then' }).waitFor();
    stage.view = await startWallView(content, port);
    // The last attempt to reconnect may just have failed. The next attempt follows within 10 s.
    await expect.poll(stage.tally, { timeout: 20_000 }).toEqual({ unproven: '707', fault: '17', unknown: '29' });
    await page.getByText('Connection to the server lost').waitFor({ state: 'detached' });
  });

  test('shows no room as green when the server receives nothing or the PC is silent', async () => {
    const { view } = stage;
    await stage.open('#/site/ladakh/leh');
    view.change({ subscribed: false });
    await stage.page.getByText('The server has lost the connection to the PCs.').waitFor();
    await expect.poll(() => marks('article')).toEqual(['unknown']);
    const why = { component: 'pc', fault: null, reason: 'silent' };
    const silent = lehRoom(Date.now(), { presence: 'silent', heardAt: Date.now() - 300_000, readiness: 'unknown', why });
    view.change({ subscribed: true, pcs: [silent] });
    await expect.poll(() => stage.page.locator('article .state').textContent()).toMatch(/Unknown since .* · Does not answer/);
    await expect.poll(() => marks('article')).toEqual(['unknown']);
    expect(await stage.page.locator('[data-check=camera]').textContent()).toMatch(
      /Camera: unknown.*last answer: there, open, not proven.*for 5 min/s,
    );
  });

  test('shows why a PC is offline and how certain that is, now and later, in both languages', async () => {
    const { view } = stage;
    const now = Date.now();
    const why = { component: 'pc', fault: null, reason: 'silent' };
    const outage = { cause: 'power-cut', confidence: 0.95, sureness: 'sure', from: now - 300_000 } as const;
    const away = lehRoom(now, { presence: 'silent', heardAt: now - 300_000, readiness: 'unknown', why, outage });
    await stage.open('#/site/ladakh/leh');
    view.change({ pcs: [away] });
    const state = stage.page.locator('article .state');
    await expect.poll(() => state.textContent()).toMatch(/Does not answer: power cut$/);
    const unknown = { ...outage, cause: 'undetermined', confidence: 0.5, sureness: 'open' } as const;
    view.change({ pcs: [{ ...away, outage: unknown }] });
    await expect.poll(() => state.textContent()).toMatch(/Does not answer: not known yet, the site cannot be reached$/);
    view.change({ pcs: [{ ...away, outage: { ...unknown, beside: true } }] });
    await expect.poll(() => state.textContent()).toMatch(/Does not answer: not known; another PC of the site answers$/);
    await stage.open('#/incident/7');
    const note = stage.page.locator('[data-outage]');
    await stage.page.locator('article.incident').waitFor();
    expect(await note.count()).toBe(0);
    const row = microphoneGone(now, { outage: { ...outage, to: null } });
    view.content.full.set(7, fullOf(row, now));
    view.change({ incidents: [row] });
    await expect.poll(() => note.textContent()).toMatch(/^Offline since \d\d:\d\d:\d\d: power cut$/);
    view.change({ incidents: [{ ...row, outage: { ...outage, cause: 'link-down', confidence: 0.8, sureness: 'likely', to: now } }] });
    await expect.poll(() => note.textContent()).toMatch(/^Was offline \d\d:\d\d:\d\d to \d\d:\d\d:\d\d: probably link down$/);
    await stage.page.getByRole('button', { name: 'हिन्दी' }).click();
    await expect.poll(() => note.textContent()).toMatch(/संपर्क नहीं था: शायद इंटरनेट लाइन बंद$/);
    expect(stage.troubles).toEqual([]);
  });

  test('says that the state is not known after an error in the page', async () => {
    await stage.open('#/site/ladakh/leh');
    const [first, ...others] = lehRoom(Date.now()).checks;
    if (first === undefined) throw new Error('the room has no check');
    stage.view.change({ pcs: [lehRoom(Date.now(), { checks: [{ ...first, since: 1e20 }, ...others] })] });
    await stage.page.getByText('This page failed: nothing is known.').waitFor();
    await expect.poll(() => marks('body')).toEqual([]);
    await expect.poll(() => stage.page.title()).toBe('○ Sabha');
  });

  test.each([
    ['a shell and a script', '$(reboot)"</script><img src=x onerror=alert(1)><script>alert(2)</script>'],
    ['4 KB', `$(reboot)"</script>${'W'.repeat(4096)}`],
    ['right to left', '\u202eكاميرا\u2067 مكتب\u202e$(reboot)"</script>'],
  ])('shows a hostile name as plain text in all four views: %s', async (_what, name) => {
    const { content } = stage.view;
    const now = Date.now();
    const words = { en: name, hi: name };
    const why = { component: name, fault: name, reason: name };
    const checks = lehRoom(now).checks.map((check) => ({ ...check, name, reason: name }));
    const faults = microphoneGone(now).faults.map((fault) => ({ ...fault, fault: name, name }));
    const told = [{ person: name, channel: name, at: now }];
    const row = microphoneGone(now, { room: words, site: words, told, faults, acknowledged: { by: name, at: now } });
    content.states = content.states.map((one) => ({ ...one, name: words }));
    content.sites = content.sites.map((one) => (one.state === 'ladakh' ? { ...one, name: words, why, readiness: 'not-ready' } : one));
    content.pcs = [lehRoom(now, { room: words, agent: name, checks, why })];
    content.incidents = [row];
    content.full.set(7, { ...fullOf(row, now), notes: [{ at: now, by: name, text: name }] });
    called('');
    for (const view of views) {
      await stage.open(view);
      await expect.poll(() => stage.page.locator('main').textContent()).toContain('$(reboot)"</script>');
      expect([view, await stage.page.locator('main script, main img').count()]).toEqual([view, 0]);
      expect([view, await stage.sideways()]).toEqual([view, 0]);
    }
    expect(stage.troubles).toEqual([]);
  });

  test('remembers language and theme, and translates page and catalogue', async () => {
    await stage.open('#/site/ladakh/leh');
    const { page } = stage;
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();
    await page.getByRole('button', { name: 'Light' }).click();
    await expect.poll(ground).not.toBe(dark);
    await page.getByRole('button', { name: 'हिन्दी' }).click();
    await page.getByRole('heading', { name: 'माइक नहीं मिल रहा' }).waitFor();
    expect(await page.locator('[data-check=camera]').textContent()).toMatch(/कैमरा: मौजूद, चालू, जाँच बाकी.*zoom में चल रहा है/s);
    await page.reload();
    await page.locator('html[lang=hi]').waitFor();
    await page.getByRole('button', { name: 'डार्क' }).waitFor();
    expect(await ground()).not.toBe(dark);
  });
});
