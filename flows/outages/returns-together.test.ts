import { describe, expect, test } from 'vitest';
import type { Absence, PcRecord } from '../records/incidents.ts';
import type { Away } from './outages.ts';
import { newRecord } from './pc.ts';
import { away, from, goneBy, now } from './returns.test-helper.ts';
import { lostLineTogether, lostPowerTogether, lostPowerWidely, weighed } from './returns.ts';

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

  test('one that lived on and lost its line at that time stands on a UPS; one whose line went later does not', () => {
    const lived = (edit: Partial<Absence>) => away({ to: now, cause: 'link-down', ...edit }, { presence: 'online' });
    expect(ask(lived({}))).toHaveLength(2);
    expect(ask(lived({ from: at + 60 * second }))).toEqual([]);
  });

  test('one that lived on and saw its mains all the time had power', () => {
    expect(ask(away({ to: now, cause: 'link-down', confidence: 0.95 }, { presence: 'online' }))).toEqual([]);
  });

  test('a power cut in an outage of the line was the cause of it', () => {
    const later = { to: now, aliveAt: goneBy + 61 * second };
    expect(together(away(later), away(later))).toEqual([]);
  });

  test('the one that lived on and is back last is told of the power too', () => {
    const lived = away({ to: now, cause: 'link-down' });
    expect(together(lived, back(at))).toHaveLength(2);
  });

  test('who was never heard or is switched off does not count for the half', () => {
    const off = back(null, { presence: 'stopped' });
    expect(ask(back(at), off, off, off, newRecord('s/a/9', 'fibre'))).toHaveLength(2);
  });

  test('that were back after 6 min were likely without power: all may have been made to start anew; not where it took 20 min, or a battery spoke', () => {
    const backAfter = (minutes: number, edit: Partial<Absence> = {}) => away({ to: from + minutes * minute, aliveAt: at, ...edit });
    const why = (one: Away, ...others: PcRecord[]) => lostPowerTogether(one, [one, ...others])?.why;
    expect(why(backAfter(6), backAfter(6))).toEqual({ cause: 'power-cut', confidence: 0.6 });
    expect(why(backAfter(20), backAfter(6), backAfter(6))).toEqual({ cause: 'power-cut', confidence: 0.85 });
    expect(why(backAfter(6), backAfter(6, { cause: 'power-cut', confidence: 0.85 }))).toEqual({ cause: 'power-cut', confidence: 0.85 });
    // Nobody who starts a PC anew takes the line of another that lives on.
    expect(why(backAfter(6), backAfter(6, { cause: 'link-down', confidence: 0.8, aliveAt: null }))).toMatchObject({ confidence: 0.85 });
  });
});

describe('the power of a site and of a state', () => {
  const dark = (pc: string, of: Partial<Absence> = {}) => away({ to: now, aliveAt: from, ...of }, { pc, presence: 'online', heardAt: now });
  const there = (pc: string): PcRecord => ({ ...newRecord(pc, 'fibre'), presence: 'online', heardAt: now });
  const three = ['s/a/1', 's/b/1', 's/c/1'].map((pc) => dark(pc));
  const seen = (pc: string) => dark(pc, { cause: 'power-cut', confidence: 0.6, mainsGoneAt: from + 50 * second });
  const widely = (state: PcRecord[]) => lostPowerWidely(state[0] as Away, state)?.why.confidence;

  test('was gone for sure where a neighbour in the same room stayed', () => {
    const [one, two] = [dark('s/a/1'), dark('s/a/2')];
    expect(lostPowerTogether(one, [one, two, there('s/a/3')])).toBeNull();
    expect(lostPowerTogether(one, [one, two, dark('s/a/3')])?.why.confidence).toBe(0.85);
  });

  test.each([21, 45, 90, 200])('of two PCs that were back after %i min is not known: they may stand at one wall switch', (minutes) => {
    const [one, two] = [dark('s/a/1', { to: from + minutes * minute }), dark('s/a/2', { to: from + (minutes + 1) * minute })];
    expect(lostPowerTogether(one, [one, two])?.why).toEqual({ cause: 'power-cut', confidence: 0.6 });
  });

  test('was gone for sure by the wall switches of three sites, of which nobody saw the mains go', () => {
    expect(widely(three)).toBe(0.55);
    expect(widely([...three, there('s/d/1'), there('s/e/1')])).toBe(0.55);
  });

  test('was gone for sure in three sites of two hundred', () => {
    const others = Array.from({ length: 200 }, (_, at) => there(`s/on${at}/1`));
    expect(widely([...three, ...others])).toBeUndefined();
    expect(widely([seen('s/x/1'), seen('s/y/1'), ...three, ...others])).toBeUndefined();
  });

  test('is likely gone where one site saw it, and sure where two did', () => {
    expect(widely([...three, seen('s/d/1')])).toBe(0.85);
    expect(widely([...three, seen('s/d/1'), seen('s/e/1')])).toBe(0.9);
  });

  test('was gone of a site where somebody stayed, which made three of two', () => {
    expect(widely([...three.slice(0, 2), dark('s/d/1'), there('s/d/2')])).toBeUndefined();
    expect(widely([...three.slice(0, 2), dark('s/d/1', { cause: 'pc-off', confidence: 0.8 })])).toBeUndefined();
  });

  test('is surely gone where two batteries of a site saw it, as of routers that died with the mains', () => {
    const lived = (pc: string) => ({ ...seen(pc), absence: { ...seen(pc).absence, aliveAt: null } });
    const [one, two] = [lived('s/a/1'), lived('s/a/2')];
    expect(lostPowerTogether(one, [one, two])?.why.confidence).toBe(0.9);
    const sites = ['a', 'b', 'c'].map((site) => lived(`s/${site}/1`));
    expect(widely(sites)).toBe(0.9);
  });

  test('was likely gone all night of two PCs on one wall switch', () => {
    const night = { from: from - 6 * hour };
    const [one, two] = [dark('s/a/1', night), dark('s/a/2', night)];
    expect(lostPowerTogether(one, [one, two])?.why.confidence).toBe(0.55);
  });
});

describe('what others say of an absence', () => {
  const { absence } = away({ confidence: 0.8 });
  const likely = { cause: 'power-cut', confidence: 0.85 } as const;

  test('made a power cut of a PC that was off alone while its neighbour stayed', () => {
    expect(weighed({ ...absence, cause: 'pc-off' }, likely)).toBeNull();
    expect(weighed({ ...absence, cause: 'link-down' }, likely)).toEqual(likely);
  });

  test('was nothing to a PC with an update, beside one that went dark without any', () => {
    const update = { ...absence, cause: 'intended', confidence: 0.9, isUpdate: true } as const;
    expect(weighed(update, likely)).toEqual(likely);
    const open = { cause: 'intended', confidence: 0.6 } as const;
    expect(weighed(update, { ...likely, confidence: 0.6 })).toEqual(open);
    expect(weighed({ ...update, ...open }, { ...likely, confidence: 0.6 })).toBeNull();
    expect(weighed({ ...absence, cause: 'intended', confidence: 0.8 }, likely)).toBeNull();
  });

  test('PCs that were all ended by updates of their own lost no power', () => {
    const updated = (pc: string) =>
      away({ to: now, aliveAt: from, cause: 'intended', confidence: 0.9, isUpdate: true }, { pc, presence: 'online' });
    const [one, two] = [updated('s/a/1'), updated('s/a/2')];
    expect(lostPowerTogether(one, [one, two])).toBeNull();
    const other = away({ to: now, aliveAt: from }, { pc: 's/a/3', presence: 'online' });
    expect(lostPowerTogether(one, [one, two, other])?.why.cause).toBe('power-cut');
  });
});

describe('PCs on one line that went together', () => {
  const back = (confidence: number, of: Partial<Absence> = {}) => away({ cause: 'upstream', confidence, to: now, ...of });

  test('had power, as the one that sees its mains says', () => {
    const [mute, seen] = [back(0.6), back(0.95)];
    const likely = { cause: 'upstream', confidence: 0.85 };
    expect(lostLineTogether(mute, [mute, seen])).toEqual({ why: likely, together: [mute, seen] });
    expect(lostLineTogether(seen, [seen, mute])).toEqual({ why: likely, together: [seen, mute] });
  });

  test('say nothing where none sees its mains, nor of those that went at another time or by another cause, are away, or may be cut off by our own line', () => {
    const [one, seen] = [back(0.6), back(0.95)];
    expect(lostLineTogether(one, [one, back(0.6)])).toBeNull();
    const others = [back(0.95, { goneBy: goneBy + hour }), back(0.95, { cause: 'link-down' }), back(0.95, { to: null })];
    expect(lostLineTogether(one, [one, ...others])).toBeNull();
    expect(lostLineTogether(back(0.55), [seen])).toBeNull();
    expect(lostLineTogether(seen, [seen, back(0.55)])?.together).toEqual([seen]);
  });
});
