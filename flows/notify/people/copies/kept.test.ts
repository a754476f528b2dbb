/** Stored copy of an editable message: kept in its outbox row, and found by its incident. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Transition } from '../../../engine/records/incidents.ts';
import { linkMark, type OutboxRow } from '../../../engine/records/notices.ts';
import { openInThread } from '../../../storage/ledger/ledger.ts';
import { outboxOver } from '../outbox.test-helper.ts';
import { notice, row, testClock } from '../people.test-helper.ts';

const at = row().createdAt;

/** Sends rows over a channel with editable messages. Returns the ledger and the keys that `onCopy` received. */
async function sent(rows: OutboxRow[], passMs = 0) {
  const clock = testClock();
  const ledger = openInThread(new DatabaseSync(':memory:'));
  const stood: string[] = [];
  let count = 0;
  const channel = { send: async () => ({ result: 'delivered' as const, copy: `4711/${++count}` }) };
  const { outbox } = outboxOver(
    { chat: { channel, reaches: () => true } },
    {
      clock,
      commit: ledger.commit,
      wall: 'https://sabha.test',
      linksTo: (person, { incident }) => ({ tap: `https://sabha.test/t?secret.${person}.${incident}` }),
      onCopy: ({ key }) => void stood.push(key),
    },
  );
  const transition = ({ transition: id, notice: { incident } }: OutboxRow) => ({ id, incident, state: 'concluded' }) as Transition;
  await ledger.commit(
    rows.flatMap(
      (one) =>
        [
          { op: 'outbox', row: one },
          { op: 'transition', transition: transition(one) },
        ] as const,
    ),
  );
  outbox.add(rows);
  await clock.pass(passMs);
  return { ledger, stood };
}

const waiting = (transition: number, change: Parameters<typeof notice>[0] = {}) =>
  row({ channel: 'chat', transition, notice: notice({ at, ...change }) });

test('a delivered message is stored with recipient, text and channel id in one commit, without the token of the link', async () => {
  const { ledger, stood } = await sent([waiting(1)]);
  const [kept, ...others] = await ledger.copies(17);
  expect(others).toEqual([]);
  expect(kept).toMatchObject({ key: '1/chat/asha', state: 'delivered', person: 'asha', copy: { id: '4711/1' } });
  expect(kept?.copy?.text).toContain(linkMark);
  expect(JSON.stringify(kept)).not.toContain('secret');
  expect(stood).toEqual(['1/chat/asha']);
});

test('sent messages that can still be edited are found by their incident, the newest first', async () => {
  const rooms = [1, 2, 10, 11, 100].map((id) => waiting(id, { incident: id === 11 ? 18 : 17, scope: `ladakh/leh/pc-${id}` }));
  const { ledger } = await sent(rooms, 60_000);
  expect((await ledger.copies(17)).map(({ transition }) => transition)).toEqual([100, 10, 2, 1]);
  expect((await ledger.copies(18)).map(({ transition }) => transition)).toEqual([11]);
  expect(await ledger.copies(19)).toEqual([]);
});

test('a list of several alerts cannot be edited after it was sent, and of several late messages on one alert only the last can', async () => {
  const late = (transition: number, incident: number) =>
    ({ ...waiting(transition, { incident }), createdAt: at - 3_600_000, moved: true }) as OutboxRow;
  const list = await sent([late(1, 17), late(2, 18)]);
  expect(await list.ledger.copies(17)).toEqual([]);
  const words = await sent([late(1, 17), late(2, 17)]);
  expect((await words.ledger.copies(17)).map(({ key }) => key)).toEqual(['2/chat/asha']);
});
