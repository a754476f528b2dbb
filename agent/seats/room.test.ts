import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handClock, seeded } from '../checks/agent.test-helper.ts';
import type { Order } from '../platform/platform.ts';
import { createUnwritten } from '../platform/unwritten.ts';
import { openDoor } from './door.ts';
import { hearLines, sendLine } from './lines.ts';
import { createRoom } from './room.ts';
import { knockAt } from './way.ts';

test('an order ended the seat where its limit is no whole number of milliseconds: by a clock that goes three times as fast', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-room-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const address = join(folder, 'room.sock');
  const answer = Promise.withResolvers<string>();
  const server = await openDoor({
    ...{ address, isPipe: false, all: false },
    onSocket(socket) {
      const line = (text: string) => text.includes('"done"') && answer.resolve(text);
      hearLines(socket, { limitBytes: () => 65_536, line, tooLong: () => undefined });
      const profile = { link: 'fibre', elevationM: 0, expected: {} };
      sendLine(socket, { type: 'room', pc: 'up/lucknow/room-1', profile, checks: [] });
      sendLine(socket, { type: 'order', id: 7, order: { verb: 'restart-sound' } });
    },
  });
  onTestFinished(() => void server.close());
  const done: Order = { done: true };
  const room = createRoom({
    ...{ way: knockAt(address), clock: { ...handClock(), speed: 3 }, random: seeded(7), probes: [] },
    platform: { ...createUnwritten(), restartSound: async () => done },
    log: { info: () => undefined, warn: () => undefined },
    saveCard: () => true,
    toasts: () => ({ onKnown: () => undefined, onMended: () => undefined }),
  });
  onTestFinished(() => room.stop());
  room.start();
  expect(JSON.parse(await answer.promise)).toEqual({ type: 'done', id: 7, result: done });
});
