/** The wall before the real API: the routes, the stream and the headers that it will meet. */
import { afterEach, describe, expect, test } from 'vitest';
import { emptyOffice, microphoneGone, scriptedDesk, wellPc } from '../../flows/api/scripted-desk.test-helper.ts';
import { type Api, startApi } from '../../flows/api/server.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('the wall before the real API', () => {
  const stage = wallStage();
  let api: Api | undefined;
  afterEach(() => api?.close());

  test('an office sees its room, somebody takes an alert and writes a note, and the centre has both', async () => {
    const desk = scriptedDesk();
    const folders = { wallDir: 'dashboards/wall', modulesDir: 'node_modules' };
    const log = { warn: () => {}, error: () => {} };
    api = await startApi({ host: '127.0.0.1', port: 0, desk, office: emptyOffice(), ...folders, log });
    const { page } = stage;
    await page.goto(`http://127.0.0.1:${api.port}/`);
    const room = page.locator('article[data-pc="ladakh/leh/vc-1"]');
    await expect.poll(() => room.locator('.state').textContent()).toBe('Ready (not proven)');
    await room.locator('[data-strip=microphone]').waitFor();
    await page.getByText('Nothing needs anybody.').waitFor();
    await expect.poll(() => page.title()).toBe('● Sabha');
    const why = { component: 'microphone', fault: 'microphone.missing', reason: null };
    desk.change({ pcs: [wellPc(Date.now(), { readiness: 'not-ready', why })], incidents: [microphoneGone(Date.now())] });
    await expect.poll(() => room.locator('.state').textContent()).toBe('Not ready · Microphone not found');
    await page.locator('[data-incident="7"]').getByRole('button', { name: 'I am on it' }).click();
    await page.getByLabel('Name').fill('Asha');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 open, somebody is on it').waitFor();
    expect(desk.incident(7)?.acknowledged?.by).toBe('Asha');
    await page.locator('[data-incident="7"]').getByRole('link', { name: 'Details' }).click();
    await page.getByLabel('Note for incident 7').fill('केबल बदल दी');
    await page.keyboard.press('Enter');
    await page.getByText('केबल बदल दी').waitFor();
    expect(desk.incident(7)?.notes).toMatchObject([{ by: 'Asha', text: 'केबल बदल दी' }]);
    await page.getByRole('link', { name: 'Call the roll' }).click();
    await page.getByLabel('Whom to call').selectOption('ladakh');
    await page.getByRole('button', { name: 'Call the roll' }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe('#/rollcall/call-1');
    expect(stage.troubles.filter((one) => !one.includes('404'))).toEqual([]);
  });
});
