import { expect, test } from 'vitest';
import { ofTier } from '../../test/figures.ts';
import { type Random, randomFrom } from '../../test/random.ts';
import { columns } from './columns.ts';
import { planImport, readCsv, toCsv } from './csv.ts';
import { randomTree } from './sites.test-helper.ts';
import { createSiteTable } from './table.ts';

test('an exported site tree is imported without a difference, into an empty table and into its own table', () => {
  for (let seed = 1; seed <= ofTier(60, 300); seed++) {
    const nodes = randomTree(randomFrom(seed));
    const table = createSiteTable(nodes);
    const text = toCsv(table);
    expect(text, `seed ${seed}`).not.toMatch(/(^|[,"\n])[=+@]/m);
    const alone = readCsv(text, createSiteTable([]), 0);
    expect(alone.problems, `seed ${seed}`).toEqual([]);
    expect(alone.nodes, `seed ${seed}`).toEqual([...table.nodes()]);
    const again = planImport({ csv: text, table, now: 5, by: 'x' });
    expect(again, `seed ${seed}`).toEqual({
      import: { problems: [], difference: { added: [], changed: [], same: nodes.length, missing: [] }, applied: false },
      change: null,
    });
  }
});

test('a file with random edits is accepted completely or rejected with its problems, without an exception', () => {
  let taken = 0;
  for (let seed = 1; seed <= ofTier(150, 600); seed++) {
    const random = randomFrom(seed);
    const { nodes, problems } = readCsv(spoilt(random), createSiteTable([]), 0);
    expect(nodes.length === 0 || problems.length === 0, `seed ${seed}`).toBe(true);
    for (const { line, what } of problems) expect(line >= 1 && what.length > 5 && !/[\r\n]/.test(what), `seed ${seed}: ${what}`).toBe(true);
    if (problems.length === 0) taken += 1;
  }
  expect(taken).toBeGreaterThan(20);
});

/** Returns an export in which a few characters are inserted, removed or replaced at random. */
function spoilt(random: Random): string {
  const text = [...toCsv(createSiteTable(randomTree(random)))];
  for (let times = random.below(4); times > 0; times--) {
    const at = random.below(text.length);
    text.splice(at, random.below(3), random.pick([...',;"\n\r=|', '\0', '', '9', 'x', 'é', random.pick(columns)]));
  }
  return text.join('');
}
