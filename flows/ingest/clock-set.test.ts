/** Stored times follow a clock that is set while `flows` runs. R29 (clock of the server). */

import { digestOf, encode, pcTopic } from '@sabha/contracts';
import { describe, expect, it, test } from 'vitest';
import { stageWatchMs } from '../sites/config-push.ts';
import { birth, changeOf, createRig, pc } from './ingest.test-helper.ts';

type ClockSetRig = Awaited<ReturnType<typeof createRig>>;

const minute = 60_000;
const hour = 60 * minute;
const hellos = ({ sent }: ClockSetRig) => sent.filter(({ topic }) => topic === 'sabha/v1/all/hello').length;
const nothing = digestOf([]);

async function online(): Promise<ClockSetRig> {
  const rig = await createRig();
  rig.ingest.subscribed();
  rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, digest: nothing }));
  await rig.clock.pass(10_000);
  return rig;
}

describe('R29 the clock is set while flows runs', () => {
  it.each([50_000, -50_000])('R17 a pending hello is sent at its due time: clock set by %i ms', async (byMs) => {
    const rig = await online();
    rig.ingest.subscribed();
    rig.clock.jump(byMs);
    await rig.clock.pass(45_000);
    expect(hellos(rig)).toBe(1);
    await rig.clock.pass(7_000);
    expect(hellos(rig)).toBe(2);
  });

  it.each([50_000, -50_000])('R18a a canary that does not return is missed at its due time: clock set by %i ms', async (byMs) => {
    const rig = await online();
    rig.broker.answers = false;
    await rig.clock.pass(2_000);
    rig.clock.jump(byMs);
    await rig.clock.pass(15_000);
    expect(rig.ingest.isSubscribed()).toBe(true);
    await rig.clock.pass(6_000);
    expect(rig.ingest.isSubscribed()).toBe(false);
  });

  test('R18a after the clock is set back, a PC is not silent early and canaries continue', async () => {
    const rig = await online();
    await rig.clock.pass(115_000);
    const before = rig.words.length;
    rig.clock.jump(-50_000);
    await rig.clock.pass(1_000);
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('online');
    await rig.clock.pass(10_000);
    expect(rig.words.length - before).toBe(11);
  });

  it.each([2 * hour, -2 * hour])('a staged configuration is watched for its whole time and no longer: clock set by %i ms', async (byMs) => {
    const rig = await online();
    const [site] = rig.ingest.table().sites;
    if (site === undefined) throw new Error('no site');
    const more = ['pc-2', 'pc-3'].map((name) => ({ path: `${site.path}/${name}`, name: site.name, layer: {}, site: null }));
    await rig.ingest.changeSites(changeOf({ nodes: more }));
    await rig.ingest.changeSites(changeOf({ nodes: [{ ...site, layer: { link: 'geo' } }], staged: { by: 'Asha' } }));
    const config = rig.ingest.wanted(rig.ingest.rollout()?.released === 1 ? pc : '');
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, session: 2, digest: nothing, config }));
    await live(rig, minute);
    rig.clock.jump(byMs);
    await live(rig, stageWatchMs - 2 * minute);
    expect(rig.ingest.rollout()?.stage).toBe(1);
    await live(rig, 2 * minute);
    expect(rig.ingest.rollout()?.stage).toBe(2);
  });
});

/** Sends a message of the PC each minute. */
async function live(rig: ClockSetRig, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= minute) {
    await rig.clock.pass(minute);
    rig.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest: nothing, session: 2, at: 1, n: {} }));
  }
}
