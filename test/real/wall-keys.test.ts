/** Tests the wall with the keyboard alone. */
import { beforeEach, describe, expect, test } from 'vitest';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('the wall by keyboard', () => {
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

  test('has a first tab stop that skips to the open incidents, and one tab stop for the whole map', async () => {
    await stage.open('#/nation');
    await stage.page.locator('.needs .line').first().waitFor();
    await press('Tab');
    expect(await focused()).toBe('Skip to what needs action');
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

  test('closes the sites of a state and the list of keys with Escape, and never loses the focus', async () => {
    await stage.open('#/nation');
    await stage.page.locator('[data-state=goa]').focus();
    await press('Enter');
    await stage.page.locator('[data-panel=goa]').waitFor();
    await press('Escape');
    await stage.page.locator('[data-panel=goa]').waitFor({ state: 'detached' });
    await expect.poll(focused).toBe('goa');
    await press('?');
    await stage.page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await press('Escape');
    await stage.page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('goa');
    // When the browser removes the focused element, the wall focuses an element around it.
    await stage.page.locator('.needs [data-incident="7"] a').first().focus();
    const row = stage.view.content.incidents.find((one) => one.id === 7);
    if (row !== undefined) stage.view.change({ incidents: [{ ...row, over: 'cleared', overAt: Date.now() }] });
    for (let at = 0; at < 4; at += 1) {
      await stage.page.evaluate(() => new Promise((drawn) => setTimeout(drawn, 300)));
      expect(await stage.page.evaluate(() => document.activeElement === document.body)).toBe(false);
    }
    expect(stage.troubles).toEqual([]);
  });

  test('has letter keys for views and undo, which can be switched off', async () => {
    await stage.open('#/nation');
    await press('r');
    await stage.page.locator('.caller').waitFor();
    await press('n');
    await stage.page.locator('.needs [data-incident="7"]').getByRole('button', { name: 'I am on it' }).press('Enter');
    await stage.page.getByRole('button', { name: 'Undo' }).waitFor();
    await press('u');
    await expect.poll(() => stage.view.posts.map(([path]) => path.split('/').at(-1))).toEqual(['acknowledge', 'withdraw']);
    await press('?');
    await stage.page.getByLabel('Use letters as shortcuts').uncheck();
    await press('Escape', 'r');
    await stage.page.reload();
    await stage.page.locator('.needs .line').first().waitFor();
    await press('r');
    expect(new URL(stage.page.url()).hash).toBe('#/');
  });
});
