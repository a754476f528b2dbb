/** Tests maintenance on the wall: on the pages of a site and an incident, in the list, and in the reasons of each step. */

import type { IncidentReasons } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { fullOf, microphoneGone } from './wall-nation.ts';
import { wallRuns, wallStage } from './wall-stage.ts';

const minute = 60_000;

describe.runIf(wallRuns)('maintenance on the wall', () => {
  const stage = wallStage();

  test('the page of a site shows current and planned maintenance with end, purpose and author', async () => {
    const now = Date.now();
    const one = {
      id: 'm-1',
      scope: 'ladakh/leh',
      title: 'New UPS',
      start: '',
      zone: null,
      minutes: 60,
      rule: null,
      by: 'Anil',
      at: 0,
    };
    stage.view.content.maintenance = [
      { ...one, next: { from: now - minute, to: now + 59 * minute } },
      { ...one, id: 'm-2', title: 'Line', next: { from: now + 600 * minute, to: now + 660 * minute } },
      { ...one, id: 'm-3', title: 'Long ago', next: null },
    ];
    await stage.open('#/site/ladakh/leh');
    const fact = (id: string) => stage.page.locator(`[data-card=maintenance] [data-fact=${id}]`).textContent();
    await expect.poll(() => fact('m-1')).toMatch(/^Lasts until .+New UPS, planned by Anil$/);
    expect(await fact('m-2')).toMatch(/ to .+Line, planned by Anil$/);
    expect(await stage.page.locator('[data-card=maintenance] [data-fact]').count()).toBe(2);
    expect(stage.troubles).toEqual([]);
  });

  test('an incident under maintenance is not shown as needing action, shows the end, and explains who was notified and why, in Hindi too', async () => {
    const now = Date.now();
    const row = microphoneGone(now, { told: [], maintenance: { incident: 90, until: now + 30 * minute } });
    const step = { at: now - minute, kind: 'raised' as const, faults: ['microphone.missing'], severity: 'critical' as const };
    const said = { en: 'Told nobody: it waits.', hi: 'किसी को नहीं बताया गया: रुका है।' };
    const steps = [{ ...step, conclusion: 'held back: quiet', passes: [], sent: [], said }];
    const reasons: IncidentReasons = { incident: 7, scope: row.scope, path: row.scope, parent: null, acknowledged: [], steps };
    stage.view.content.reasons = new Map([[7, reasons]]);
    stage.view.content.full.set(7, fullOf(row, now));
    stage.view.content.incidents = stage.view.content.incidents.map((one) => (one.id === 7 ? row : one));
    await stage.open('#/site/ladakh/leh');
    await stage.page.getByText(/^Maintenance until/).waitFor();
    expect(await stage.page.locator('.needs [data-incident="7"]').count()).toBe(0);
    await stage.open('#/incident/7');
    const told = stage.page.locator('[data-reasons] li').first();
    await expect.poll(() => told.textContent()).toMatch(/Raised: Told nobody: it waits\.$/);
    await stage.page.getByRole('button', { name: 'हिन्दी' }).click();
    await expect.poll(() => told.textContent()).toMatch(/किसी को नहीं बताया गया: रुका है।$/);
    expect(stage.troubles).toEqual([]);
  });
});
