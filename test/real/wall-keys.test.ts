/** The wall by the keyboard alone. */
import { beforeEach, describe, expect, test } from 'vitest';
import { microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('by the keyboard alone', () => {
  const stage = wallStage();
  const focused = () =>
    stage.page.evaluate(() => {
      const { activeElement: one } = document;
      return one?.getAttribute('data-state') ?? one?.textContent?.trim() ?? '';
    });
  const press = async (...keys: string[]) => {
    for (const key of keys) await stage.page.keyboard.press(key);
  };

  beforeEach(() => stage.context.addInitScript(() => localStorage.setItem('sabha.name', 'Asha')));

  test('37 tab stops stood before the first button: the first stop leads to what needs somebody, and the map is one', async () => {
    await stage.open('#/nation');
    await stage.page.locator('.needs .line').first().waitFor();
    await press('Tab');
    expect(await focused()).toBe('Skip to what needs somebody');
    await press('Enter');
    expect(await focused()).toBe('Microphone not found');
    await press('Tab');
    expect(await focused()).toBe('I am on it');
    expect(await stage.page.locator('.map a').evaluateAll((all) => all.filter((one) => (one as HTMLElement).tabIndex === 0).length)).toBe(
      1,
    );
    await stage.page.locator('[data-state=ladakh]').focus();
    await press('ArrowLeft');
    expect(await focused()).toBe('jammu-and-kashmir');
    await press('ArrowRight', 'ArrowDown');
    expect(await focused()).toBe('himachal-pradesh');
  });

  test('Escape closes the sites of a state and the list of keys; the focus is where it was, and never nowhere', async () => {
    await stage.open('#/nation');
    await stage.page.locator('[data-state=goa]').focus();
    await press('Enter');
    await stage.page.locator('[data-panel=goa]').waitFor();
    await press('Escape');
    await stage.page.locator('[data-panel=goa]').waitFor({ state: 'detached' });
    await expect.poll(focused).toBe('goa');
    await press('?');
    await stage.page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await press('Escape');
    await stage.page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('goa');
    // Where what has the focus goes away, what stands around it has it.
    await stage.page.locator('.needs [data-incident="7"] a').first().focus();
    const row = stage.view.content.incidents.find((one) => one.id === 7);
    if (row !== undefined) stage.view.change({ incidents: [{ ...row, over: 'cleared', overAt: Date.now() }] });
    for (let at = 0; at < 4; at += 1) {
      await stage.page.evaluate(() => new Promise((drawn) => setTimeout(drawn, 300)));
      expect(await stage.page.evaluate(() => document.activeElement === document.body)).toBe(false);
    }
    expect(stage.troubles).toEqual([]);
  });

  test('U was not heard in the moment after "Undo" stood on the page: it is heard as soon as that is drawn', async () => {
    await stage.open('#/nation');
    await stage.page.locator('.needs .line').first().waitFor();
    await stage.page.evaluate(() => {
      const place = document.querySelector('.undo');
      const drawn = new MutationObserver(() => {
        if (place?.querySelector('button') == null) return;
        drawn.disconnect();
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'u', bubbles: true, cancelable: true }));
      });
      if (place !== null) drawn.observe(place, { childList: true, subtree: true });
    });
    await stage.page.locator('.needs [data-incident="7"]').getByRole('button', { name: 'I am on it' }).press('Enter');
    await expect.poll(() => stage.view.posts.map(([path]) => path.split('/').at(-1))).toEqual(['acknowledge', 'withdraw']);
  });

  test('U held down, or pressed again before the answer, was told that it is too late, of what was taken back', async () => {
    await stage.open('#/nation');
    const answers: string[] = [];
    await stage.page.route('**/withdraw', async (route) => {
      answers.push(route.request().url());
      if (answers.length === 1) return route.continue();
      await route.fulfill({ status: 409, json: { error: 'too late', code: 'late' } });
    });
    await stage.page.locator('.needs [data-incident="7"]').getByRole('button', { name: 'I am on it' }).press('Enter');
    await stage.page.getByRole('button', { name: 'Undo' }).waitFor();
    await stage.page.keyboard.down('u');
    await stage.page.keyboard.down('u');
    await stage.page.keyboard.up('u');
    await press('u');
    await stage.page.locator('.undo p').waitFor({ state: 'detached' });
    expect([answers.length, await stage.page.locator('.undo').textContent()]).toEqual([1, '']);
  });

  test('"Show all" by a key led above the list, into the search: the focus stays where the others come', async () => {
    const now = Date.now();
    const ids = Array.from({ length: 11 }, (_, at) => at);
    const of = (id: number) => microphoneGone(now, { id: 300 + id, scope: `bihar/site-${id}/vc-1`, told: [] });
    stage.view.content.incidents = [
      ...ids.map(of),
      ...ids.map((id) => ({ ...of(id), id: 400 + id, scope: `goa/site-${id}/vc-1` })),
      ...stage.view.content.incidents,
    ];
    await stage.open('#/nation');
    await press('w');
    expect(await focused()).toContain('Microphone not found');
    await stage.page.locator('[data-group] summary').first().press('Enter');
    await stage.page.locator('[data-group] [data-incident]').first().waitFor();
    expect(await stage.page.locator('[data-group] .unseen').first().textContent()).not.toBe('');
  });

  test('letters lead to the views and take a press back; they can be turned off', async () => {
    await stage.open('#/nation');
    await press('r');
    await stage.page.locator('.caller').waitFor();
    await press('n');
    await stage.page.locator('.needs [data-incident="7"]').getByRole('button', { name: 'I am on it' }).press('Enter');
    await stage.page.getByRole('button', { name: 'Undo' }).waitFor();
    await press('u');
    await expect.poll(() => stage.view.posts.map(([path]) => path.split('/').at(-1))).toEqual(['acknowledge', 'withdraw']);
    await press('?');
    await stage.page.getByLabel('Letters work as keys').uncheck();
    await press('Escape', 'r');
    await stage.page.reload();
    await stage.page.locator('.needs .line').first().waitFor();
    await press('r');
    expect(new URL(stage.page.url()).hash).toBe('#/');
  });
});
