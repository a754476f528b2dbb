import { expect, test } from 'vitest';
import { readMachine } from './machine.ts';

test('the machine reader returns the parts of the PC from a separate process, without serial number, address or user', async () => {
  const parts = await readMachine(AbortSignal.timeout(60_000));
  expect(Object.keys(parts).sort()).toEqual(['bios', 'cpu', 'memoryBytes', 'os', 'system']);
  expect(parts).toMatchObject({ os: { platform: 'linux' }, cpu: { cores: expect.any(Number) }, memoryBytes: expect.any(Number) });
  expect(JSON.stringify(parts)).not.toMatch(/serial|uuid|hostname|fqdn|user/i);
});

test('the machine reader returns no parts if the separate process does not end in time', async () => {
  expect(await readMachine(AbortSignal.abort())).toEqual({});
});
