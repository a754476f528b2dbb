/** What strangers can do to the reflector of a real broker process: they get no packet. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ReflectorProcess, startReflectorProcess } from '../reflector-process.ts';
import { strangerAt, unansweredBy } from './strangers.ts';

let reflector: ReflectorProcess;

beforeAll(async () => {
  reflector = await startReflectorProcess();
});
afterAll(() => reflector.stop());

const kinds = unansweredBy(() => reflector);

test.each(Object.entries(kinds))('S7 %s is answered with nothing', async (_what, make) => {
  const { socket, answers } = await strangerAt('127.0.0.1', reflector);
  const seen = async () => Object.values(await reflector.counts()).reduce((sum, count) => sum + count, 0);
  const before = await seen();
  for (let count = 0; count < 50; count += 1) socket.send(make());
  await expect.poll(seen).toBe(before + 50);
  expect(answers).toEqual([]);
  socket.close();
});
