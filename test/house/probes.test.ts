import { faultIds, faultOf } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { due, probeRows } from './probe-rows.ts';
import { isTest, repository } from './source.ts';

/** What the centre says of a PC, which no probe does. */
const ofTheCentre = /^(centre|outage|maintenance)\.|^pc\.(silent|cloned|noisy)$|^agent\.un/;
const researched = 44;

const code = repository('.')
  .filter(({ path }) => path.startsWith('agent/') && !isTest(path))
  .map(({ text }) => text)
  .join('\n');
/** Of the kinds of sound device, and of what is expected, the kind is filled in. */
const isFilledIn = (fault: string) => code.includes(`\`\${kind}.${fault.split('.')[1]}\``);

test('docs/probes.md has each row of the research, and each fault that a PC may say, once', () => {
  const numbers = probeRows.flatMap(({ n }) => n ?? []);
  expect([...new Set(numbers)]).toEqual(Array.from({ length: researched }, (_, at) => at + 1));
  const known = probeRows.map(({ fault }) => fault).filter((fault) => faultOf(fault) !== undefined);
  expect(known.toSorted(), 'without `asked` in the catalogue').toEqual(faultIds.filter((id) => !ofTheCentre.test(id)).toSorted());
  expect(new Set(probeRows.map(({ fault }) => fault)).size).toBe(probeRows.length);
});

test.each(probeRows)(
  '$fault: what is not due is in the catalogue, said by the agent and named in a test of the probes; what is due is neither',
  (row) => {
    const isDue = faultOf(row.fault) === undefined;
    const isSaid = code.includes(`'${row.fault}'`) || (!isDue && isFilledIn(row.fault));
    expect([row.test === '', isSaid]).toEqual([isDue, !isDue]);
    if (isDue) expect([row.linux === due, row.windows]).toEqual([row.fault !== 'microphone.exclusive_held', due]);
    expect([row.linux, row.windows].filter((said) => said.trim() === '')).toEqual([]);
  },
);
