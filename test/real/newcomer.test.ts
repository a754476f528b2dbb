/** Tests the first steps of a new user with real server, agents and browser: start the demo, find the one room with a fault, act. */

import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IncidentRow, RollCallView } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { browserProgram, openBrowser } from '../pictures/browser.ts';
import * as newcomer from '../pictures/steps.ts';
import { noneLeft } from '../system/processes.ts';
import { requirePart } from './parts.ts';

const isComplete = requirePart('Chromium', browserProgram !== undefined);
const limitMs = 420_000;

describe.runIf(isComplete)('a new user', () => {
  test(
    'runs the demo of 736 sites, finds the room in Leh without a microphone, acknowledges it, starts a roll call for Ladakh and prints it',
    async () => {
      const mark = randomUUID();
      await using demo = await newcomer.startDemo({ sites: 736, seed: 1, env: { SABHA_DEMO_MARK: mark } });
      const browser = await openBrowser();
      try {
        const { page, troubles } = await newcomer.openWall(browser, demo.wall, {});
        await newcomer.seeThatLadakhNeedsSomebody(page);
        expect(await page.locator('.top').textContent()).toContain('612 live, 41 being set up, 83 planned');
        await keep(page, '1-nation');

        await newcomer.openLadakh(page);
        await keep(page, '2-ladakh');
        await newcomer.openLeh(page);
        await expect.poll(() => page.locator('.title .state').textContent()).toBe('Not ready · Microphone not found');
        await keep(page, '3-leh');
        await newcomer.openItsAlert(page);
        expect(await page.locator('article.incident .action').textContent()).toContain('Unplug the microphone cable');
        await keep(page, '4-alert');
        await newcomer.acknowledge(page, 'Asha');
        await keep(page, '5-acknowledged');
        const [alert] = (await read<IncidentRow[]>(`${demo.wall}/api/incidents`)).filter(({ scope }) => scope === 'ladakh/leh/vc-1');
        expect(alert?.acknowledged?.by).toBe('Asha');

        await newcomer.callRoll(page, 'ladakh');
        await keep(page, '6-roll-call');
        expect(await page.locator('tr[data-pc="ladakh/leh/vc-1"]').textContent()).toMatch(
          /Not ready.*Leh.*Microphone not found.*Technician on duty/s,
        );
        const id = await page.locator('[data-rollcall]').getAttribute('data-rollcall');
        const call = await read<RollCallView>(`${demo.wall}/api/rollcalls/${id}`);
        expect(call).toMatchObject({ scope: 'ladakh', by: 'Asha', counts: { expected: 3, answered: 3 } });

        const { pdf, text } = await newcomer.print(page);
        await keep(page, '7-paper');
        expect(text).toMatch(/^Sabha/);
        expect(text).toContain('Roll call · Ladakh');
        expect(text).toContain('called by Asha');
        // The printed page lists ready rooms only on request.
        for (const { siteName, readiness } of call.rows)
          expect([siteName.en, text.includes(siteName.en)]).toEqual([siteName.en, readiness !== 'ready']);
        expect(text).toMatch(/Not ready\s+Leh\s+Conference room\s+Microphone not found\s+Technician on duty/);
        expect(text).not.toContain('Print');
        expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
        expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(1);
        await page.emulateMedia({ media: 'screen' });
        await page.getByLabel('Show rooms that are ready (not proven) too').check();
        const { text: whole } = await newcomer.print(page);
        for (const { siteName } of call.rows) expect(whole).toContain(siteName.en);
        expect(troubles).toEqual([]);
      } finally {
        await browser.close();
      }
      await demo.stop();
      await noneLeft(`SABHA_DEMO_MARK=${mark}`, 10_000);
    },
    limitMs,
  );
});

/** Saves a picture if SABHA_PICTURES names a folder. */
async function keep(page: Awaited<ReturnType<typeof newcomer.openWall>>['page'], name: string): Promise<void> {
  const folder = process.env['SABHA_PICTURES'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}

async function read<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
