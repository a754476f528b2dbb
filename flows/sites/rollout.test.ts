import { expect, test } from 'vitest';
import { beginRollout, type Look, type Rollout, releasedOf, soakMs, stepRollout } from './config-push.ts';

const pcs = Array.from({ length: 736 }, (_, at) => `state-${at % 36}/site-${at}/vc-1`);
const well: Look = { online: true, faults: 1, isTaken: true };
const lookAt =
  (others: Record<string, Partial<Look>> = {}) =>
  (pc: string): Look => ({ ...well, ...others[pc] });
const begun = (look = lookAt(), list = pcs) => beginRollout({ pcs: list, by: 'Asha', look, now: 0 });
const step = (rollout: Rollout, look: (pc: string) => Look | null, now: number, deafMs = 1_000) =>
  stepRollout(rollout, { look, now, deafMs });
/** A stage whose PCs are seen to have it. */
const proven = (rollout: Rollout, look = lookAt()): Rollout => step(rollout, look, rollout.stageAt)?.rollout ?? rollout;
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
  for (let now = 0; rollout !== null; ) {
    rollout = proven(rollout);
    now += soakMs;
    expect(step(rollout, lookAt(), now - 1)).toBeNull();
    const stepped = step(rollout, lookAt(), now);
    expect(stepped?.released.every((pc) => !releasedOf(rollout as Rollout).includes(pc))).toBe(true);
    rollout = stepped?.rollout ?? null;
    if (rollout !== null) sizes.push(releasedOf(rollout).length);
  }
  expect(sizes).toEqual([8, 74, 736]);
});

test('a stage whose PCs are switched off has tested nothing: it waits until three of them have had it for the time of the watch', () => {
  const away: Look = { online: false, faults: 0, isTaken: false };
  const off = (...on: string[]) => lookAt(Object.fromEntries(pcs.filter((pc) => !on.includes(pc)).map((pc) => [pc, away])));
  let rollout = begun(off());
  expect(step(rollout, off(), 100 * soakMs)).toBeNull();
  const [one = '', two = '', three = ''] = releasedOf(rollout);
  expect(step(rollout, off(one, two), 100 * soakMs)).toBeNull();
  rollout = step(rollout, off(one, two, three), 100 * soakMs)?.rollout as Rollout;
  expect(rollout).toMatchObject({ stage: 0, provenAt: 100 * soakMs });
  expect(step(rollout, off(one, two, three), 101 * soakMs - 1)).toBeNull();
  // One goes away again: the watch ends, and begins anew with it.
  const gone = step(rollout, off(one, two), 101 * soakMs - 1)?.rollout as Rollout;
  expect(gone.provenAt).toBeNull();
  expect(step(rollout, off(one, two, three), 101 * soakMs)?.rollout).toMatchObject({ stage: 1 });
});

test('a time in which nobody listened is not watched: the stage begins anew', () => {
  const rollout = proven(begun());
  expect(step(rollout, lookAt(), soakMs, 151_000)).toEqual({ rollout: { ...rollout, stageAt: soakMs, provenAt: null }, released: [] });
  expect(step(rollout, lookAt(), soakMs, 149_000)?.rollout).toMatchObject({ stage: 1 });
});

test.each<[string, Partial<Look>]>([
  ['3 silent', { online: false }],
  ['3 with more faults', { faults: 2 }],
])('F26 it stops by itself at the first stage, in the moment in which the third of its PCs is worse: %s', (words, how) => {
  const rollout = proven(begun());
  expect(step(rollout, some(rollout, 2, how), 1_000)).toBeNull();
  const stepped = step(rollout, some(rollout, 3, how), 1_000);
  expect(stepped).toMatchObject({ rollout: { stopped: expect.stringContaining(words), stage: 0 }, released: [] });
  expect(releasedOf(stepped?.rollout as Rollout).length / pcs.length).toBeLessThan(0.011);
  expect(step(stepped?.rollout as Rollout, lookAt(), 9 * soakMs)).toBeNull();
});

test('PCs that do not take it in the time of a stage stop it too', () => {
  const rollout = begun();
  expect(step(rollout, some(rollout, 8, { isTaken: false }), soakMs - 1)).toBeNull();
  expect(step(rollout, some(rollout, 3, { isTaken: false }), soakMs)?.rollout?.stopped).toBe(
    'of 8 PCs 0 silent, 0 with more faults, 3 have not taken it',
  );
});

test('who had faults before is no worse for having them still, and those that heal do not hide those that break', () => {
  const five = lookAt(Object.fromEntries(pcs.map((pc) => [pc, { faults: 5 }])));
  const ill = proven(begun(five), five);
  expect(step(ill, five, soakMs)?.rollout?.stage).toBe(1);
  const mixed = Object.fromEntries(releasedOf(ill).map((pc, at) => [pc, { faults: at < 3 ? 6 : 0 }]));
  expect(step(ill, lookAt(mixed), 1_000)?.rollout?.stopped).toContain('3 with more faults');
});
