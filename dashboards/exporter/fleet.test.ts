import { expect, test } from 'vitest';
import { fleetOf, manualClock, pc1, pc2, pcNow, siteNow } from './exporter.test-helper.ts';
import { beatKeys, createFleet } from './fleet.ts';
import type { FleetChange } from './snapshot.ts';

const nothing: FleetChange = { subscribed: true, sites: [], sitesGone: [], pcs: [], pcsGone: [], heard: {}, incidents: [] };

function stage() {
  const clock = manualClock();
  const fleet = createFleet(clock.up);
  const paths = () => fleet.view().pcs.map(({ path }) => path);
  return { clock, fleet, paths };
}

test('a change adds, replaces and removes sites, PCs and incidents, and keeps what it does not name', () => {
  const { fleet, paths } = stage();
  const incident = { id: 1, scope: pc1, severity: 'major', overAt: null } as const;
  fleet.applySnapshot(fleetOf([pcNow(pc1)], { incidents: [incident] }));
  const kargil = 'ladakh/kargil/pc-1';
  fleet.applyChange({
    ...nothing,
    sites: [siteNow('ladakh/kargil')],
    pcs: [pcNow(pc2), pcNow(kargil)],
    incidents: [{ ...incident, id: 2 }],
  });
  expect(paths()).toEqual([pc1, pc2, kargil]);
  expect([...fleet.view().siteOfPc]).toEqual([0, 0, 1]);
  expect([...fleet.view().incidents]).toHaveLength(2);
  fleet.applyChange({ ...nothing, pcs: [pcNow(pc1, { presence: 'lost' })], pcsGone: [pc2], incidents: [{ ...incident, overAt: 9 }] });
  expect(fleet.view().pcs.map(({ path, now }) => [path, now?.presence])).toEqual([
    [pc1, 'lost'],
    [kargil, 'online'],
  ]);
  expect([...fleet.view().incidents]).toHaveLength(1);
  fleet.applyChange({ ...nothing, sitesGone: ['ladakh/leh'] });
  expect(paths()).toEqual([kargil]);
  fleet.applySnapshot(fleetOf([pcNow(pc2)]));
  expect(paths()).toEqual([pc2]);
  expect([...fleet.view().incidents]).toEqual([]);
});

test('a beat before its PC is known appears as soon as the table has the PC, and a snapshot without the PC deletes it', () => {
  const { fleet, paths } = stage();
  fleet.applySnapshot(fleetOf([pcNow(pc1)]));
  fleet.applyBeat(pc2, { load: 0.5 });
  expect(paths()).toEqual([pc1]);
  fleet.applyChange({ ...nothing, pcs: [pcNow(pc2)] });
  expect(fleet.view().pcs[1]?.numbers).toEqual([Number.NaN, 0.5]);
  fleet.applySnapshot(fleetOf([pcNow(pc1)]));
  fleet.applySnapshot(fleetOf([pcNow(pc1), pcNow(pc2)]));
  expect(fleet.view().pcs[1]?.numbers).toEqual([]);
});

test('a partial beat keeps absent numbers for 16 beats, and a whole beat drops them at once', () => {
  const { fleet } = stage();
  fleet.applySnapshot(fleetOf([pcNow(pc1)]));
  const shown = () => {
    const numbers = fleet.view().pcs[0]?.numbers ?? [];
    return Object.fromEntries(
      beatKeys.flatMap((key, index) => (Number.isNaN(numbers[index] ?? Number.NaN) ? [] : [[key, numbers[index]]])),
    );
  };
  fleet.applyBeat(pc1, { load: 0.5, temp: 40 }, 1);
  for (let beat = 0; beat < 15; beat += 1) fleet.applyBeat(pc1, { load: 0.6 }, 1);
  expect(shown()).toEqual({ load: 0.6, temp: 40 });
  fleet.applyBeat(pc1, {}, 1);
  expect(shown()).toEqual({ load: 0.6 });
  fleet.applyBeat(pc1, { mem: 0.7 });
  expect(shown()).toEqual({ mem: 0.7 });
});

test('the state is valid for 40 s after an event on an open stream, and for 15 s on a broken one', () => {
  const { clock, fleet } = stage();
  const judged = () => fleet.view().isApiFresh;
  expect(judged()).toBe(false);
  fleet.applySnapshot(fleetOf([]));
  clock.pass(40_000);
  expect(judged()).toBe(true);
  fleet.applyChange(nothing);
  clock.pass(15_000);
  fleet.markStreamLost();
  expect(judged()).toBe(true);
  clock.pass(1);
  expect(judged()).toBe(false);
  fleet.applySnapshot(fleetOf([]));
  clock.pass(15_001);
  expect(judged()).toBe(true);
});
