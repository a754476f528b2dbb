import { expect, test } from 'vitest';
import { technician } from '../people/people.test-helper.ts';
import { createRoster } from '../people/roster.ts';
import { takeAnswers, takeMissedCalls } from './by-channel.ts';

const group = { ...technician, id: 'leh-it', name: 'Leh IT', language: 'hi' as const, addresses: { telegram: '-100200' } };

function rig(became: 'done' | 'missing' | 'over' | 'stranger' = 'done', knew = ['asha', 'leh-it']) {
  const said: string[] = [];
  const take = takeAnswers({
    roster: createRoster([technician, group]),
    toldOf: (incident) => (incident === 17 ? knew : []),
    async answer(person, incident, word) {
      said.push(`${person.id} ${incident} ${word}`);
      return became;
    },
  });
  const press = (incident: number, ...addresses: string[]) => take({ channel: 'telegram', addresses, incident, word: 'going' });
  return { said, press: (...addresses: string[]) => press(17, ...addresses), pressOf: press };
}

test('who changed the number in a button took every alert of the nation: only of what they or their group was told', async () => {
  const { said, pressOf } = rig('done', ['leh-it']);
  expect(await pressOf(18, '4711')).toEqual({ line: expect.stringContaining('Not in the roster') });
  expect(await pressOf(17, '4711')).toEqual({ line: expect.stringContaining('Not in the roster') });
  expect(await pressOf(17, '4711', '-100200')).toMatchObject({ by: 'Asha' });
  expect(said).toEqual(['asha 17 going']);
});

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
  expect(await rig('stranger').press('4711')).toEqual({ line: expect.stringContaining('Not in the roster') });
});

test('who pressed the button of the day before yesterday was told that they are not in the roster', async () => {
  expect(await rig('missing').press('4711')).toEqual({ line: 'This alert is no longer kept.' });
  expect(await rig('missing').press('999', '-100200')).toEqual({ line: 'यह अलर्ट अब रखा हुआ नहीं है।' });
});

test('a person to whom the message went answers without an address, as long as they are in the roster', async () => {
  const said: string[] = [];
  const take = takeAnswers({
    roster: createRoster([technician]),
    toldOf: () => ['asha', 'left-us'],
    async answer(person) {
      said.push(person.id);
      return 'done';
    },
  });
  const about = { channel: 'voice', addresses: [], incident: 17, word: 'going' } as const;
  await take({ ...about, person: 'asha' });
  expect((await take({ ...about, person: 'left-us' })).by).toBeUndefined();
  expect(said).toEqual(['asha']);
});

test('a missed call takes the one incident that its person was told of; with two, none, a stranger, or a number of two persons it takes nothing', async () => {
  const phone = (id: string, voice: string) => ({ ...technician, id, addresses: { voice } });
  const persons = [phone('asha', '+919419000001'), phone('bina', '+919419000002'), phone('chand', '+919419000003')];
  const twins = [phone('dev', '+919419000009'), phone('esha', '09419000009')];
  const openFor: Record<string, number[]> = { asha: [17], bina: [17, 18], chand: [], dev: [17], esha: [17] };
  const said: string[] = [];
  const take = takeMissedCalls({
    roster: createRoster([...persons, ...twins]),
    openFor: (person) => openFor[person] ?? [],
    async answer(person, incident, word) {
      said.push(`${person.id} ${incident} ${word}`);
      return 'done';
    },
  });
  const numbers = ['09419000001', '09419000002', '09419000003', '+14155550100', '9419000009', '001', ''];
  const became = [];
  for (const number of numbers) became.push(await take('voice', number));
  expect(became).toEqual(['taken', 'several', 'none', 'stranger', 'stranger', 'stranger', 'stranger']);
  expect(said).toEqual(['asha 17 going']);
});
