import { expect, test } from 'vitest';
import { technician } from '../people/people.test-helper.ts';
import { createRoster } from '../people/roster.ts';
import type { Answered } from './answers.ts';
import { type ByChannelOptions, takeAnswers, takeMissedCalls } from './by-channel.ts';

const group = { ...technician, id: 'leh-it', name: 'Leh IT', language: 'hi' as const, addresses: { telegram: '-100200' } };

/** Answers that note what is said, where incident 17 was told to some persons. */
function noting(changes: Partial<ReturnType<ByChannelOptions['answers']>>, became: Answered = { ok: true }) {
  const said: string[] = [];
  const answer = async (person: string, incident: number, word: string) => {
    said.push(`${person} ${incident} ${word}`);
    return became;
  };
  return { said, answers: () => ({ answer, toldOf: () => undefined, openFor: () => [], ...changes }) };
}

function rig(why: 'missing' | 'over' | 'stranger' | undefined = undefined, knew = ['asha', 'leh-it']) {
  const toldOf = (incident: number) => (incident === 17 ? knew : []);
  const { said, answers } = noting({ toldOf }, why === undefined ? { ok: true } : { ok: false, why });
  const take = takeAnswers({ roster: createRoster([technician, group]), answers });
  const press = (incident: number, ...addresses: string[]) => take({ channel: 'telegram', addresses, incident, word: 'going' });
  return { said, press: (...addresses: string[]) => press(17, ...addresses), pressOf: press };
}

test('who changed the number in a button took every alert of the nation: only of what they or their group was told', async () => {
  const { said, pressOf } = rig(undefined, ['leh-it']);
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

test('a person to whom the message went answers without an address, as long as they are in the roster', async () => {
  const { said, answers } = noting({ toldOf: () => ['asha', 'left-us'] });
  const take = takeAnswers({ roster: createRoster([technician]), answers });
  const about = { channel: 'voice', addresses: [], incident: 17, word: 'going' } as const;
  await take({ ...about, person: 'asha' });
  expect((await take({ ...about, person: 'left-us' })).by).toBeUndefined();
  expect(said).toEqual(['asha 17 going']);
});

test('a missed call takes the one incident that its person was told of; with two, none, a stranger, or a number of two persons it takes nothing', async () => {
  const phone = (id: string, voice: string) => ({ ...technician, id, addresses: { voice } });
  const persons = [phone('asha', '+919419000001'), phone('bina', '+919419000002'), phone('chand', '+919419000003')];
  const twins = [phone('dev', '+919419000009'), phone('esha', '09419000009')];
  const openFor: Record<string, number[]> = { asha: [17], bina: [17, 18], chand: [], dev: [17], esha: [17] };
  const { said, answers } = noting({ openFor: (person) => openFor[person] ?? [] });
  const take = takeMissedCalls({ roster: createRoster([...persons, ...twins]), answers });
  const numbers = ['09419000001', '09419000002', '09419000003', '+14155550100', '9419000009', '001', ''];
  const became = [];
  for (const number of numbers) became.push(await take('voice', number));
  expect(became).toEqual(['taken', 'several', 'none', 'stranger', 'stranger', 'stranger', 'stranger']);
  expect(said).toEqual(['asha 17 going']);
});
