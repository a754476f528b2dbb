import * as v from 'valibot';
import { expect, test } from 'vitest';
import { linkReport } from './link-report.ts';

const direction = { loss: 0, burst: 1, jitterMs: 1, jitterP95Ms: 2 };
const quality = { sent: 9, roundTripMs: { median: 1, p95: 2 }, up: direction, down: direction, r: 93.2, rAdjusted: 90, mos: 4.4 };

test.each(['r', 'rAdjusted', 'mos'])('R27 a report with an infinite %s is rejected', (figure) => {
  const said = (value: string) =>
    JSON.parse(JSON.stringify({ at: 1, quality }).replace(new RegExp(`("${figure}"):[\\d.]+`), `$1:${value}`));
  expect(v.is(linkReport, said('-3'))).toBe(true);
  expect([v.is(linkReport, said('1e999')), v.is(linkReport, said('-1e999'))]).toEqual([false, false]);
});
