/** Tests the editor of the tabs in a real browser, with a running server whose settings enable the editor. */
import { readFileSync } from 'node:fs';
import type { TabsState, TabsStep } from '@sabha/contracts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserProgram, openBrowser } from '../pictures/browser.ts';
import { faultsOfDrawing, openEditor, pictureOf, pictureTab, tabsShown } from '../pictures/tabs.ts';
import { type Centre, createSite, isUp, type Site, startCentre } from '../system/centre-under-test.ts';
import { requirePart } from './parts.ts';

const startLimitMs = 120_000;
const people = [{ id: 'asha', name: 'Asha Devi', role: 'technician', groups: ['vendors'] }];

describe.skipIf(!requirePart('Chromium', browserProgram !== undefined))('the editor of the tabs', () => {
  let site: Site;
  let centre: Centre;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    site = await createSite({ editor: true, people });
    centre = startCentre(site);
    await isUp(centre, startLimitMs);
    browser = await openBrowser();
    page = await openEditor(browser, site);
    await page.locator('.red-ui-tab', { hasText: '40 Who' }).first().click();
    await page.locator('#who-minor').waitFor();
  }, 2 * startLimitMs);
  afterAll(async () => {
    await browser?.close();
    await centre?.stop();
    site?.remove();
  }, startLimitMs);

  /** The dialog applies its changes only when it closes. Until then the Deploy button is disabled. */
  const deploy = () => page.locator('#red-ui-header-button-deploy:not(.disabled)').click();
  const deployed = () => page.locator('#red-ui-header-button-deploy.disabled').waitFor();
  /** Opens a node by keyboard: on a slow machine two clicks may be too far apart to count as a double click. */
  const edit = async (node: string) => {
    await page.locator(`#${node}`).click();
    await page.locator(`#${node}.red-ui-flow-node-selected`).waitFor();
    await page.keyboard.press('Enter');
  };
  const steps = async () => (await centre.api<TabsStep[]>('/api/tabs/steps')).map(({ who, about }) => `${who}: ${about.split('\n')[1]}`);
  const undo = () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ by: 'Anil' }) };
    return fetch(`http://127.0.0.1:${site.ports.api}/api/tabs/undo`, init);
  };

  test('draws each tab completely, without overlaps or backward lines, as the pictures in the documents show', async () => {
    const document = readFileSync('docs/node-red/concepts.md', 'utf8');
    const labels = (await page.locator('#red-ui-workspace-tabs > li.red-ui-tab').allTextContents()).map((label) => label.trim());
    expect(labels).toEqual([...tabsShown]);
    for (const tab of tabsShown) {
      expect((await pictureTab(page, tab)).length, tab).toBeGreaterThan(5_000);
      expect(await faultsOfDrawing(page, tab)).toEqual([]);
      expect(document).toContain(pictureOf(tab));
    }
    await page.locator('.red-ui-tab', { hasText: '40 Who' }).first().click();
  }, 120_000);

  test('offers the recipients of the roster in a dialog, and undo restores the earlier ones', async () => {
    const { running } = await centre.api<TabsState>('/api/tabs');
    await edit('who-minor');
    await page.locator('#sabha-who-list input[value=vendors]').check();
    expect(await page.locator('#sabha-who-list label').allTextContents()).toEqual([
      'technician',
      'state',
      'central',
      'vendors',
      'Asha Devi (technician)',
    ]);
    await page.locator('#node-dialog-ok').click();
    await deploy();
    const changed = 'sabha: ~ 40 Who: "minor: the technician" (sabha-who): to ["technician"] → ["technician","vendors"]';
    await expect.poll(steps, { timeout: 30_000 }).toEqual([changed]);
    await deployed();
    expect((await undo()).ok).toBe(true);
    await expect.poll(async () => (await centre.api<TabsState>('/api/tabs')).running, { timeout: 30_000 }).toBe(running);
    expect((await steps())[0]).toContain('Anil: ~ 40 Who');
  }, 120_000);

  test('edits severity and wait in dialogs, replays past incidents through the change before the Deploy, and undo restores both', async () => {
    await page.reload();
    await page.locator('.red-ui-tab', { hasText: '10 Faults' }).first().click();
    await edit('faults-site-rule');
    await page.locator('#node-input-severity').selectOption('major');
    await page.locator('#node-dialog-ok').click();
    await page.locator('.red-ui-tab', { hasText: '50 Escalate' }).first().click();
    await edit('escalate-15-min');
    await page.locator('.red-ui-typedInput-input').first().fill('5');
    await page.locator('#node-dialog-ok').click();
    await page.locator('#sabha-try').click();
    // The trial of a new server finds no incident, or an incident of the server itself.
    const tried = page.locator('.red-ui-notification', { hasText: /nothing happened in the last 30 days|30 days: \d+ messages/ });
    await tried.waitFor({ timeout: 100_000 });
    await tried.locator('button').click();
    expect(await centre.api<TabsState>('/api/tabs')).toMatchObject({ refused: null });
    const before = await steps();
    await deploy();
    await expect.poll(async () => (await steps()).length, { timeout: 30_000 }).toBe(before.length + 1);
    await deployed();
    const [{ about = '' } = {}] = await centre.api<TabsStep[]>('/api/tabs/steps');
    expect(about).toContain('severity "critical" → "major"');
    expect(about).toContain('duration "15" → "5"');
    expect((await undo()).ok).toBe(true);
  }, 240_000);
});
