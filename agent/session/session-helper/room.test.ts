import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import type { Answer, Platform } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { listenLocally, readLines, sendLine } from './ipc-server.ts';
import type { HelperOrder } from './messages.ts';
import { createHelper } from './room.ts';

/** Returns the response of a helper on this platform to an order. */
async function answerTo(order: HelperOrder, platform: Partial<Platform>): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-room-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const address = join(folder, 'room.sock');
  const answer = Promise.withResolvers<string>();
  const server = await listenLocally({
    address,
    isPipe: false,
    all: false,
    onSocket(socket) {
      readLines(socket, (text) => text?.includes('"done"') && answer.resolve(text));
      const profile = { link: 'fibre', elevationM: 0, expected: {} };
      sendLine(socket, { type: 'room', pc: 'up/lucknow/room-1', profile, checks: [] });
      sendLine(socket, { type: 'order', id: 7, order });
    },
  });
  onTestFinished(() => void server.close());
  const room = createHelper({
    seat: { address, isPipe: false },
    clock: { ...handClock(), speed: 3 },
    random: seeded(7),
    probes: [],
    platform: { ...createUnsupported(), ...platform },
    log: { info: () => undefined, warn: () => undefined },
    saveCard: () => true,
  });
  onTestFinished(() => room.stop());
  room.start();
  const { type, id, result } = JSON.parse(await answer.promise);
  expect([type, id]).toEqual(['done', 7]);
  return result;
}

test('the session helper executes an order whose time limit is not a whole number, as with a faster clock', async () => {
  expect(await answerTo({ verb: 'restart-sound' }, { restartSound: async () => ({ done: true }) })).toEqual({ done: true });
});

test("the session helper reports whether the user's desktop lets the PC sleep", async () => {
  const asked = (answer: Answer<boolean>) => ({ ask: async () => answer }) as unknown as Platform;
  expect(await answerTo({ verb: 'sleeps' }, asked({ known: true, value: true }))).toEqual({ done: true });
  for (const answer of [{ known: true, value: false } as const, { known: false, reason: 'no systemd here' } as const])
    expect(await answerTo({ verb: 'sleeps' }, asked(answer))).toEqual({
      done: false,
      reason: 'the desktop does not report that it sleeps',
    });
});

test('the session helper reports whether a program uses camera or microphone', async () => {
  const cameras = async () => ({
    known: true as const,
    value: [{ id: 'a', name: 'a', usedBy: { known: true as const, value: ['zoom'] } }],
  });
  expect(await answerTo({ verb: 'meeting' }, { cameras })).toEqual({ done: true });
  expect(await answerTo({ verb: 'meeting' }, {})).toEqual({ done: false, reason: 'no program has camera or microphone' });
});
