/** Tests texts for a clerk: an empty nation, and an incident that is over. */
import { describe, expect, test } from 'vitest';
import { fullOf, microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('texts of the wall', () => {
  const stage = wallStage();
  const text = (of: string) => stage.page.locator(of).textContent();

  test('a nation without a site shows the next steps, or names the team to ask', async () => {
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
    await stage.page.getByText('No site of your area is entered yet. Ask the central team.').waitFor();
    expect(stage.troubles).toEqual([]);
  });

  test('an incident that is over offers no action, and says who had acknowledged it', async () => {
    const now = Date.now();
    const over = microphoneGone(now, { overAt: now - 60_000, over: 'cleared', acknowledged: { by: 'Tashi', at: now - 120_000 } });
    stage.view.content.incidents = [over];
    stage.view.content.full.set(7, fullOf(over, now));
    await stage.open('#/incident/7');
    await stage.page.getByText(/Tashi was on it, since/).waitFor();
    expect(await text('[data-incident="7"]')).not.toMatch(/is on it|Do first/);
    expect(await stage.page.locator('.actions').count()).toBe(0);
  });
});
