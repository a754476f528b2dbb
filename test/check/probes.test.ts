import { faultIds, faultOf } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { due, probeRows } from './probe-rows.ts';
import { isTest, repository } from './source.ts';

/** Faults that the server raises, for which there is no probe. */
const ofTheCentre = /^(centre|outage|maintenance)\.|^pc\.(silent|cloned|noisy)$|^agent\.un/;
const researched = 44;

const code = repository('.')
  .filter(({ path }) => path.startsWith('agent/') && !isTest(path))
  .map(({ text }) => text)
  .join('\n');
/** Returns true if the code builds the fault id from the kind of device. */
const isFilledIn = (fault: string) => code.includes(`\`\${kind}.${fault.split('.')[1]}\``);

test('docs/reference/checks.md has each row of the research and each fault of a PC exactly once', () => {
  const numbers = probeRows.flatMap(({ n }) => n ?? []);
  expect([...new Set(numbers)]).toEqual(Array.from({ length: researched }, (_, at) => at + 1));
  const known = probeRows.map(({ fault }) => fault).filter((fault) => faultOf(fault) !== undefined);
  expect(known.toSorted(), 'without `asked` in the catalogue').toEqual(faultIds.filter((id) => !ofTheCentre.test(id)).toSorted());
  expect(new Set(probeRows.map(({ fault }) => fault)).size).toBe(probeRows.length);
});

test.each(probeRows)(
  '$fault: an implemented fault is in the catalogue, in the agent and in a probe test; a due fault is in none',
  (row) => {
    const isDue = faultOf(row.fault) === undefined;
    const isSaid = code.includes(`'${row.fault}'`) || (!isDue && isFilledIn(row.fault));
    expect([row.test === '', isSaid]).toEqual([isDue, !isDue]);
    if (isDue) expect([row.linux === due, row.windows]).toEqual([row.fault !== 'microphone.exclusive_held', due]);
    expect([row.linux, row.windows].filter((said) => said.trim() === '')).toEqual([]);
  },
);
