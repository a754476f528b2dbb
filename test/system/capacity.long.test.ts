// @module-tag long
/** The capacity of a link through all of Sabha: API, queue, signed command, the agent of this PC, the reflector, and back. */

import type { CommandSummary, CommandView } from '@sabha/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Centre, createSite, isUp, type Site, startCentre } from './centre-under-test.ts';

const pc = 'capital/this-office/this-pc';
let site: Site;
let centre: Centre;

beforeAll(async () => {
  site = await createSite();
  centre = startCentre(site);
  await isUp(centre);
});
afterAll(async () => {
  await centre.stop();
  site.remove();
});

async function post(body: object): Promise<{ status: number; id: string }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${site.ports.api}/api/commands`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, ...((await answer.json()) as { id: string }) };
}

test('a scope is measured by the PC that measures its site; loopback has no narrow part, and says so; the steps are in the audit, not in the list', async () => {
  const { id } = await post({ verb: 'measure-link', to: 'capital', by: 'Asha' });
  const view = () => centre.api<CommandView>(`/api/commands/${id}`);
  await expect.poll(async () => (await view()).state, { timeout: 40_000 }).toBe('answered');
  const { answers, missing } = await view();
  expect(missing).toEqual([]);
  expect(answers).toMatchObject([{ pc, outcome: 'done', reason: null }]);
  for (const [at, way] of ['up', 'down'].entries()) expect(hasNoNarrowPart(answers[0]?.lines?.[at] ?? '', way)).toBe(true);
  const listed = await centre.api<CommandSummary[]>('/api/commands');
  expect(listed.map((one) => [one.id, one.to, one.by])).toEqual([[id, 'capital', 'Asha']]);
  expect(await centre.sample('brokerMetrics', 'sabha_reflector_packets_total{kind="train",result="loaded"}')).toBeGreaterThan(0);
  expect(centre.lines.filter(({ level = 0 }) => level >= 50)).toEqual([]);
});

/** A machine that is starved sends at a pace of its own: that rate is told, far above what an office has. */
function hasNoNarrowPart(line: string, way: string): boolean {
  const seen = new RegExp(`^${way}: at least (\\d+)`).exec(line)?.[1];
  return line.startsWith(`${way}: not known, `) || Number(seen ?? 0) >= 20;
}

test('a place that is not there, and an argument that it does not take, are refused in one line', async () => {
  expect(await post({ verb: 'measure-link', to: 'kerala', by: 'Asha' })).toMatchObject({ status: 404 });
  expect(await post({ verb: 'measure-link', to: '', args: { fast: 1 }, by: 'Asha' })).toMatchObject({ status: 400 });
});
