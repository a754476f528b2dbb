import { budgets, encode, pcTopic } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import { birth, checks, createRig, digest, event, pc } from './ingest.test-helper.ts';

describe('quotas and poison messages of one PC', () => {
  it('R28 a message whose decoding throws is quarantined under the name of its PC, and the next one is acknowledged', async () => {
    const rig = await createRig();
    const bomb = new Proxy(Buffer.from('{}'), {
      get() {
        throw new Error('a bug of ours');
      },
    });
    rig.ingest.takeMessage(pcTopic(pc, 'state'), bomb);
    rig.ingest.takeMessage(pcTopic(pc, 'state'), bomb);
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    expect(rig.counted.filter((one) => one.endsWith('poison'))).toEqual(['state poison', 'state poison']);
    expect(rig.said).toEqual(['unreadable state: a bug of ours']);
    expect(budgets.logLinesAMinute.most).toBe(1);
    expect(rig.db.prepare('SELECT who, what, about FROM steps').all()).toMatchObject([
      { who: pc, what: 'unreadable state', about: 'poison: a bug of ours' },
    ]);
    expect(rig.acks()).toHaveLength(1);
    expect(rig.fatal).toEqual([]);
  });

  it('R28 an operation that the ledger quarantined is counted and logged for its PC, and the rest of the batch is acknowledged', async () => {
    const poison = [{ op: 'event' as const, pc, why: 'it does not fit' }];
    let first = true;
    const rig = await createRig((ledger) => ({
      ...ledger,
      async commit(ops) {
        const receipt = await ledger.commit(ops);
        if (!first || ops.every(({ op }) => op !== 'birth')) return receipt;
        first = false;
        return { ...receipt, poison };
      },
    }));
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    await rig.settle();
    expect(rig.said).toEqual(['unreadable event: it does not fit']);
    expect(rig.counted).toContain('event poison');
    expect(rig.acks()).toHaveLength(1);
    expect(rig.fatal).toEqual([]);
  });

  it('R27 an overlong link report is refused, and a batch of link events writes each row once', async () => {
    const rows: string[] = [];
    const rig = await createRig((ledger) => ({
      ...ledger,
      commit(ops) {
        for (const op of ops) if (op.op === 'meta' && /^(link|broke)\//.test(op.key)) rows.push(`${op.value}`);
        return ledger.commit(ops);
      },
    }));
    const report = (seq: number, up: string) => {
      const capacity = { at: 1, how: 'tcp', upBps: null, downBps: null, udpBlocked: false, reasons: { up, down: null } };
      return encode('event', { ...event(seq), kind: 'link', body: { at: 1, capacity } });
    };
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { id: 's1', first: 1, last: 9_000 } }));
    rig.ingest.takeMessage(pcTopic(pc, 'event'), report(1, 'x'.repeat(64_000)));
    rig.ingest.takeMessage(pcTopic(pc, 'event'), report(2, 'x'.repeat(256)));
    await rig.settle();
    expect(rig.counted).toContain('event body');
    expect(rows).toHaveLength(1);
    const broken = (seq: number) => ({ ...event(seq), body: { component: 'path', to: { fault: 'path.local' } } });
    for (let batch = 0; batch < 16; batch += 1) {
      const events = Array.from({ length: 480 }, (_, one) => broken(3 + batch * 480 + one));
      rig.ingest.takeMessage(pcTopic(pc, 'backlog'), encode('backlog', events));
    }
    await rig.settle();
    await rig.settle();
    expect(rig.acks().at(-1)?.upTo).toBe(7_682);
    expect(rows.length).toBeLessThanOrEqual(3);
    expect(rows.join('').length).toBeLessThan(1_000);
  });

  it('R27 a state that claims a fault only the server may raise is refused and counted, and its PC is reported as unreadable', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    for (const [n, fault] of ['pc.silent', 'centre.slow', 'pc.noisy'].entries()) {
      const claimed = checks.map((one) => ({ ...one, status: 'fault' as const, fault }));
      rig.ingest.takeMessage(
        pcTopic(pc, 'state'),
        encode('state', { digest, session: birth.session, rev: n + 1, checks: claimed, gone: [] }),
      );
    }
    await rig.settle();
    expect(rig.counted.filter((one) => one === 'state schema')).toHaveLength(3);
    expect(rig.said).toEqual([expect.stringMatching(/^unreadable state: checks\.0\.fault: expected a fault that a PC can judge/)]);
    expect(rig.ingest.memory.openIncident(pc)?.faults).toMatchObject([{ fault: 'agent.unreadable' }]);
    expect(rig.ingest.memory.openIncident('centre')).toBeUndefined();
  });

  it('R27 events beyond the quota are not acknowledged, so they stay in the spool, and the state of the PC is still applied', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    const big = (seq: number) => ({ ...event(seq), body: { text: 'x'.repeat(60_000) } });
    let seq = 0;
    while (!rig.counted.includes('event budget')) rig.ingest.takeMessage(pcTopic(pc, 'event'), encode('event', big(++seq)));
    await rig.settle();
    const upTo = rig.acks().at(-1)?.upTo;
    expect(upTo).toBe(seq - 1);
    expect(seq * 60_000).toBeGreaterThan(budgets.eventBytesAtOnce.most - 60_000);
    rig.ingest.takeMessage(pcTopic(pc, 'event'), encode('event', event(seq)));
    rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.settle();
    expect(rig.acks().at(-1)?.upTo).toBe(upTo);
    expect(rig.ingest.memory.pcs.get(pc)?.checks).toHaveLength(1);
    expect(rig.ingest.memory.openIncident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy', device: pc }]);
    await rig.clock.pass(15 * 60_000);
    rig.ingest.takeMessage(pcTopic(pc, 'event'), encode('event', event(seq)));
    await rig.settle();
    expect(rig.acks().at(-1)?.upTo).toBe(seq);
  });

  it.each([
    ['without a birth', false],
    ['after a birth that claims a full spool', true],
  ])('R27 a backlog with a new spool for each event (%s) opens no spool, and its PC is reported as noisy', async (_, isBorn) => {
    const rig = await createRig();
    if (isBorn)
      rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { id: 's1', first: 1, last: 2 ** 40 } }));
    for (let n = 0; n < 40; n += 1) {
      const events = Array.from({ length: 500 }, (_, at) => ({ ...event(1), spool: `x${n}-${at}` }));
      rig.ingest.takeMessage(pcTopic(pc, 'backlog'), encode('backlog', events));
    }
    await rig.settle();
    expect(rig.db.prepare('SELECT count(*) AS n FROM spools').get()?.['n']).toBe(isBorn ? 1 : 0);
    expect(rig.counted.filter((one) => one === 'backlog budget')).toHaveLength(40);
    expect(rig.ingest.memory.openIncident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy', device: pc }]);
  });

  it('R27 the fourth batch of 500 events of a PC without a birth is refused, and after its birth the batches are accepted', async () => {
    const rig = await createRig();
    const send = (batch: number) => {
      const events = Array.from({ length: 500 }, (_, at) => event(batch * 500 + at + 1));
      rig.ingest.takeMessage(pcTopic(pc, 'backlog'), encode('backlog', events));
    };
    for (let batch = 0; batch < 5; batch += 1) send(batch);
    // Four batches and the cost of the unannounced spool exceed the quota of 2,048.
    expect(rig.counted).toEqual([...Array(3).fill('backlog ok'), ...Array(2).fill('backlog budget')]);
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { id: 's1', first: 1, last: 2_500 } }));
    for (let batch = 3; batch < 5; batch += 1) send(batch);
    await rig.settle();
    expect(rig.acks().at(-1)?.upTo).toBe(2_500);
  });

  it.each([
    ['in one session', (_: number) => ({})],
    ['in a new session and boot each', (n: number) => ({ session: 1 + n, boot: `b${n}` })],
    ['that carry the spool before it', (n: number) => ({ carries: `x${n - 1}` })],
    ['that claim a full spool each', (_: number) => ({ last: 2 ** 40 })],
  ])('R27, R7, R16 100 births with a new spool each (%s) open at most 17 spools, and their PC is reported as noisy', async (_, more) => {
    const rig = await createRig();
    for (let n = 0; n < 100; n += 1) {
      const { last = 9, carries, ...rest } = more(n) as { last?: number; carries?: string };
      const spool = { id: `x${n}`, first: 1, last, ...(carries !== undefined && { carries }) };
      rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, ...rest, spool }));
    }
    await rig.settle();
    expect(Number(rig.db.prepare('SELECT count(*) AS n FROM spools').get()?.['n'])).toBeLessThanOrEqual(17);
    expect(rig.ingest.memory.openIncident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy', device: pc }]);
  });

  it.each([
    ['names the PC that wrote most of it', 1_500, 5, 5, true],
    ['names nobody where each PC waited for its acks', 1_500, 4, 4, false],
    ['names nobody where a PC sent one batch five times', 1_500, 5, 1, false],
    ['that is fast names nobody', 900, 5, 5, false],
  ])('R27 the search for a noisy PC after a slow commit %s', async (_, takesMs, batches, different, isNamed) => {
    const rig = await createRig((ledger) => ({
      ...ledger,
      commit(ops) {
        if (ops.some(({ op }) => op === 'event')) rig.clock.stall(takesMs);
        return ledger.commit(ops);
      },
    }));
    expect(budgets.commitMs.most).toBe(1_000);
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { id: 's1', first: 1, last: 9_000 } }));
    await rig.settle();
    for (let n = 0; n < batches; n += 1)
      rig.ingest.takeMessage(
        pcTopic(pc, 'backlog'),
        encode(
          'backlog',
          Array.from({ length: 500 }, (_, at) => event((n % different) * 500 + at + 1)),
        ),
      );
    await rig.settle();
    await rig.settle();
    const faults = rig.ingest.memory.openIncident('centre')?.faults ?? [];
    expect(faults).toMatchObject(isNamed ? [{ fault: 'pc.noisy', device: pc, reason: 'it writes more events than it may' }] : []);
    expect(rig.acks().at(-1)?.upTo).toBe(different * 500);
  });

  it('R27, R13 states beyond the quota are dropped, the PC stays online, and its latest state is requested later', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    for (let rev = 1; rev <= 2 * budgets.wordsAtOnce.most; rev += 1)
      rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev, checks: [...checks] }));
    await rig.settle();
    expect(rig.counted.filter((one) => one === 'state budget')).toHaveLength(budgets.wordsAtOnce.most + 1);
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('online');
    await rig.clock.pass(20 * 60_000);
    rig.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest: '0'.repeat(16), session: 1, at: 5 }));
    await rig.settle();
    expect(rig.acks().at(-1)?.want).toEqual(['state']);
  });

  it('R27, F8 twenty cloned machines with one identity are detected although they use up the quota of their PC', async () => {
    const rig = await createRig();
    const born = (at: number) =>
      rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, session: 1 + at, boot: `twin-${at % 20}` }));
    for (let at = 0; at < 20; at += 1) born(at);
    for (let rev = 1; rev <= budgets.wordsAtOnce.most; rev += 1)
      rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 20, rev, checks: [...checks] }));
    born(20);
    await rig.settle();
    expect(rig.counted).toContain('presence budget');
    const found = [...rig.ingest.memory.incidents.values()].find(({ scope }) => scope === pc);
    expect(found?.faults.map(({ fault }) => fault)).toContain('pc.cloned');
  });

  it('R27 beats that open a session or need a response are limited, and their PC stays online and is reported as noisy', async () => {
    let written = 0;
    const rig = await createRig((ledger) => ({
      ...ledger,
      commit(ops) {
        written += ops.filter(({ op }) => op === 'pc').length;
        return ledger.commit(ops);
      },
    }));
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    const [answered, before] = [rig.acks().length, written];
    const beat = (said: { session: number; echo?: number }) => {
      rig.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest, at: 1, ...said }));
      return rig.settle();
    };
    for (let n = 1; n <= budgets.signsAtOnce.most; n += 1) await beat({ session: 1 + n });
    const opened = 1 + budgets.signsAtOnce.most;
    expect(written - before).toBe(budgets.signsAtOnce.most);
    expect(rig.counted).not.toContain('beat budget');
    for (let n = 1; n <= 50; n += 1) await beat({ session: opened + n });
    for (let n = 1; n <= 50; n += 1) await beat({ session: 1, echo: n % 3 });
    expect(rig.counted.filter((one) => one === 'beat budget')).toHaveLength(100);
    expect(rig.ingest.memory.pcs.get(pc)).toMatchObject({ session: opened, presence: 'online' });
    expect(written - before).toBe(budgets.signsAtOnce.most);
    expect(
      rig
        .acks()
        .slice(answered)
        .filter(({ echo }) => echo !== undefined),
    ).toEqual([]);
    expect(rig.ingest.memory.openIncident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy', device: pc }]);
    // A beat in the same session without an echo is still read.
    await beat({ session: opened });
    expect(rig.counted.at(-1)).not.toBe('beat budget');
    await rig.clock.pass(10 * 60_000);
    await beat({ session: opened, echo: 7 });
    expect(rig.acks().at(-1)?.echo).toBe(7);
  });

  it('R27 a PC that alternates between bye and new session is limited and reported as noisy', async () => {
    const rig = await createRig();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    for (let session = 2; session <= budgets.signsAtOnce.most; session += 1) {
      rig.ingest.takeMessage(pcTopic(pc, 'beat'), encode('beat', { digest, at: 1, session }));
      rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { kind: 'bye', boot: 'b1', session, at: 1, reason: 'shutdown' }));
      rig.ingest.takeMessage(
        pcTopic(pc, 'presence'),
        encode('presence', { kind: 'gasp', boot: 'b1', session, at: 1, reason: 'power', runtimeMs: 1 }),
      );
    }
    await rig.settle();
    expect(rig.counted.filter((one) => one === 'presence budget').length).toBeGreaterThan(budgets.signsAtOnce.most);
    expect(rig.ingest.memory.pcs.get(pc)?.session).toBeLessThan(budgets.signsAtOnce.most / 2);
    expect(rig.ingest.memory.openIncident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy', device: pc }]);
  });

  it('R27, R18 a bye is applied even if the quota of other messages is used up, so the PC is stopped and not silent', async () => {
    const { rig, session } = await worn();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { kind: 'bye', boot: 'b1', session, at: 1, reason: 'shutdown' }));
    await rig.settle();
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('stopped');
    await rig.clock.pass(200_000);
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('stopped');
    expect(rig.ingest.memory.openIncident(pc)).toBeUndefined();
  });

  it('R27, R16 a last will is applied even if the quota is used up, and does not update the last-seen time', async () => {
    const { rig, session } = await worn();
    const heardAt = rig.ingest.memory.pcs.get(pc)?.heardAt;
    await rig.clock.pass(30_000);
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { kind: 'lost', boot: 'b1', session }));
    await rig.settle();
    expect(rig.ingest.memory.pcs.get(pc)).toMatchObject({ presence: 'lost', heardAt });
  });

  it('R27, R17 births that answer hellos of the server do not use up the quota, and births for an unknown hello are limited', async () => {
    const rig = await createRig();
    rig.ingest.subscribed();
    const hello = { withinMs: 0, fresh: false };
    for (let n = 1; n <= 2 * budgets.wordsAtOnce.most; n += 1) {
      rig.ingest.requestBirths('', { ...hello, id: `r${n}` }, { who: 'Asha', what: 'hello', about: '' });
      rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, hello: `r${n}` }));
    }
    await rig.settle();
    expect(rig.counted).not.toContain('presence budget');
    for (let n = 1; n <= budgets.wordsAtOnce.most; n += 1)
      rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, hello: 'nobody' }));
    expect(rig.counted).not.toContain('presence budget');
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, hello: 'nobody' }));
    expect(rig.counted).toContain('presence budget');
  });

  it('R27 a PC that sends weeks of waiting events across a restart of the server gets all its acks and is not reported as noisy', async () => {
    const before = await createRig();
    before.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
    await before.settle();
    const rig = await createRig(undefined, before.db);
    const all = 2 * budgets.eventsAtOnce.most;
    const spool = { id: 's1', first: 1, last: all };
    const batch = (from: number) => Array.from({ length: 256 }, (_, at) => event(from + at));
    for (let seq = 1; seq < all; seq += 256) {
      if (seq > all / 4 && seq <= all / 4 + 256)
        rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { ...spool, first: seq } }));
      rig.ingest.takeMessage(pcTopic(pc, 'backlog'), encode('backlog', batch(seq)));
    }
    await rig.settle();
    expect(rig.counted).not.toContain('backlog budget');
    expect(rig.acks().at(-1)?.upTo).toBe(all);
    expect(rig.ingest.memory.openIncident('centre')).toBeUndefined();
  });
});

/** Returns an online PC whose message quota is used up by many reconnections. */
async function worn() {
  const rig = await createRig();
  rig.ingest.subscribed();
  let session = 0;
  while (!rig.counted.includes('presence budget')) {
    session += 1;
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, session }));
  }
  await rig.settle();
  return { rig, session };
}
