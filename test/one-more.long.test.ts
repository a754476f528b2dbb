// @module-tag long
/** Tests the cost of adding a probe or a channel, on a copy of the whole repository. */
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { listViolations } from './check/rules.ts';
import { repository } from './check/source.ts';
import { copyOfTheHouse, oneMoreChannel, oneMoreProbe } from './one-more.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('a new probe costs 1 file, 1 test and 1 line, and the real runner returns its check', async () => {
  const house = copyOfTheHouse(root, oneMoreProbe);
  onTestFinished(house.remove);
  const kettle = { component: 'kettle', device: 'on-the-desk', status: 'ok', fault: null, reason: null };
  house.addFiles();
  expect(listViolations('agent/probes/probes.ts', repository(house.root))).toContain('agent/probes/room/kettle.ts: is not in the list');
  expect(await house.ask()).not.toContainEqual(kettle);
  expect(house.addToList()).toBe(1);
  const checks = (await house.ask()) as unknown[];
  expect(checks).toContainEqual(kettle);
  expect(checks.length).toBeGreaterThan(3);
  expect(await house.test()).toMatch(/Tests\s+1 passed/);
});

test('a new channel with settings and its own name costs 1 file, 1 test and 1 line, and reaches people', async () => {
  const house = copyOfTheHouse(root, oneMoreChannel);
  onTestFinished(house.remove);
  house.addFiles();
  const at = 'flows/notify/people/channels/';
  expect(listViolations(`${at}channels.ts`, repository(house.root))).toContain(`${at}gong.ts: is not in the list`);
  expect(await house.ask()).toMatchObject({ wrong: 'sabha.json: channels.gong: this key is not known' });
  expect(house.addToList()).toBe(1);
  expect(await house.ask()).toEqual({
    wrong: 'sabha.json: channels.gong.token: expected "tk_", found "x"',
    stray: 'sabha.json: people.0.addresses.gong: channels.gong is not set',
    taken: expect.stringMatching(/^sabha\.json: channels: .*a channel is set, or listed in offered, not both/),
    reached: ['console', 'gong'],
    words: ['gong', 'घंटा'],
  });
  expect(await house.test()).toMatch(/Tests\s+6 passed/);
});
