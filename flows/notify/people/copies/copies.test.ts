import { expect, test } from 'vitest';
import type { Incident, IncidentReply } from '../../../engine/records/incidents.ts';
import { type DeliveryOutcome, linkMark, type MessageEdit, type OutboxRow } from '../../../engine/records/notices.ts';
import { notice, row, technician, testClock } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';
import { createCopies } from './copies.ts';

const at = notice().at;
const going = (by: string, later = 1): IncidentReply => ({ person: by, by, word: 'going', at: at + later });
const incidentOf = (answers: IncidentReply[], change: Partial<Incident> = {}) => ({ id: 17, over: null, answers, ...change }) as Incident;
const copyOf = (change: Partial<OutboxRow> = {}) =>
  row({ channel: 'chat', state: 'delivered', copy: { id: 'c1', text: 'broken\n' }, ...change });

function rig(rows: OutboxRow[] = [copyOf()]) {
  const clock = testClock();
  const edits: string[] = [];
  const asked: number[] = [];
  const outcomes: DeliveryOutcome[] = [];
  /** No edit begins before this promise resolves. */
  let turn: Promise<void> = Promise.resolve();
  /** The channel returns no outcome of an edit before this promise resolves. */
  let answer: Promise<void> = Promise.resolve();
  const edit = async ({ id, said }: MessageEdit): Promise<DeliveryOutcome> => {
    await turn;
    const { text, lines } = said();
    edits.push([id, text.trim(), ...lines].join(' | '));
    await answer;
    return outcomes.shift() ?? { result: 'delivered' };
  };
  const channel = { send: async () => ({ result: 'delivered' as const }), edit };
  const broken: Error[] = [];
  const roster = createRoster([technician, { ...technician, id: 'bina', name: 'Bina', language: 'hi' }]);
  const copies = createCopies({
    clock,
    roster,
    channels: new Map([['chat', { channel, reaches: () => true }]]),
    copies: async (incident) => {
      asked.push(incident);
      return rows.filter((one) => one.notice.incident === incident);
    },
    linksTo: (person, { incident }) => ({ tap: `https://sabha.test/t?${person}.${incident}.new` }),
    onError: (error) => void broken.push(error),
  });
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    turn = promise;
    return resolve;
  };
  const holdAnswer = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    answer = promise;
    return resolve;
  };
  return { clock, copies, edits, asked, outcomes, roster, hold, holdAnswer };
}

test('an answer given after the start is added to each sent message in the language of its reader; earlier answers are not added', async () => {
  const rows = [copyOf(), copyOf({ key: '1/chat/bina', person: 'bina', copy: { id: 'c2', text: 'माइक\n' } })];
  const { clock, copies, edits, asked } = rig(rows);
  copies.changed([incidentOf([going('Asha', -3_600_000)]), incidentOf([], { id: 18 })]);
  await clock.pass(0);
  expect([asked, edits]).toEqual([[], []]);
  copies.changed([incidentOf([going('Asha', -3_600_000), going('Meera', 2)])]);
  await clock.pass(0);
  expect(edits).toEqual(['c1 | broken | ✔ Meera: I am going', expect.stringMatching(/^c2 \| माइक \| ✔ Meera: मैं/)]);
});

test('one edit of a sent message waits at a time, and writes the latest answer when the edit runs', async () => {
  const { clock, copies, edits, hold } = rig();
  const letGo = hold();
  copies.changed([incidentOf([going('Asha')])]);
  await clock.pass(0);
  copies.changed([incidentOf([going('Asha'), going('Meera', 2)])]);
  await clock.pass(0);
  letGo();
  await clock.pass(0);
  expect(edits).toEqual(['c1 | broken | ✔ Meera: I am going']);
});

test('an answer given while the message was being sent is added after the delivery; an answer older than the notice is not added', async () => {
  const { clock, copies, edits } = rig([]);
  copies.changed([incidentOf([going('Asha', 5)])]);
  await clock.pass(0);
  copies.messageDelivered(copyOf({ notice: notice({ at: at + 9 }) }));
  copies.messageDelivered(copyOf({ notice: notice({ incident: 18 }) }));
  await clock.pass(0);
  expect(edits).toEqual([]);
  copies.messageDelivered(copyOf());
  await clock.pass(0);
  expect(edits).toEqual(['c1 | broken | ✔ Asha: I am going']);
});

test('an edit in a busy channel is retried no sooner than the channel says, and a refused edit is not retried', async () => {
  const { clock, copies, edits, outcomes } = rig();
  outcomes.push(
    { result: 'retry', reason: 'busy', afterMs: 120_000 },
    { result: 'retry', reason: 'gone' },
    { result: 'refused', reason: 'no' },
  );
  copies.changed([incidentOf([going('Asha')])]);
  await clock.pass(119_000);
  expect(edits).toHaveLength(1);
  await clock.pass(24 * 3_600_000);
  expect(edits).toHaveLength(3);
  copies.changed([incidentOf([going('Asha'), going('Meera', 2)])]);
  await clock.pass(0);
  expect(edits.at(-1)).toMatch(/Meera/);
});

test('an edited message carries a new personal link, because the first one may have expired', async () => {
  const { clock, copies, edits } = rig([copyOf({ copy: { id: 'c1', text: `broken\n${linkMark}\n` } })]);
  copies.changed([incidentOf([going('Asha')])]);
  await clock.pass(0);
  expect(edits).toEqual(['c1 | broken\nhttps://sabha.test/t?asha.17.new | ✔ Asha: I am going']);
});

test('a failed edit is not retried while a later edit of the same message waits', async () => {
  const { clock, copies, edits, outcomes, hold, holdAnswer } = rig();
  const answer = holdAnswer();
  outcomes.push({ result: 'retry', reason: 'busy' });
  copies.changed([incidentOf([going('Asha')])]);
  await clock.pass(0);
  const turn = hold();
  copies.changed([incidentOf([going('Asha'), going('Meera', 2)])]);
  await clock.pass(0);
  answer();
  await clock.pass(60_000);
  turn();
  await clock.pass(24 * 3_600_000);
  expect(edits).toEqual(['c1 | broken | ✔ Asha: I am going', 'c1 | broken | ✔ Meera: I am going']);
});
