import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handClock, seeded } from '../checks/agent.test-helper.ts';
import type { Answer } from '../platform/answer.ts';
import { tree } from '../platform/linux/tree.test-helper.ts';
import { openDoor } from './door.ts';
import { createGuests } from './guests.ts';

test('a seat that went while it was proven held the place of the next one', async () => {
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  const proof = Promise.withResolvers<Answer<number>>();
  const asked = Promise.withResolvers<void>();
  const guests = createGuests({
    ...{ clock: handClock(), random: seeded(1) },
    speaker: async () => ({ known: true, value: 1 }),
    ownerOf() {
      asked.resolve();
      return proof.promise;
    },
    ...{ onJoined: tell('joined'), onSaid: tell('said'), onGone: tell('gone'), onRefused: tell('refused') },
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
