import { expect, test } from 'vitest';
import { createMutex } from './waits.ts';

test('a mutex runs tasks one after the other, and a failed task does not block the next', async () => {
  const one = createMutex();
  const gate = Promise.withResolvers<void>();
  const ran: string[] = [];
  const first = one(async () => {
    await gate.promise;
    ran.push('first');
    throw new Error('broken');
  });
  const second = one(async () => ran.push('second'));
  expect(ran).toEqual([]);
  gate.resolve();
  await expect(first).rejects.toThrow('broken');
  await second;
  expect(ran).toEqual(['first', 'second']);
});
