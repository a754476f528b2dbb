import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handClock, seeded } from '../checks/agent.test-helper.ts';
import type { Answer } from '../platform/answer.ts';
import { tree } from '../platform/linux/tree.test-helper.ts';
import { openDoor } from './door.ts';
import { createGuests, refusals, type Speaker, toldSeldom } from './guests.ts';

test('the seat of a user who is signed in behind another cost an event each minute, all day', () => {
  let up = 0;
  const told: [number, string, number][] = [];
  const tell = toldSeldom({ up: () => up }, (why, count) => told.push([up / 60_000, why, count]));
  for (let count = 1; up < 86_400_000; up += 30_000, count += 1) tell('another user', count);
  expect(told.length).toBeLessThan(35);
  expect(told.slice(0, 4)).toEqual([
    [0, 'another user', 1],
    [1, 'another user', 3],
    [3, 'another user', 7],
    [7, 'another user', 15],
  ]);
  // Another reason waits for none, and whoever comes again after an hour is news.
  told.length = 0;
  tell('a line that is too long', 2_881);
  up += 3_600_000;
  tell('another user', 2_882);
  expect(told.map(([, why]) => why)).toEqual(['a line that is too long', 'another user']);
});

/** A door at which each who knocks has the next of these users, and what became of them. */
async function doorFor(owners: number[], sits: { speaker: Speaker }) {
  const became: string[] = [];
  const say = (what: string) => () => void became.push(what);
  const guests = createGuests({
    clock: handClock(),
    random: seeded(1),
    speaker: async () => sits.speaker,
    ownerOf: async () => ({ known: true, value: owners.shift() ?? 0 }),
    onJoined: say('joined'),
    onSaid: say('said'),
    onGone: say('gone'),
    onRefused: (why) => void became.push(why),
  });
  const address = join(tree({ note: '' }), 'room.sock');
  const server = await openDoor({ address, isPipe: false, all: false, onSocket: guests.enter });
  onTestFinished(() => void server.close());
  const knock = () => {
    const guest = connect(address);
    onTestFinished(() => void guest.destroy());
    guest.on('error', () => undefined).write('{"type":"proof"}\n');
  };
  return { became, guests, knock };
}

test('of a PC of which it is not known who sits there it was said that nobody is signed in', async () => {
  const sits: { speaker: Speaker } = { speaker: { known: true, value: 1 } };
  const { became, guests, knock } = await doorFor([1, 1], sits);
  knock();
  await expect.poll(() => became).toEqual(['joined']);
  guests.look(sits.speaker);
  sits.speaker = { known: false, reason: 'Windows does not answer' };
  guests.look(sits.speaker);
  expect(became.splice(0)).toEqual(['joined', 'gone', refusals.unseen]);
  knock();
  await expect.poll(() => became).toEqual([refusals.unseen]);
});

test('the seat of the user before was heard for seconds beside the next one, who was refused as a second', async () => {
  const sits: { speaker: Speaker } = { speaker: { known: true, value: 1 } };
  const { became, knock } = await doorFor([1, 2], sits);
  knock();
  await expect.poll(() => became).toEqual(['joined']);
  sits.speaker = { known: true, value: 2 };
  knock();
  await expect.poll(() => became).toEqual(['joined', 'gone', refusals.other, 'joined']);
});

test('a seat that went while it was proven held the place of the next one', async () => {
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const proof = Promise.withResolvers<Answer<number>>();
  const asked = Promise.withResolvers<void>();
  const guests = createGuests({
    clock: handClock(),
    random: seeded(1),
    speaker: async () => ({ known: true, value: 1 }),
    ownerOf() {
      asked.resolve();
      return proof.promise;
    },
    onJoined: tell('joined'),
    onSaid: tell('said'),
    onGone: tell('gone'),
    onRefused: tell('refused'),
  });
  const entered = Promise.withResolvers<Socket>();
  const address = join(tree({ note: '' }), 'room.sock');
  const onSocket = (socket: Socket) => {
    guests.enter(socket);
    entered.resolve(socket);
  };
  const server = await openDoor({ address, isPipe: false, all: false, onSocket });
  onTestFinished(() => void server.close());
  const guest = connect(address);
  guest.write('{"type":"proof"}\n');
  const ours = await entered.promise;
  await asked.promise;
  guest.destroy();
  await once(ours, 'close');
  proof.resolve({ known: true, value: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);
  expect(guests.send({ type: 'alive' })).toBe(false);
});
