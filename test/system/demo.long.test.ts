// @module-tag long
/** Runs the demo as a new user does: the real server, a small nation of real agents, and a summary without contradictions. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Summary } from '../fleet/summary.ts';
import { livingWith, startProgram } from './processes.ts';

test('a nation of 30 sites stores every event once and raises each expected incident', async () => {
  const mark = randomUUID();
  const args = ['test/fleet/demo.ts', '--sites', '30', '--minutes', '0.08', '--speed', '20', '--json', '--port-base', '0'];
  const demo = startProgram({ args, env: { ...process.env, SABHA_DEMO_MARK: mark } });
  const { code } = await demo.ended;
  const [line, ...more] = demo.lines;
  expect(demo.errors).toEqual([]);
  expect(code).toBe(0);
  expect(more).toEqual([]);
  const { incidents, peakRssMiB, ...summary }: Summary = JSON.parse(line?.msg ?? '');
  expect(summary).toMatchObject({ pcs: 27, speed: 20, gaps: 0, appliedTwice: 0, eventsInLedger: summary.eventsSent });
  expect(summary.eventsSent).toBeGreaterThan(27 * 10);
  expect(incidents.expected).toBeGreaterThanOrEqual(3);
  expect(incidents).toMatchObject({ raised: incidents.expected, open: incidents.raised - incidents.cleared });
  for (const peak of Object.values(peakRssMiB)) expect(peak).toBeGreaterThan(30);
  expect(livingWith(`SABHA_DEMO_MARK=${mark}`)).toEqual([]);
});
