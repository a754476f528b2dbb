/** Tests the month of `bench noise`, and the alerts of Prometheus for it. */
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../random.ts';
import { alertsOf } from './noise-alertmanager.ts';
import { createMonth, type Month, type Trouble } from './noise-month.ts';

const minute = 60_000;
const month = (sites = 200, days = 7) => createMonth({ sites, days, random: randomFrom(1) });

test('a seed always gives the same month, and the faults of a PC do not overlap', () => {
  const { troubles } = month();
  expect(month().troubles).toEqual(troubles);
  const spans = new Map<string, [from: number, to: number][]>();
  for (const { pcs, from, to } of troubles) for (const pc of pcs) spans.set(pc, [...(spans.get(pc) ?? []), [from, to]]);
  for (const list of spans.values()) {
    for (const [at, [from]] of list.entries()) expect(from).toBeGreaterThan(list[at - 1]?.[1] ?? Number.NEGATIVE_INFINITY);
  }
  expect(new Set(troubles.map(({ kind }) => kind))).toEqual(new Set(['outage', 'device', 'blip', 'order']));
});

describe('the alerts of a fault', () => {
  const offices = [1, 2, 3].map((at) => ({ path: `bihar/site-${at}`, pcs: 1, isp: 'Jio' }));
  const alertsIn = (one: Partial<Trouble>) => {
    const trouble: Trouble = { kind: 'outage', from: minute, to: 11 * minute, pcs: ['bihar/site-1/pc-1'], ...one };
    const all: Month = { offices, lengthMs: 60 * minute, troubles: [trouble] };
    return alertsOf(all).map(({ at, firing, labels }) => `${at / minute} ${firing ? 'fires' : 'ends'} ${labels['alertname']}`);
  };

  test('alerts of room and site fire after the time of their rule, and end', () => {
    expect(alertsIn({})).toEqual(['3 fires SiteDown', '3 fires RoomDown', '11 ends SiteDown', '11 ends RoomDown']);
  });

  test('alerts of all sites of a state also fire as an alert of the state', () => {
    const pcs = offices.map(({ path }) => `${path}/pc-1`);
    expect(alertsIn({ pcs })[0]).toBe('3 fires StateDown');
  });

  test('a fault shorter than the time of its rule causes no alert, and a device has the hold of its fault', () => {
    expect(alertsIn({ to: 2 * minute })).toEqual([]);
    expect(alertsIn({ kind: 'device', fault: 'camera.missing' })).toEqual(['1.5 fires camera.missing', '11 ends camera.missing']);
    expect(alertsIn({ kind: 'order' })).toEqual([]);
  });
});
