/** Tests the roster on the wall: who is notified now, how each person is reached, and the day of a person. */

import type { RosterPerson } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { wallRuns, wallStage } from './wall-stage.ts';

const asha: RosterPerson = {
  id: 'asha',
  name: 'Asha <b>',
  from: 'roster',
  now: 'off',
  cells: { roles: 'technician', scopes: 'ladakh/leh', duty: 'Mon-Fri 09:00-18:00', phone: '+919876543210' },
  tel: '+919876543210',
  reached: ['email', 'sms'],
  proofs: { email: Date.UTC(2026, 5, 1), sms: null },
};
const bina: RosterPerson = { ...asha, id: 'bina', name: 'Bina', now: 'here', reached: [], proofs: {} };

describe.runIf(wallRuns)('the roster on the wall', () => {
  const stage = wallStage();

  test('a site shows who is notified now and why, and links to the roster with persons on duty first', async () => {
    const { page, view } = stage;
    view.content.roster = {
      persons: [asha, bina],
      duty: [
        { role: 'technician', by: 'duty', persons: [{ id: 'bina', name: 'Bina' }] },
        { role: 'state', by: 'central', persons: [{ id: 'devi', name: 'Devi' }] },
      ],
      day: undefined,
    };
    await stage.open('#/site/ladakh/leh');
    await page.locator('[data-role=technician]').getByText('Bina').waitFor();
    expect(await page.locator('[data-role=state]').textContent()).toContain('Devi nobody else is on duty: central');
    await page.getByRole('link', { name: 'Roster' }).click();
    await page.locator('tr[data-person]').first().waitFor();
    const rows = await page.locator('tr[data-person]').allTextContents();
    expect(rows[0]).toMatch(/^\s*Bina.*on duty now.*no channel/s);
    expect(rows[1]).toMatch(/Asha <b>.*Technician · ladakh\/leh.*off duty.*Mon-Fri 09:00-18:00.*e-mail, SMS.*SMS: never tried/s);
    expect(await page.getByRole('link', { name: 'Call Asha <b>: +91 98765 43210' }).getAttribute('href')).toBe('tel:+919876543210');
    expect([stage.troubles, await stage.sideways()]).toEqual([[], 0]);
  });

  test("the roster page begins with the day of a person, in the person's time zone, in Hindi on a phone too", async () => {
    const { view } = stage;
    const from = Date.UTC(2027, 0, 13, 3, 30);
    const shifts = [{ from, to: from + 9 * 3_600_000, for: 'Asha' }];
    const day = { person: 'bina', name: 'Bina', timeZone: 'Asia/Kolkata', from, to: from + 24 * 3_600_000, shifts };
    view.content.roster = { persons: [asha, bina], duty: [], day };
    await stage.open('#/roster/bina', { viewport: { width: 360, height: 740 }, locale: 'hi-IN' });
    const { page } = stage;
    await page.locator('[data-shift]').waitFor();
    expect(await page.locator('[data-shift]').textContent()).toMatch(/09:00:00 – .*18:00:00 .*Asha/);
    expect([stage.troubles, await stage.sideways()]).toEqual([[], 0]);
  });
});
