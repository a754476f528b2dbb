import { expect, test } from 'vitest';
import { createNation, lehPath } from './nation.ts';
import { createScenario, type Disturbance, expectedIncidents, expectedSpreads } from './scenario.ts';

const minute = 60_000;
const nation = createNation({ sites: 736, seed: 1 });
const pcs = nation.sites.map((site) => ({ path: nation.pcOf(site), link: site.link }));
const silenced = `${lehPath}/vc-1`;
const scenario = (seed: number, lengthMs = 20 * minute) => createScenario({ pcs, silenced, seed, lengthMs });
const due = (...given: Parameters<typeof expectedIncidents>) =>
  [...expectedIncidents(...given).values()].reduce((sum, count) => sum + count, 0);
const pc = 'goa/north-goa/vc-1';
const one = new Map([[pc, 'fibre' as const]]);
const span = (what: Disturbance['what'], at: number, forMs: number): Disturbance => ({ pc, what, at, forMs });

test('the same seed makes the same scenario, and another seed makes another scenario', () => {
  expect(scenario(7)).toEqual(scenario(7));
  expect(scenario(7)).not.toEqual(scenario(8));
});

test.each([
  ['one fault is one incident', [span('camera.missing', 0, minute)], 1],
  [
    'a fault that comes back while its clear time runs is the same incident',
    [span('camera.missing', 0, minute), span('camera.missing', 63_000, minute)],
    1,
  ],
  ['a fault that comes back later is another', [span('camera.missing', 0, minute), span('camera.missing', 70_000, minute)], 2],
  [
    'the third return belongs to the second, which waits for calm',
    [0, 80_000, 160_000].map((at) => span('microphone.missing', at, 40_000)),
    2,
  ],
  ['two faults of one room at a time are one incident', [span('camera.missing', 0, 2 * minute), span('pc.hot', minute, 5 * minute)], 1],
  ['a short cut is none', [span('link', 0, 40_000), span('power', 5 * minute, 40_000)], 0],
  ['a long cut is one', [span('power', 0, 5 * minute)], 1],
  ['an agent that dies and comes back is none', [span('crash', 0, 20_000)], 0],
  ['a laptop on its battery is one', [span('mains', 0, 5 * minute)], 1],
  ['silence joins the incident that is open', [span('microphone.missing', 0, 9 * minute), span('power', minute, 5 * minute)], 1],
])('%s', (_name, list, count) => {
  expect(due(list, one)).toBe(count);
  expect([...expectedIncidents(list, one).keys()]).toEqual([pc]);
});

test('one model missing from five rooms at once is one additional incident, but not from four rooms or one room after another', () => {
  const rooms = Array.from({ length: 5 }, (_, n) => `goa/site-${n}/vc-1`);
  const links = new Map(rooms.map((path) => [path, 'fibre' as const]));
  const gone = (from: string[], apartMs: number) =>
    from.map((path, n): Disturbance => ({ pc: path, what: 'camera.missing', at: n * apartMs, forMs: minute }));
  expect([...expectedSpreads(gone(rooms, 5_000), links)]).toEqual([['spread:camera.missing Logitech Rally', 1]]);
  expect(expectedSpreads(gone(rooms.slice(1), 5_000), links).size).toBe(0);
  expect(expectedSpreads(gone(rooms, 2 * minute), links).size).toBe(0);
});
