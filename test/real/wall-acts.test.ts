/** Tests the buttons of the wall: an action can be undone, and nobody takes an incident over without confirmation. */
import { beforeEach, describe, expect, test } from 'vitest';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('buttons of the wall', () => {
  const stage = wallStage();
  const line = (id: number) => stage.page.locator(`[data-incident="${id}"]`);
  const taken = (id: number) => stage.view.content.incidents.find((one) => one.id === id)?.acknowledged ?? null;
  const paths = () => stage.view.posts.map(([path, body]) => `${path.split('/').slice(3).join('/')}${'takeOver' in body ? ' over' : ''}`);

  beforeEach(async () => {
    await stage.context.addInitScript(() => localStorage.setItem('sabha.name', 'Asha'));
    const { view } = stage;
    view.onPost = (path, { by = '', takeOver }) => {
      const id = Number(path.split('/')[3]);
      const row = view.content.incidents.find((one) => one.id === id);
      if (row === undefined) return { status: 404, body: { error: 'there is no such incident', code: 'missing' } };
      const { acknowledged } = row;
      if (path.endsWith('/withdraw')) view.change({ incidents: [{ ...row, acknowledged: null }] });
      else if (acknowledged !== null && acknowledged.by !== by && !takeOver)
        return { status: 409, body: { error: 'has it', code: 'taken', about: acknowledged } };
      else view.change({ incidents: [{ ...row, acknowledged: { by, at: Date.now() } }] });
      return { status: 204 };
    };
  });

  test('an acknowledgement can be undone for ten seconds, and the button then disappears', async () => {
    await stage.page.clock.install();
    await stage.open('#/');
    const { page } = stage;
    const undo = page.getByRole('button', { name: 'Undo' });
    await line(7).getByRole('button', { name: 'I am on it' }).click();
    await page.getByText('You are on it: Microphone not found').waitFor();
    await undo.click();
    await undo.waitFor({ state: 'detached' });
    expect([paths(), taken(7)]).toEqual([['7/acknowledge', '7/withdraw'], null]);
    await line(7).getByRole('button', { name: 'I am on it' }).click();
    await undo.waitFor();
    await page.clock.runFor(9_000);
    expect(await undo.count()).toBe(1);
    await page.clock.runFor(1_500);
    await undo.waitFor({ state: 'detached' });
    expect(taken(7)?.by).toBe('Asha');
    expect(stage.troubles).toEqual([]);
  });

  test('a second person sees who acknowledged when, must confirm a takeover, and Escape cancels and restores the focus', async () => {
    const { view } = stage;
    await stage.open('#/');
    const { page } = stage;
    const at = stage.today(14, 2, 7);
    const row = view.content.incidents.find((one) => one.id === 7);
    if (row !== undefined) view.content.incidents = [{ ...row, acknowledged: { by: 'Tashi', at } }];
    const button = line(7).getByRole('button', { name: 'I am on it' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Tashi has been on it since 14:02:07').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
    expect(taken(7)?.by).toBe('Tashi');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'I take it over' }).click();
    await page.getByText('You are on it: Microphone not found').waitFor();
    expect([paths(), taken(7)?.by]).toEqual([['7/acknowledge', '7/acknowledge', '7/acknowledge over'], 'Asha']);
    expect(stage.troubles.filter((one) => !one.includes('409'))).toEqual([]);
  });

  test('a reader sees no button that a reader may not press, in any view', async () => {
    stage.view.content.role = 'reader';
    for (const view of ['#/nation', '#/site/ladakh/leh', '#/incident/7', '#/rollcall']) {
      await stage.open(view);
      await stage.page.locator('main h2, main .quiet').first().waitFor();
      const names = await stage.page.locator('main :is(button, input, select)').allTextContents();
      expect([view, names]).toEqual([view, []]);
    }
  });
});
