import { expect, test } from 'vitest';
import { fleetRows } from './exporter-fleet.ts';
import { linesThatDiffer, oursOf, promClientOf } from './exporter-pages.ts';

test('the page of prom-client has every series of our exporter, including that of outages', async () => {
  const rows = fleetRows(9);
  const [away] = rows.snapshot.pcs;
  if (away) away.outage = { cause: 'power-cut', confidence: 0.8 };
  const [ours, theirs] = [[...oursOf(rows).fleet()].join(''), (await promClientOf(rows).own()).text];
  expect(ours).toContain('sabha_pc_outage_confidence_ratio{');
  expect(linesThatDiffer(ours, theirs)).toEqual([]);
});

test('the comparison returns the lines of only one page, whatever the order of lines', () => {
  expect(linesThatDiffer('a 1\nb 2\n', 'b 2\na 1\n\n')).toEqual([]);
  expect(linesThatDiffer('a 1\nb 2\n', 'a 1\nb 3\n')).toEqual(['b 2', 'b 3']);
});
