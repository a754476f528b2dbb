import { expect, test } from 'vitest';
import { takeAnswers } from './answers.ts';
import { technician } from './people.test-helper.ts';
import { createRoster } from './roster.ts';

const group = { ...technician, id: 'leh-it', name: 'Leh IT', language: 'hi' as const, addresses: { telegram: '-100200' } };

function rig(became: 'done' | 'missing' | 'over' = 'done') {
  const said: string[] = [];
  const take = takeAnswers({
    roster: createRoster([technician, group]),
    async answer(person, incident, word) {
      said.push(`${person.id} ${incident} ${word}`);
      return became;
    },
  });
  return { said, press: (...addresses: string[]) => take({ channel: 'telegram', addresses, incident: 17, word: 'going' }) };
}

test('the person of an address answers, in the person’s own language; in a group the person before the group', async () => {
  const { said, press } = rig();
  expect(await press('4711', '-100200')).toEqual({ by: 'Asha', line: '✔ Asha: I am going' });
  expect(await press('999', '-100200')).toEqual({ by: 'Leh IT', line: expect.stringMatching(/^✔ Leh IT: मैं/) });
  expect(said).toEqual(['asha 17 going', 'leh-it 17 going']);
});

test('a stranger answers nothing, and what is over or gone counts for nobody', async () => {
  const { said, press } = rig();
  expect(await press('999')).toEqual({ line: expect.stringContaining('Not in the roster') });
  expect(said).toEqual([]);
  expect(await rig('over').press('4711')).toEqual({ line: 'Already over' });
  expect((await rig('missing').press('4711')).by).toBeUndefined();
});
