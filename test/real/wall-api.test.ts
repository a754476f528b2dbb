/** Tests the wall with the real API: routes, stream and headers. */
import { afterEach, describe, expect, test } from 'vitest';
import { bundleWall } from '../../flows/api/bytes/wall.ts';
import { openTestApi } from '../../flows/api/routes.test-helper.ts';
import { microphoneGone, scriptedView, wellPc } from '../../flows/api/scripted-view.test-helper.ts';
import type { Api } from '../../flows/api/server.ts';
import { nation } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

describe.runIf(wallRuns)('the wall with the real API', () => {
  const stage = wallStage();
  let api: Api | undefined;
  afterEach(() => api?.close());

  test('shows a room, and an acknowledgement and a note from it reach the server', async () => {
    const view = scriptedView();
    api = await openTestApi({ view });
    const { page } = stage;
    await page.goto(`http://127.0.0.1:${api.port}/`);
    const room = page.locator('article[data-pc="ladakh/leh/vc-1"]');
    await expect.poll(() => room.locator('.state').textContent()).toBe('Ready (not proven)');
    await room.locator('[data-strip=microphone]').waitFor();
    await page.getByText('Nothing needs action.').waitFor();
    await expect.poll(() => page.title()).toBe('◐ Sabha');
    const why = { component: 'microphone', fault: 'microphone.missing', reason: null };
    view.change({ pcs: [wellPc(Date.now(), { readiness: 'not-ready', why })], incidents: [microphoneGone(Date.now())] });
    await expect.poll(() => room.locator('.state').textContent()).toBe('Not ready · Microphone not found');
    await page.locator('[data-incident="7"]').getByRole('button', { name: 'I am on it' }).click();
    await page.getByLabel('Name').fill('Asha');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('1 open: somebody is on it').waitFor();
    expect(view.incident(7)?.acknowledged?.by).toBe('Asha');
    await page.locator('[data-incident="7"]').getByRole('link').click();
    await page.getByLabel('Note for incident 7').fill('केबल बदल दी');
    await page.keyboard.press('Enter');
    await page.getByText('केबल बदल दी').waitFor();
    expect(view.incident(7)?.notes).toMatchObject([{ by: 'Asha', text: 'केबल बदल दी' }]);
    await page.getByRole('link', { name: 'Call the roll' }).click();
    await page.getByLabel('PCs to call').selectOption('ladakh');
    await page.getByRole('button', { name: 'Call the roll' }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe('#/rollcall/call-1');
    expect(stage.troubles.filter((one) => !one.includes('404'))).toEqual([]);
  });

  test('loads 736 sites including the snapshot within 90 kB up to the first tile, all from this server', async () => {
    const view = scriptedView();
    const { sites, states, incidents } = nation(Date.now());
    const many = incidents.flatMap((one) =>
      Array.from({ length: 10 }, (_, at) => ({ ...one, id: one.id * 100 + at, notes: [], history: [], deeds: [] })),
    );
    view.state = { ...view.state, sites: sites.slice(0, 736), states, incidents: many };
    api = await openTestApi({ view, bundle: bundleWall });
    const session = await stage.context.newCDPSession(stage.page);
    await session.send('Network.enable');
    const bytes = { files: 0, snapshot: 0 };
    const asked: URL[] = [];
    const streams = new Set<string>();
    session.on('Network.requestWillBeSent', ({ requestId, request }) => {
      asked.push(new URL(request.url));
      if (asked.at(-1)?.pathname === '/api/stream') streams.add(requestId);
    });
    session.on('Network.responseReceived', ({ requestId, response }) => {
      bytes[streams.has(requestId) ? 'snapshot' : 'files'] += response.encodedDataLength;
    });
    session.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
      bytes[streams.has(requestId) ? 'snapshot' : 'files'] += encodedDataLength;
    });
    await stage.page.goto(`http://127.0.0.1:${api.port}/#/`);
    await stage.page.locator('.tile').first().waitFor();
    // The browser counts the compressed bytes of a chunk only when the next chunk arrives.
    view.change({ sites: sites.slice(0, 1) });
    await expect.poll(() => bytes.snapshot).toBeGreaterThan(5_000);
    console.log(`first load: ${bytes.files} bytes of files, ${bytes.snapshot} of the stream, in ${asked.length} requests`);
    expect(bytes.files).toBeGreaterThan(20_000);
    expect(bytes.files + bytes.snapshot).toBeLessThanOrEqual(90_000);
    expect(new Set(asked.map(({ host }) => host))).toEqual(new Set([`127.0.0.1:${api.port}`]));
  });
});
