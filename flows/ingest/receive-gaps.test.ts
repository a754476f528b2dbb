import { encode, pcTopic } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import { testClock } from '../notify/people/people.test-helper.ts';
import { birth, checks, createRig, digest, pc } from './ingest.test-helper.ts';

describe('R18a receive gap of the server', () => {
  const hellos = (rig: Awaited<ReturnType<typeof createRig>>) => rig.sent.filter(({ topic }) => topic === 'sabha/v1/all/hello').length;
  const presence = (rig: Awaited<ReturnType<typeof createRig>>) => rig.ingest.memory.pcs.get(pc)?.presence;
  const online = async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.clock.pass(30_000);
    expect(hellos(rig)).toBe(1);
    return rig;
  };

  it('after flows was stopped for 200 s no PC is silent, a hello is sent, and each PC has its whole silence limit again', async () => {
    const rig = await online();
    rig.clock.stall(200_000);
    await rig.clock.pass(140_000);
    expect([presence(rig), hellos(rig), rig.turns]).toEqual(['online', 2, [true]]);
    await rig.clock.pass(30_000);
    expect(presence(rig)).toBe('silent');
  });

  it('while no canary returns no PC is silent, and the silence limit starts when a canary returns', async () => {
    const rig = await online();
    rig.broker.answers = false;
    await rig.clock.pass(60_000);
    // The end of the pause alone does not end the receive gap.
    rig.clock.stall(200_000);
    await rig.clock.pass(40_000);
    expect([presence(rig), rig.ingest.isSubscribed(), rig.turns]).toEqual(['online', false, [false]]);
    rig.broker.answers = true;
    await rig.clock.pass(20_000);
    expect([presence(rig), rig.ingest.isSubscribed(), hellos(rig), rig.turns]).toEqual(['online', true, 2, [false, true]]);
    const { from, to } = rig.ingest.away() ?? { from: 0, to: 0 };
    expect(to - from).toBeGreaterThan(280_000);
    await rig.clock.pass(200_000);
    expect(presence(rig)).toBe('silent');
  });

  it('R19 a lost broker is reported after a minute of running time, even if flows is paused in between', async () => {
    const rig = await online();
    const lost = () => rig.ingest.memory.openIncident('centre')?.faults.map(({ fault }) => fault);
    rig.ingest.unsubscribed();
    await rig.clock.pass(10_000);
    rig.clock.stall(300_000);
    await rig.clock.pass(1_000);
    expect(lost()).toBeUndefined();
    for (let n = 0; n < 6; n += 1) {
      expect(lost()).toBeUndefined();
      rig.clock.stall(9_900);
      await rig.clock.pass(100);
    }
    expect(lost()).toEqual(['centre.broker_lost']);
    rig.clock.stall(300_000);
    await rig.clock.pass(1_000);
    expect(lost()).toEqual(['centre.broker_lost']);
  });

  it('a suspended machine reports no PC as silent, keeps the start time of a fault, and logs one line', async () => {
    const rig = await online();
    const since = rig.clock.now();
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 2, checks: [...checks], gone: [] }));
    await rig.clock.pass(5_000);
    rig.clock.sleep(8 * 3_600_000);
    await rig.clock.pass(100_000);
    expect([presence(rig), hellos(rig), rig.ingest.memory.incidents.size]).toEqual(['online', 2, 1]);
    expect(rig.ingest.memory.pcs.get(pc)?.checks[0]?.since).toBe(since);
    expect(rig.ingest.time() - rig.clock.now()).toBe(0);
    const { from, to } = rig.ingest.away() ?? { from: 0, to: 0 };
    expect((to - from) / 3_600_000).toBeCloseTo(8, 1);
    expect(rig.said).toEqual(['no PC is judged offline for now: this process was paused']);
  });

  it('R17 repeated SUBACKs send at most one hello a minute, and a pending hello is sent', async () => {
    const rig = await online();
    for (let n = 0; n < 40; n++) {
      rig.ingest.unsubscribed();
      rig.ingest.subscribed();
      await rig.clock.pass(1_000);
    }
    expect(hellos(rig)).toBe(2);
    await rig.clock.pass(49_000);
    expect(hellos(rig)).toBe(2);
    await rig.clock.pass(2_000);
    expect(hellos(rig)).toBe(3);
    await rig.clock.pass(145_000);
    expect([hellos(rig), presence(rig)]).toEqual([3, 'online']);
    await rig.clock.pass(10_000);
    expect(presence(rig)).toBe('silent');
  });

  it('R17 a pending hello waits until the server is subscribed', async () => {
    const rig = await online();
    rig.ingest.subscribed();
    rig.ingest.unsubscribed();
    await rig.clock.pass(90_000);
    expect(hellos(rig)).toBe(1);
    rig.ingest.subscribed();
    await rig.clock.pass(120_000);
    expect(hellos(rig)).toBe(2);
  });

  it('R16, R17 a birth that answers a newer hello overrides an earlier last will, and a birth that answers an older hello does not', async () => {
    const rig = await online();
    const said = (hello: string) => rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, hello }));
    const ring = (id: string) => rig.ingest.requestBirths('', { id, withinMs: 0, fresh: false }, { who: 'Asha', what: 'hello', about: '' });
    ring('before');
    await rig.clock.pass(1_000);
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { kind: 'lost', boot: birth.boot, session: birth.session }));
    await rig.clock.pass(1_000);
    ring('after');
    for (const hello of ['before', 'of nobody']) {
      said(hello);
      expect(presence(rig)).toBe('lost');
    }
    said('after');
    expect(presence(rig)).toBe('online');
  });

  const aways = async (rig: Awaited<ReturnType<typeof createRig>>) =>
    (await rig.ledger.aways(0)).map(({ from, to }) => [from, to].map((at) => Math.round((at - startedAt) / 1_000)));
  const startedAt = testClock().now();

  it('each receive gap is stored for the history, and the current receive gap is known', async () => {
    const rig = await online();
    rig.broker.answers = false;
    await rig.clock.pass(300_000);
    expect([await aways(rig), Math.round(((rig.ingest.deafSince() ?? 0) - startedAt) / 1_000)]).toEqual([[], 30]);
    rig.broker.answers = true;
    await rig.clock.pass(20_000);
    expect([await aways(rig), rig.ingest.deafSince()]).toEqual([[[30, 331]], null]);
    rig.clock.jump(7_200_000);
    await rig.clock.pass(1_000);
    expect((await aways(rig)).slice(1)).toEqual([[350, 7551]]);
  });

  it('a time without flows is stored as a receive gap from the last commit to the SUBACK, and is known before the SUBACK', async () => {
    const rig = await online();
    await rig.clock.pass(47_000);
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 2, checks: [...checks], gone: [] }));
    await rig.clock.pass(1_000);
    rig.ingest.close();
    const next = await createRig((ledger) => ledger, rig.db, 3_600_000);
    await next.clock.pass(1_000);
    const last = 77;
    expect(Math.round(((next.ingest.deafSince() ?? 0) - startedAt) / 1_000)).toBe(last);
    next.ingest.subscribed();
    await next.clock.pass(1_000);
    expect(await aways(next)).toEqual([[last, 3_601]]);
    next.ingest.close();
    const quick = await createRig((ledger) => ledger, rig.db, 3_610_000);
    quick.ingest.subscribed();
    await quick.settle();
    expect(await aways(quick)).toHaveLength(1);
  });

  it.each([
    ['that is dead is missed after three times its limit of hearing in all', false],
    ['that answers each hello is not', true],
  ])('after repeated restarts of the server, a PC %s', async (_, answers) => {
    let rig = await online();
    for (let starts = 1; starts <= 8; starts += 1) {
      await rig.clock.pass(starts === 1 ? 100_000 : 140_000);
      await rig.ingest.shutDown();
      rig.ingest.close();
      rig = await createRig((ledger) => ledger, rig.db, starts * 175_000);
      rig.ingest.subscribed();
      if (answers) rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
      await rig.clock.pass(1_000);
      if (starts < 5) expect(presence(rig)).toBe('online');
    }
    expect(presence(rig)).toBe(answers ? 'online' : 'silent');
  });

  it('a quick restart after an orderly shutdown is no receive gap', async () => {
    const rig = await online();
    await rig.clock.pass(55_000);
    await rig.ingest.shutDown();
    rig.ingest.close();
    const next = await createRig((ledger) => ledger, rig.db, 95_000);
    next.ingest.subscribed();
    await next.settle();
    expect([await aways(next), next.ingest.away()]).toEqual([[], null]);
  });
});

describe('R29 the system clock of the server is set', () => {
  it('after a clock step of two hours the server time is corrected within a tick with one log line, and no PC becomes silent', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.clock.pass(12_000);
    for (const byMs of [7_200_000, -7_200_000]) {
      rig.clock.jump(byMs);
      await rig.clock.pass(1_000);
      expect(rig.ingest.time() - rig.clock.now()).toBe(0);
    }
    expect(rig.said).toEqual(['the clock of this machine was set forward by 7200 s', 'the clock of this machine was set back by 7200 s']);
    await rig.clock.pass(140_000);
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('online');
    expect(rig.ingest.memory.incidents.size).toBe(0);
    const rows = rig.db.prepare("SELECT about FROM audit WHERE what = 'clock set' ORDER BY rowid").all();
    expect(rows).toEqual([{ about: 'forward by 7200 s' }, { about: 'back by 7200 s' }]);
  });

  it('after clock steps below one minute the server time is corrected, and the silence limit of a PC does not restart', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.clock.pass(12_000);
    for (const byMs of [3_000, -59_000, 59_000, -3_000]) {
      rig.clock.jump(byMs);
      await rig.clock.pass(40_000);
      expect(rig.ingest.time() - rig.clock.now()).toBe(0);
    }
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('silent');
    expect(rig.sent.filter(({ topic }) => topic === 'sabha/v1/all/hello')).toHaveLength(1);
    expect([rig.said.length, rig.ingest.away()]).toEqual([4, null]);
  });

  it('a machine paused repeatedly shows as clock steps forward, which raise `centre.slow` like receive gaps', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    const standing = () => [...rig.ingest.memory.incidents.values()].flatMap(({ faults }) => faults.map(({ fault }) => fault));
    for (let n = 0; n < 3; n++) {
      expect(standing()).toEqual([]);
      rig.clock.jump(200_000);
      await rig.clock.pass(80_000);
    }
    expect(standing()).toEqual(['centre.slow']);
  });

  it('a clock that is adjusted gradually is tracked without a log line', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    for (let n = 0; n < 60; n++) {
      rig.clock.jump(n % 3 === 0 ? -300 : 700);
      await rig.clock.pass(1_000);
    }
    expect(rig.said).toEqual([]);
    expect(rig.ingest.time() - rig.clock.now()).toBe(0);
  });
});
