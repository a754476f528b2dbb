// @module-tag long
/** Runs a shorter version of the ninety days of `npm run bench -- years`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { playYears } from '../bench/years-ledger.ts';
import { randomFrom } from '../random.ts';

test('a ledger stops growing after the third day, and no archived event is lost', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-years-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { events, sizes, wrong, audit } = await playYears({
    folder,
    pcs: 24,
    days: 8,
    eventsADay: 240,
    random: randomFrom(8),
    say: () => undefined,
  });
  expect([audit, wrong]).toEqual([{ events, gaps: 0, twice: 0 }, []]);
  const settled = sizes.slice(2);
  expect(Math.max(...settled) / Math.min(...settled)).toBeLessThan(1.05);
});
