import { expect, test } from 'vitest';
import { placesOf } from '../machine/places.ts';
import { unitsOf } from './units.ts';

const parts = ['broker', 'flows', 'dashboards'].map((name) => ({ name, args: ['--max-semi-space-size=4', `${name}/main.ts`] }));
const units = new Map(unitsOf(parts, placesOf()).map(({ name, text }) => [name, text]));
const said = (unit: string, key: string) =>
  [...(units.get(unit) ?? '').matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value);

test('each part is a service and a user of its own; one target starts them all, at the start of the machine', () => {
  const names = ['sabha-broker.service', 'sabha-flows.service', 'sabha-dashboards.service'];
  expect([...units.keys()]).toEqual(['sabha.target', 'sabha-prepare.service', ...names]);
  expect(names.flatMap((name) => said(name, 'User'))).toEqual(['sabha-broker', 'sabha-flows', 'sabha-dashboards']);
  expect(said('sabha.target', 'Wants')).toEqual([names.join(' ')]);
  expect(said('sabha.target', 'WantedBy')).toEqual(['multi-user.target']);
});

test('a unit starts what start.ts says, of the release in use, and again whatever ends it; who is silent for 30 s is ended', () => {
  expect(said('sabha-broker.service', 'ExecStart')).toEqual([
    '/opt/sabha/current/node_modules/.bin/node --max-semi-space-size=4 /opt/sabha/current/broker/main.ts',
  ]);
  const kept = ['Type', 'NotifyAccess', 'Restart', 'WatchdogSec', 'LimitNOFILE', 'StartLimitIntervalSec'];
  for (const { name } of parts)
    expect(kept.flatMap((key) => said(`sabha-${name}.service`, key))).toEqual(['notify', 'all', 'always', '30', '65536', '0']);
});

test('the broker may write nothing but its own, and what flows has is not there for it', () => {
  expect(said('sabha-broker.service', 'ReadWritePaths')).toEqual(['/var/lib/sabha/broker/own']);
  expect(said('sabha-broker.service', 'InaccessiblePaths')[0]?.split(' ')).toEqual(
    expect.arrayContaining(['-/var/lib/sabha/flows', '-/etc/sabha']),
  );
  expect(said('sabha-dashboards.service', 'ReadWritePaths')).toEqual(['/var/lib/sabha/dashboards/own']);
  expect(said('sabha-dashboards.service', 'IPAddressAllow')).toEqual(['localhost']);
});

test('a part that a later start.ts brings is a service that may nothing', () => {
  const [unit] = unitsOf([{ name: 'new', args: ['new/main.ts'] }], placesOf()).slice(2);
  expect(unit?.name).toBe('sabha-new.service');
  expect(unit?.text).not.toContain('ReadWritePaths');
});
