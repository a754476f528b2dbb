import { describe, expect, test } from 'vitest';
import { beginRollout, type Look, type Rollout, releasedOf, soakMs, stepRollout, withoutPcs } from './rollout.ts';

const pcs = Array.from({ length: 736 }, (_, at) => `state-${at % 36}/site-${at}/vc-1`);
const well: Look = { online: true, faults: 1, isTaken: true };
const lookAt =
  (others: Record<string, Partial<Look>> = {}) =>
  (pc: string): Look => ({ ...well, ...others[pc] });
const begun = (look = lookAt(), list = pcs) => beginRollout({ pcs: list, by: 'Asha', look, now: 0 });
/** What so many of the released PCs are like. */
const some = (rollout: Rollout, count: number, how: Partial<Look>) =>
  lookAt(
    Object.fromEntries(
      releasedOf(rollout)
        .slice(0, count)
        .map((pc) => [pc, how]),
    ),
  );

test('1 %, 10 %, all: a stage follows when the one before was watched for its time and is well; then it is over', () => {
  let rollout: Rollout | null = begun();
  const sizes = [releasedOf(rollout).length];
  for (let now = soakMs; rollout !== null; now += soakMs) {
    expect(stepRollout(rollout, lookAt(), now - 1)).toBeNull();
    const stepped = stepRollout(rollout, lookAt(), now);
    expect(stepped?.released.every((pc) => !releasedOf(rollout as Rollout).includes(pc))).toBe(true);
    rollout = stepped?.rollout ?? null;
    if (rollout !== null) sizes.push(releasedOf(rollout).length);
  }
  expect(sizes).toEqual([8, 74, 736]);
});

test('the first few stand in different states, and are the same few however the list was ordered', () => {
  const first = releasedOf(begun());
  expect(new Set(first.map((pc) => pc.split('/')[0])).size).toBeGreaterThan(4);
  expect(releasedOf(begun(lookAt(), pcs.toReversed()))).toEqual(first);
});

test.each<[string, Partial<Look>]>([
  ['3 silent', { online: false }],
  ['3 with more faults', { faults: 2 }],
])('F26 it stops by itself at the first stage, in the moment in which the third of its PCs is worse: %s', (words, how) => {
  const rollout = begun();
  expect(stepRollout(rollout, some(rollout, 2, how), 1_000)).toBeNull();
  const stepped = stepRollout(rollout, some(rollout, 3, how), 1_000);
  expect(stepped).toMatchObject({ rollout: { stopped: expect.stringContaining(words), stage: 0 }, released: [] });
  expect(releasedOf(stepped?.rollout as Rollout).length / pcs.length).toBeLessThan(0.011);
  expect(stepRollout(stepped?.rollout as Rollout, lookAt(), 9 * soakMs)).toBeNull();
});

test('PCs that do not take it in the time of a stage stop it too', () => {
  const rollout = begun();
  expect(stepRollout(rollout, some(rollout, 8, { isTaken: false }), soakMs - 1)).toBeNull();
  expect(stepRollout(rollout, some(rollout, 3, { isTaken: false }), soakMs)?.rollout?.stopped).toBe(
    'of 8 PCs 0 silent, 0 with more faults, 3 have not taken it',
  );
});

test('who was away or had faults before is no worse for being so still, and those that heal do not hide those that break', () => {
  const away = lookAt(Object.fromEntries(pcs.map((pc) => [pc, { online: false, faults: 0 }])));
  const rollout = begun(away);
  expect(stepRollout(rollout, away, soakMs)?.rollout?.stage).toBe(1);
  const ill = begun(lookAt(Object.fromEntries(pcs.map((pc) => [pc, { faults: 5 }]))));
  expect(stepRollout(ill, lookAt(Object.fromEntries(pcs.map((pc) => [pc, { faults: 5 }]))), soakMs)?.rollout?.stage).toBe(1);
  const mixed = Object.fromEntries(releasedOf(ill).map((pc, at) => [pc, { faults: at < 3 ? 6 : 0 }]));
  expect(stepRollout(ill, lookAt(mixed), 1_000)?.rollout?.stopped).toContain('3 with more faults');
});

test('of a large stage it takes two of a hundred, of one PC that PC', () => {
  const last: Rollout = { ...begun(), stage: 2 };
  last.before = Object.fromEntries(pcs.map((pc) => [pc, well]));
  expect(stepRollout(last, some(last, 14, { online: false }), 1_000)).toBeNull();
  expect(stepRollout(last, some(last, 15, { online: false }), 1_000)?.rollout?.stopped).toContain('15 silent');
  const one = begun(lookAt(), ['goa/panaji/vc-1']);
  expect(releasedOf(one)).toHaveLength(1);
  expect(stepRollout(one, some(one, 1, { online: false }), 1)?.rollout?.stopped).toContain('of 1 PCs 1 silent');
});

describe('another change past it', () => {
  test('takes its PCs out, and keeps the others where they are', () => {
    const rollout = begun();
    const [first, ...rest] = releasedOf(rollout);
    const left = withoutPcs(rollout, new Set([first ?? '', rollout.pcs.at(-1) ?? '']));
    expect(left?.pcs).toHaveLength(734);
    expect(left?.pcs.slice(0, rest.length)).toEqual(rest);
  });
  test('of everybody that it holds back ends it', () => {
    expect(withoutPcs(begun(), new Set(pcs))).toBeNull();
  });
});
