/** Tests commands end to end: API, ledger, broker, the agent of this PC, and back. */

import type { CommandView } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Centre, createSite, isUp, post, type Site, startCentre } from './centre-under-test.ts';

const pc = 'capital/this-office/this-pc';
let site: Site;
let centre: Centre;

beforeEach(async () => {
  site = await createSite();
  centre = startCentre(site);
  await isUp(centre);
});
afterEach(async () => {
  await centre.stop();
  site.remove();
});

async function issue(verb: string, to = pc): Promise<string> {
  return (await post<{ id: string }>(site, '/api/commands', { verb, to, by: 'Asha' })).body.id;
}

const outcome = async (id: string) => {
  const view = await centre.api<CommandView>(`/api/commands/${id}`);
  return view.answers.map((one) => [one.pc, one.outcome]);
};

test('a PC probes on command; an agent restarts on command, reports it once, and accepts further commands', {
  tags: ['long'],
}, async () => {
  const probed = await issue('probe-now', '');
  await expect.poll(() => outcome(probed), { timeout: 40_000 }).toEqual([[pc, 'done']]);
  const before = centre.pidOf('agent');
  const restarted = await issue('restart-agent');
  await expect.poll(() => outcome(restarted), { timeout: 40_000 }).toEqual([[pc, 'done']]);
  expect(centre.pidOf('agent')).not.toBeOneOf([before, 0]);
  const again = await issue('probe-now', 'capital');
  await expect.poll(() => outcome(again), { timeout: 30_000 }).toEqual([[pc, 'done']]);
  expect(centre.lines.filter(({ level = 0 }) => level >= 50)).toEqual([]);
});
