import { expect, test } from 'vitest';
import type { ChannelReply } from '../../engine/records/notices.ts';
import { technician } from '../people/people.test-helper.ts';
import { answersRig, pc } from './alert-replies.test-helper.ts';

const minute = 60_000;

test('createAnswers records an answer once per link, even for two parallel requests, and accepts another link or answer', async () => {
  const { answers, incident, audit } = answersRig();
  const twice = await Promise.all([1, 2].map(() => answers.answerByLink({ person: 'asha', incident, id: 'a1' }, 'seen')));
  expect(twice).toEqual([{ ok: true }, { ok: false, why: 'used' }]);
  expect(await answers.answerByLink({ person: 'asha', incident, id: 'a2' }, 'seen')).toEqual({ ok: true });
  expect(await answers.answerByLink({ person: 'asha', incident, id: 'a1' }, 'going')).toEqual({ ok: true });
  expect(await answers.answerByLink({ person: 'bina', incident, id: 'a1' }, 'seen')).toEqual({ ok: true });
  expect(audit[0]).toEqual({ who: 'Asha', what: 'answer seen', about: `incident ${incident} by link` });
});

test('createAnswers lets a person acknowledge an incident again by an older link, after giving it back or losing it to another person', async () => {
  const { answers, incident, stage } = answersRig();
  const used = (person: string, id: string) => answers.sheet(person, incident, id)?.live.used;
  for (const word of ['going', 'not-mine', 'going'] as const) {
    expect(await answers.answerByLink({ person: 'asha', incident, id: 'a1' }, word)).toEqual({ ok: true });
    expect(used('asha', 'a1')).toEqual([word]);
  }
  expect(stage.incident()?.acknowledged?.by).toBe('Asha');
  await answers.answerByLink({ person: 'bina', incident, id: 'b1' }, 'going', 'Asha');
  expect([used('asha', 'a1'), used('bina', 'b1')]).toEqual([[], ['going']]);
  expect(await answers.answerByLink({ person: 'asha', incident, id: 'a1' }, 'going', 'Bina')).toEqual({ ok: true });
});

test('createAnswers accepts at most 16 answers by one link', async () => {
  const { answers, incident, stage } = answersRig();
  const word = (at: number) => answers.answerByLink({ person: 'asha', incident, id: 'a1' }, at % 2 === 0 ? 'going' : 'not-mine');
  const said = [];
  for (let at = 0; at < 40; at += 1) said.push(await word(at));
  expect(said.findIndex(({ ok }) => !ok)).toBe(16);
  expect(stage.incident()?.answers).toHaveLength(16);
  expect(await answers.answerByLink({ person: 'asha', incident, id: 'a2' }, 'going')).toEqual({ ok: true });
});

test('createAnswers requires a confirmation before a person takes over an incident that another person has acknowledged', async () => {
  const { answers, incident, stage } = answersRig();
  await answers.answer('bina', incident, 'going');
  expect(await answers.answerByLink({ person: 'asha', incident, id: 'a1' }, 'going', '')).toEqual({ ok: false, why: 'taken' });
  expect(await answers.answerByLink({ person: 'asha', incident, id: 'a1' }, 'going', 'Bina')).toEqual({ ok: true });
  expect(stage.incident()?.acknowledged?.by).toBe('Asha');
  expect(stage.incident()?.answers?.map(({ by, word }) => `${by} ${word}`)).toEqual(['Bina going', 'Asha going']);
});

test('the answer page shows an incident as acknowledged by the person who acknowledged it on the wall by an account', async () => {
  const { answers, incident, stage } = answersRig();
  stage.apply({ type: 'acknowledge', incident, by: 'bina' });
  expect(answers.sheet('bina', incident, 'b1')?.live.labels.going).toBe('I am going');
  expect(await answers.answerByLink({ person: 'bina', incident, id: 'b1' }, 'going', '')).toEqual({ ok: true });
  expect(stage.incident()?.deeds?.map(({ did, by }) => `${by} ${did}`)).toEqual(['bina acknowledged', 'bina acknowledged']);
  expect(await answers.answerByLink({ person: 'asha', incident, id: 'a1' }, 'going', '')).toEqual({ ok: false, why: 'taken' });
});

test('createAnswers refuses with a reason an answer by an unknown person, or to a missing or ended incident', async () => {
  const { answers, incident, mend, pass } = answersRig();
  expect(await answers.answer('chandra', incident, 'going')).toEqual({ ok: false, why: 'stranger' });
  expect(await answers.answer('asha', 999, 'going')).toEqual({ ok: false, why: 'missing' });
  mend();
  pass(20 * minute);
  expect(await answers.answer('asha', incident, 'going')).toEqual({ ok: false, why: 'over' });
  expect(await answers.checkIn('asha', incident)).toBe(false);
});

test('"I am here" starts the checks of the site once within the rate limit', async () => {
  const { answers, incident, ordered, pass } = answersRig();
  expect([await answers.checkIn('asha', incident), await answers.checkIn('asha', incident)]).toEqual([true, true]);
  expect(ordered).toEqual([{ to: pc.split('/').slice(0, 2).join('/'), verb: 'fast-checks', args: {}, by: 'Asha' }]);
  pass(minute);
  await answers.checkIn('asha', incident);
  expect(ordered).toHaveLength(2);
});

test('the answer page is in the language of the person and says that all is well as soon as a check reports that', async () => {
  const { answers, incident, mend, pass } = answersRig();
  const live = () => answers.sheet('asha', incident, 'a1')?.live;
  expect(answers.sheet('asha', incident, 'a1')).toMatchObject({
    visit: ['कमरे का फ़ोन: 01982 252010'],
    phone: { number: '01982 252010', tel: '01982252010' },
  });
  expect(live()).toMatchObject({
    what: 'बहुत ज़रूरी: माइक नहीं मिल रहा',
    steps: ['माइक की केबल निकालकर दोबारा लगाएँ।', 'फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।'],
  });
  expect(live()).toMatchObject({ cure: 'broken', holder: 'अभी यह किसी के पास नहीं है।', labels: { going: 'मैं जा रहा/रही हूँ' }, used: [] });
  await answers.answer('bina', incident, 'going');
  expect(live()).toMatchObject({ holder: '14:00 से यह Bina के पास है।', labels: { going: 'अब मैं सँभालता/सँभालती हूँ' }, taken: 'Bina' });
  mend();
  expect(live()).toMatchObject({ cure: 'well', status: '14:00 से काम कर रहा है। रुकने की ज़रूरत नहीं: पूरी तरह ठीक होने पर मैसेज आएगा।' });
  pass(20 * minute);
  expect(live()).toMatchObject({ cure: 'over', status: expect.stringMatching(/^यह अलर्ट 3 मार्च, 14:00 पर ख़त्म हुआ/) });
});

test('the answer page shows the check as running, then its result once the PC has run the check', async () => {
  const { answers, incident, says, clock, mend } = answersRig();
  const live = () => answers.sheet('bina', incident, 'b1')?.live;
  let told = 0;
  answers.onChange(incident, () => {
    told += 1;
  });
  expect(live()?.line).toBe('');
  await answers.checkIn('bina', incident, 'b1');
  expect(live()?.line).toBe('The room is being checked. The result appears here.');
  says('done');
  await clock.pass(2_000);
  expect(live()?.line).toBe('The room is being checked. The result appears here.');
  const before = told;
  await clock.pass(10_000);
  expect([live()?.line, told > before]).toEqual(['Checked at 14:00. Still there: Microphone not found.', true]);
  expect(answers.sheet('asha', incident, 'a1')?.live.line).toBe('14:00 पर जाँच हुई। दिक्कत अब भी है: माइक नहीं मिल रहा।');
  await clock.pass(31 * minute);
  expect(live()?.line).toBe('');
  await answers.checkIn('bina', incident, 'b1');
  mend();
  expect(live()).toMatchObject({ cure: 'well', line: '' });
});

/** Creates a technician and a group at one site. The recipients `told` were notified. The result presses *going* from an address. */
function pressing(told: string[]) {
  const group = { ...technician, id: 'leh-it', name: 'Leh IT', language: 'hi' as const, addresses: { telegram: '-100200' } };
  const rig = answersRig([technician, group]);
  for (const person of told) rig.stage.incident()?.told.push({ person, channel: 'telegram', at: 0 });
  const press = (addresses: string[], changes: Partial<ChannelReply> = {}) =>
    rig.answers.byButton({ channel: 'telegram', addresses, incident: rig.incident, word: 'going', ...changes });
  return { ...rig, press, said: () => rig.stage.incident()?.answers?.map(({ person, word }) => `${person} ${word}`) ?? [] };
}
const stranger = { line: expect.stringContaining('Not in the roster') };

test('createAnswers accepts a button press only if its person, or the group at its address, was notified', async () => {
  const { press, said } = pressing(['leh-it']);
  expect([await press(['4711']), await press(['999'])]).toEqual([stranger, stranger]);
  expect(await press(['999', '-100200'])).toEqual({ by: 'Leh IT', line: expect.stringMatching(/^✔ Leh IT: मैं/) });
  expect(await press(['4711', '-100200'])).toEqual({ by: 'Asha', line: '✔ Asha: I am going' });
  expect(said()).toEqual(['leh-it going', 'asha going']);
});

test('createAnswers ignores a button press for a missing or ended incident, or by a person who left the roster', async () => {
  const { press, said, mend, pass } = pressing(['asha', 'left-us']);
  expect(await press([], { person: 'left-us' })).toEqual(stranger);
  expect(await press(['4711'], { incident: 999 })).toEqual({ line: 'This alert is no longer stored.' });
  expect(await press([], { person: 'asha' })).toMatchObject({ by: 'Asha' });
  mend();
  pass(20 * minute);
  expect(await press(['4711'])).toEqual({ line: 'Already over' });
  expect(said()).toEqual(['asha going']);
});

test('createAnswers acknowledges an incident by a missed call only if one person and one open incident match the number', async () => {
  const phone = (id: string, voice: string) => ({ ...technician, id, addresses: { voice } });
  const persons = [phone('asha', '+919419000001'), phone('bina', '+919419000002'), phone('chand', '+919419000003')];
  const twins = [phone('dev', '+919419000009'), phone('esha', '09419000009')];
  const { answers, stage } = answersRig([...persons, ...twins]);
  const first = stage.incident();
  if (first === undefined) throw new Error('there is no incident');
  const of = (...ids: string[]) => ids.map((person) => ({ person, channel: 'voice', at: 0 }));
  const { incidents } = stage.engine.memory;
  incidents.set(first.id, { ...first, told: of('asha', 'bina', 'dev', 'esha') });
  incidents.set(99, { ...first, id: 99, told: of('bina') });
  const numbers = ['09419000002', '09419000001', '09419000001', '09419000003', '+14155550100', '9419000009', '001', ''];
  const became = [];
  for (const number of numbers) became.push(await answers.byMissedCall('voice', number));
  expect(became).toEqual(['several', 'taken', 'none', 'none', 'stranger', 'stranger', 'stranger', 'stranger']);
  expect(incidents.get(first.id)?.answers?.map(({ person, word }) => `${person} ${word}`)).toEqual(['asha going']);
});
