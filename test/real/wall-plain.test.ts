/** What a clerk reads: an empty nation, a site that is being set up, an alert that is over. */
import { describe, expect, test } from 'vitest';
import { detailOf, fullOf, microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('in plain words', () => {
  const stage = wallStage();
  const text = (of: string) => stage.page.locator(of).textContent();

  test('a nation without a site says what to do next, and to whoever cannot do it whom to ask', async () => {
    stage.view.content = { ...stage.view.content, sites: [], states: [], incidents: [], pcs: [] };
    await stage.open('#/');
    await stage.page.getByRole('heading', { name: 'No site yet: what to do next' }).waitFor();
    const typed = await stage.page.locator('code').allTextContents();
    expect(typed.map((line) => line.split(' -- ')[1])).toEqual([
      'sites import sites.csv --yes',
      'roster import roster.csv --yes',
      'enrol-code STATE/SITE',
    ]);
    stage.view.content.role = 'state';
    await stage.page.reload();
    await stage.page.getByText('No site of your part is entered yet. Ask the central team.').waitFor();
    expect(stage.troubles).toEqual([]);
  });

  test('four equal rows "Link" among what is still to do are one, and the first open step leads', async () => {
    const { view } = stage;
    const site = view.content.sites.find((one) => one.site === 'ladakh/leh');
    if (site === undefined) throw new Error('no such site');
    view.content.sites = view.content.sites.map((one) => (one === site ? { ...site, stage: 'commissioning' } : one));
    const detail = detailOf(Date.now(), { ...site, stage: 'commissioning' });
    const links = [1, 2, 3, 4].map(() => ({ pc: 'ladakh/leh/vc-1', component: 'link', fault: null }));
    const checklist = detail.checklist.map((one) => (one.item === 'all-known' ? { ...one, about: links } : one));
    view.content.details.set('ladakh/leh', { ...detail, checklist });
    await stage.open('#/site/ladakh/leh');
    await stage.page.locator('.checklist p b').waitFor();
    expect(await text('[data-item=all-known]')).toMatch(/Conference room: Link × 4$/);
    expect(await text('.checklist p b')).toMatch(/^Next: Conference room: .*newest profile/);
  });

  test('an alert that is over says nothing of doing, and who had it in the past', async () => {
    const now = Date.now();
    const over = microphoneGone(now, { overAt: now - 60_000, over: 'cleared', acknowledged: { by: 'Tashi', at: now - 120_000 } });
    stage.view.content.incidents = [over];
    stage.view.content.full.set(7, fullOf(over, now));
    await stage.open('#/incident/7');
    await stage.page.getByText(/Tashi had it, since/).waitFor();
    expect(await text('[data-incident="7"]')).not.toMatch(/is on it|Do first/);
    expect(await stage.page.locator('.actions').count()).toBe(0);
  });
});
