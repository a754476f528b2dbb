import { describe, expect, test } from 'vitest';
import type { Absence, PcRecord } from '../records/incidents.ts';
import type { Away } from './outages.ts';
import { newRecord } from './pc.ts';
import { away, from, goneBy, now } from './returns.test-helper.ts';
import { lostPowerTogether } from './returns.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

describe('PCs of a site that lost their power together', () => {
  const back = (aliveAt: number | null, edit: Partial<PcRecord> = {}) => away({ to: now, aliveAt }, { presence: 'online', ...edit });
  const at = from;
  const together = (one: Away, ...others: PcRecord[]) => lostPowerTogether(one, [one, ...others])?.together ?? [];
  const ask = (...others: PcRecord[]) => together(back(at), ...others);

  test('two of two, and two of four, whose marks stand within 40 s', () => {
    expect(ask(back(at + 40 * second))).toHaveLength(2);
    expect(ask(back(at - 40 * second), back(null), back(null))).toHaveLength(2);
  });

  test('not one alone, nor two of five', () => {
    expect(together(back(at))).toEqual([]);
    expect(ask(back(at), back(null), back(null), back(null))).toEqual([]);
  });

  test('a wall switch 80 s apart was a power cut of both', () => {
    expect(ask(back(at + 80 * second))).toEqual([]);
    expect(ask(back(at + 41 * second))).toEqual([]);
  });

  test('one that lived on and saw its mains all the time had power', () => {
    expect(ask(away({ to: now, cause: 'link-down', confidence: 0.95 }, { presence: 'online' }))).toEqual([]);
  });

  test('a power cut in an outage of the line was the cause of it', () => {
    const later = { to: now, aliveAt: goneBy + 61 * second };
    expect(together(away(later), away(later))).toEqual([]);
  });

  test('who was never heard or is switched off does not count for the half', () => {
    const off = back(null, { presence: 'stopped' });
    expect(ask(back(at), off, off, off, newRecord('s/a/9', 'fibre'))).toHaveLength(2);
  });
});

describe('the confidence of PCs that lost their power together', () => {
  const dark = (pc: string, of: Partial<Absence> = {}) => away({ to: now, aliveAt: from, ...of }, { pc, presence: 'online', heardAt: now });
  const there = (pc: string): PcRecord => ({ ...newRecord(pc, 'fibre'), presence: 'online', heardAt: now });
  const seen = (pc: string) => dark(pc, { cause: 'power-cut', confidence: 0.55, mainsGoneAt: from + 50 * second });
  const confidence = (...all: PcRecord[]) => lostPowerTogether(all[0] as Away, all)?.why.confidence;
  const three = (of: Partial<Absence> = {}) => [1, 2, 3].map((at) => dark(`s/a/${at}`, of));

  test('nobody saw the mains go: two may stand at one wall switch, three for some hours are likely, for a night or some minutes not', () => {
    expect(confidence(dark('s/a/1'), dark('s/a/2'))).toBe(0.6);
    expect(confidence(...three())).toBe(0.85);
    expect(confidence(...three({ from: from - 6 * hour }))).toBe(0.6);
    expect(confidence(...three({ to: from + 19 * minute }))).toBe(0.6);
  });

  test('likely where one saw it, sure where two did, also of routers that died with the mains', () => {
    expect(confidence(dark('s/a/1'), seen('s/a/2'))).toBe(0.85);
    expect(confidence(dark('s/a/1'), seen('s/a/2'), seen('s/a/3'))).toBe(0.9);
    const lived = (pc: string) => ({ ...seen(pc), absence: { ...seen(pc).absence, aliveAt: null } });
    expect(confidence(lived('s/a/1'), lived('s/b/1'))).toBe(0.9);
  });

  test('none where fewer than half of those that were there went', () => {
    const others = Array.from({ length: 200 }, (_, at) => there(`s/on${at}/1`));
    expect(confidence(seen('s/x/1'), seen('s/y/1'), ...others)).toBeUndefined();
    expect(confidence(dark('s/a/1'), dark('s/a/2', { cause: 'pc-off', confidence: 0.8 }))).toBeUndefined();
  });
});
