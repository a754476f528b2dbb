/** Outages of many sites of a state or a provider, and the verdict for each PC. */
import { describe, expect, it } from 'vitest';
import { createStage, minute, previous, second, verdict } from './stage.test-helper.ts';

describe('verdicts when many sites are lost at once', () => {
  const sites = ['la/a/1', 'la/b/1', 'la/c/1', 'up/d/1'];
  const stageOf = () => withLines(Object.fromEntries(sites.map((one) => [one, undefined])));

  it('three sites of one state lost at once get the verdict `upstream` (line outage), which stays when the first site is back', () => {
    const stage = stageOf();
    for (const one of sites.slice(0, 2)) stage.lost(one);
    stage.pass(2 * second);
    expect(verdict(stage, 'la/a/1')).toBe('undetermined 0.5');
    stage.lost('la/c/1');
    stage.pass(second);
    stage.beat('up/d/1');
    stage.pass(second);
    for (const one of sites.slice(0, 3)) expect(verdict(stage, one)).toBe('upstream 0.6');
    stage.birth('la/a/1', { session: 2, apartMs: 4 * second });
    stage.pass(second);
    expect([verdict(stage, 'la/a/1'), verdict(stage, 'la/b/1')]).toEqual(['upstream 0.6', 'upstream 0.6']);
  });

  it('sites of one provider in several states lost at once get the verdict `upstream` (line outage)', () => {
    const stage = withLines({ ...overBorders, 'mp/e/1': 'himal' });
    for (const one of Object.keys(overBorders)) stage.lost(one);
    stage.pass(second);
    stage.beat('mp/e/1');
    stage.pass(second);
    expect(verdict(stage, 'up/d/1')).toBe('upstream 0.85');
  });

  const overBorders = { 'la/b/1': 'bharat', 'la/c/1': 'bharat', 'up/d/1': 'bharat' };
  const withLines = (lines: Record<string, string | undefined>) => {
    const facts = { link: 'fibre' as const, elevationM: 0, alerts: true };
    const known = Object.entries(lines).map(([one, isp]) => ({ pc: one, ...facts, ...(isp !== undefined && { isp }) }));
    const stage = createStage({ known });
    stage.subscribe();
    for (const one of Object.keys(lines)) stage.birth(one);
    return stage;
  };

  it.each([
    [1, 'undetermined 0.5'],
    [2, 'power-cut 0.9'],
  ])(
    'three sites of one state whose boots ended together get the verdict `power-cut` only if two saw the mains fail: %i did',
    (saw, found) => {
      const stage = stageOf();
      const away = sites.slice(0, 3);
      for (const one of away) stage.lost(one);
      const goneAt = stage.now();
      const [before, seen] = [{}, { gone: { from: goneAt, to: null, ending: false } }].map((edit) => previous(stage, edit));
      for (let passed = 0; passed < 20; passed += 1) stage.live(minute, 'up/d/1');
      for (const [at, one] of away.entries())
        stage.birth(one, { session: 2, boot: 'b2', previous: at < saw ? seen : before, at: stage.now() });
      stage.pass(second);
      expect(verdict(stage, 'la/c/1')).toBe(found);
    },
  );

  it.each([
    ['13 sites of 13 states with two PCs each', 13, 2, () => undefined],
    ['5 sites of 5 states with 5 providers', 5, 1, (at: number) => `isp-${at}`],
    ['30 sites of 15 states and 4 providers', 30, 1, (at: number) => `isp-${at % 4}`],
  ])(
    'a loss of sites of all states at once makes `upstream` uncertain, since the line of the server may have failed: %s',
    (_, count, pcs, isp) => {
      const all = Array.from(
        { length: count * pcs },
        (__, at) => [`s-${Math.floor(at / pcs) % (count === 30 ? 15 : count)}/site-${Math.floor(at / pcs)}/pc-${at}`, isp(at)] as const,
      );
      const stage = withLines(Object.fromEntries(all));
      for (const [one] of all) stage.lost(one);
      stage.pass(9 * minute);
      for (const [one] of all) stage.birth(one, { session: 2, apartMs: 9 * minute });
      expect([...new Set(all.map(([one]) => verdict(stage, one)))]).toEqual(['upstream 0.55']);
    },
  );

  it.each([
    ['8 sites with 3 providers', 8, 3, 0],
    ['5 sites with 2 providers', 5, 2, 1],
    ['20 sites with 4 providers', 20, 4, 7],
  ])(
    'all sites of one state lost at once get the verdict `upstream` (line outage), whatever their providers: %s',
    (_, count, isps, elsewhere) => {
      const own = Array.from({ length: count }, (__, at) => [`up/site-${at}/pc`, `isp-${at % isps}`] as const);
      const others = Array.from({ length: 6 + elsewhere }, (__, at) => [`goa/site-${at}/pc`, `isp-${at % isps}`] as const);
      const stage = withLines(Object.fromEntries([...own, ...others]));
      for (const [one] of own) stage.lost(one);
      for (let passed = 0; passed < 12; passed += 1) {
        stage.pass(30 * second);
        for (const [one] of others) stage.beat(one);
      }
      for (const [one] of own) stage.birth(one, { session: 2, apartMs: 6 * minute });
      expect(own.map(([one]) => verdict(stage, one)).filter((one) => !one.startsWith('upstream'))).toEqual([]);
    },
  );
});
