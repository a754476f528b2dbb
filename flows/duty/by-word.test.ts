import { expect, test } from 'vitest';
import { createBook } from '../roster/book.ts';
import { member } from '../roster/roster.test-helper.ts';
import type { StintSaid } from '../roster/shift-orders.ts';
import { takeDutyWords } from './by-word.ts';

const asha = member('asha', { name: 'Asha', language: 'hi', addresses: { telegram: '4711', whatsapp: '+919419000001' } });
const until = Date.UTC(2027, 0, 13, 12, 30);

function rig(answer: StintSaid = { is: 'begun', until }) {
  const asked: string[] = [];
  const stint = async (id: string, { is, by }: { is: string; by: string }) => {
    asked.push(`${id} ${is} by ${by}`);
    return answer;
  };
  const take = takeDutyWords({ roster: { book: () => createBook([asha, member('bina')]) }, orders: () => ({ stint }) });
  return { asked, say: (text: string, address = '4711', channel = 'telegram') => take({ channel, addresses: [address], text }) };
}

test('a word is read however it is written, in each language; anything else is left alone', async () => {
  const { asked, say } = rig();
  for (const text of ['on', '/on', ' On Duty. ', 'ड्यूटी शुरू', 'ड्युटी सुरू', 'OFF', 'ड्यूटी ख़त्म'.normalize('NFD'), 'ड्युटी बंद']) await say(text);
  expect(asked.map((one) => one.split(' ')[1])).toEqual(['on', 'on', 'on', 'on', 'on', 'off', 'off', 'off']);
  expect(asked[0]).toBe('asha on by Asha');
  for (const text of ['hello', 'on my way', '', '/start', 'toString', 'x'.repeat(10_000)]) expect(await say(text)).toBeUndefined();
  expect(asked).toHaveLength(8);
});

test('a stranger is told so and nothing is done', async () => {
  const { asked, say } = rig();
  expect(await say('on', '4711', 'whatsapp')).toBe('Not in the roster of Sabha · सभा के रोस्टर में नहीं');
  expect(await say('on', '999')).toBe('Not in the roster of Sabha · सभा के रोस्टर में नहीं');
  expect(asked).toEqual([]);
});

test.each<[StintSaid, RegExp]>([
  [{ is: 'begun', until }, /^आप 13 जनवरी, 18:00 तक ड्यूटी पर हैं। .*off/],
  [{ is: 'here', until }, /रोस्टर के समय .* 13 जनवरी, 18:00/],
  [{ is: 'here', until: null }, /हमेशा/],
  [{ is: 'hours', until }, /13 जनवरी, 18:00 तक है। छुट्टी/],
  [{ is: 'ended', until: null }, /अब आप ड्यूटी पर नहीं/],
  [{ is: 'off', until: null }, /^आप ड्यूटी पर नहीं/],
  [{ is: 'fixed', until: null }, /हमेशा/],
  [{ is: 'unknown', until: null }, /Not in the roster/],
])('%j is said in the language and by the clock of the person', async (answer, line) => {
  expect(await rig(answer).say('on')).toMatch(line);
});
