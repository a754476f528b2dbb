import { expect, test } from 'vitest';
import { knownPart, lengths } from './strips.js';

test('spans fill the day, and a span that began earlier is cut to it', () => {
  const spans = [
    { from: 50, status: 'ok' as const, faults: [] },
    { from: 150, status: 'fault' as const, faults: ['pc.hot'] },
    { from: 175, status: 'away' as const, faults: [] },
  ];
  expect(lengths(spans, { from: 100, to: 200, pcs: [] })).toEqual([
    { status: 'ok', at: 0, share: 0.5 },
    { status: 'fault', at: 0.5, share: 0.25 },
    { status: 'away', at: 0.75, share: 0.25 },
  ]);
});

test('the strips start at the first state of any PC, or a day ago at the earliest', () => {
  const spans = (from: number) => [{ from, status: 'ok' as const, faults: [] }];
  const pcs = (...froms: number[]) => froms.map((from, at) => ({ pc: `p${at}`, strips: [{ component: 'camera', spans: spans(from) }] }));
  const day = { from: 0, to: 86_400_000 };
  expect(knownPart({ ...day, pcs: pcs(70_000_000, 60_000_000) }).from).toBe(60_000_000);
  expect(knownPart({ ...day, pcs: pcs(86_399_000) }).from).toBe(86_340_000);
  const old = { ...day, pcs: pcs(70_000_000, 0) };
  expect(knownPart(old)).toBe(old);
});
