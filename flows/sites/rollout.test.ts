import { expect, test } from 'vitest';
import { beginRollout, type PcState, type Rollout, releasedOf, stageWatchMs, stepRollout } from './config-push.ts';

const pcs = Array.from({ length: 736 }, (_, at) => `state-${at % 36}/site-${at}/vc-1`);
const well: PcState = { online: true, faults: 1, isTaken: true };
const lookAt =
  (others: Record<string, Partial<PcState>> = {}) =>
  (pc: string): PcState => ({ ...well, ...others[pc] });
const begun = (look = lookAt(), list = pcs) => beginRollout({ pcs: list, by: 'Asha', look, now: 0 });
const step = (rollout: Rollout, look: (pc: string) => PcState | null, now: number, deafMs = 1_000) =>
  stepRollout(rollout, { look, now, deafMs });
/** Returns the rollout after its PCs have confirmed the configuration. */
const proven = (rollout: Rollout, look = lookAt()): Rollout => step(rollout, look, rollout.stageAt)?.rollout ?? rollout;
/** Returns PC states in which the first `count` released PCs have the values of `how`. */
const some = (rollout: Rollout, count: number, how: Partial<PcState>) =>
  lookAt(
    Object.fromEntries(
      releasedOf(rollout)
        .slice(0, count)
        .map((pc) => [pc, how]),
    ),
  );

test('a rollout reaches 1 %, 10 % and all PCs, each stage after a watch time without worse PCs, and then ends', () => {
  let rollout: Rollout | null = begun();
  const sizes = [releasedOf(rollout).length];
  for (let now = 0; rollout !== null; ) {
    rollout = proven(rollout);
    now += stageWatchMs;
    expect(step(rollout, lookAt(), now - 1)).toBeNull();
    const stepped = step(rollout, lookAt(), now);
    expect(stepped?.released.every((pc) => !releasedOf(rollout as Rollout).includes(pc))).toBe(true);
    rollout = stepped?.rollout ?? null;
    if (rollout !== null) sizes.push(releasedOf(rollout).length);
  }
  expect(sizes).toEqual([8, 74, 736]);
});

test('a stage with offline PCs waits until three PCs have held the configuration for the watch time', () => {
  const away: PcState = { online: false, faults: 0, isTaken: false };
  const off = (...on: string[]) => lookAt(Object.fromEntries(pcs.filter((pc) => !on.includes(pc)).map((pc) => [pc, away])));
  let rollout = begun(off());
  expect(step(rollout, off(), 100 * stageWatchMs)).toBeNull();
  const [one = '', two = '', three = ''] = releasedOf(rollout);
  expect(step(rollout, off(one, two), 100 * stageWatchMs)).toBeNull();
  rollout = step(rollout, off(one, two, three), 100 * stageWatchMs)?.rollout as Rollout;
  expect(rollout).toMatchObject({ stage: 0, provenAt: 100 * stageWatchMs });
  expect(step(rollout, off(one, two, three), 101 * stageWatchMs - 1)).toBeNull();
  // The PC goes offline, which ends the watch time. The watch time restarts when the PC is back.
  const gone = step(rollout, off(one, two), 101 * stageWatchMs - 1)?.rollout as Rollout;
  expect(gone.provenAt).toBeNull();
  expect(step(rollout, off(one, two, three), 101 * stageWatchMs)?.rollout).toMatchObject({ stage: 1 });
});

test('a receive gap restarts the watch time of a stage', () => {
  const rollout = proven(begun());
  expect(step(rollout, lookAt(), stageWatchMs, 151_000)).toEqual({
    rollout: { ...rollout, stageAt: stageWatchMs, provenAt: null },
    released: [],
  });
  expect(step(rollout, lookAt(), stageWatchMs, 149_000)?.rollout).toMatchObject({ stage: 1 });
});

test.each<[string, Partial<PcState>]>([
  ['3 silent', { online: false }],
  ['3 with more faults', { faults: 2 }],
])('F26 a rollout stops in its first stage as soon as three of its PCs are worse: %s', (words, how) => {
  const rollout = proven(begun());
  expect(step(rollout, some(rollout, 2, how), 1_000)).toBeNull();
  const stepped = step(rollout, some(rollout, 3, how), 1_000);
  expect(stepped).toMatchObject({ rollout: { stopped: expect.stringContaining(words), stage: 0 }, released: [] });
  expect(releasedOf(stepped?.rollout as Rollout).length / pcs.length).toBeLessThan(0.011);
  expect(step(stepped?.rollout as Rollout, lookAt(), 9 * stageWatchMs)).toBeNull();
});

test('a rollout stops if PCs do not confirm the configuration within the watch time', () => {
  const rollout = begun();
  expect(step(rollout, some(rollout, 8, { isTaken: false }), stageWatchMs - 1)).toBeNull();
  expect(step(rollout, some(rollout, 3, { isTaken: false }), stageWatchMs)?.rollout?.stopped).toBe(
    'of 8 PCs 0 silent, 0 with more faults, 3 have not applied it',
  );
});

test('PCs with earlier faults do not count as worse, and recovered PCs do not make up for worse ones', () => {
  const five = lookAt(Object.fromEntries(pcs.map((pc) => [pc, { faults: 5 }])));
  const ill = proven(begun(five), five);
  expect(step(ill, five, stageWatchMs)?.rollout?.stage).toBe(1);
  const mixed = Object.fromEntries(releasedOf(ill).map((pc, at) => [pc, { faults: at < 3 ? 6 : 0 }]));
  expect(step(ill, lookAt(mixed), 1_000)?.rollout?.stopped).toContain('3 with more faults');
});
