import { describe, expect, it } from 'vitest';
import { budgets, encode, pcTopic } from '#contracts';
import { birth, checks, createRig, digest, event, pc } from './ingest.test-helper.ts';

describe('one PC among thousands', () => {
  it('R28 a message that breaks its reader is set aside with the name of its PC; the next one is taken and answered', async () => {
    const rig = await createRig();
    const bomb = new Proxy(Buffer.from('{}'), {
      get() {
        throw new Error('a bug of ours');
      },
    });
    rig.ingest.take(pcTopic(pc, 'state'), bomb);
    rig.ingest.take(pcTopic(pc, 'state'), bomb);
    rig.ingest.take(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    expect(rig.counted.filter((one) => one.endsWith('poison'))).toEqual(['state poison', 'state poison']);
    expect(rig.said).toEqual(['unreadable state: a bug of ours']);
    expect(budgets.logLinesAMinute.most).toBe(1);
    expect(rig.db.prepare('SELECT who, what, about FROM audit').all()).toMatchObject([
      { who: pc, what: 'unreadable state', about: 'poison: a bug of ours' },
    ]);
    expect(rig.acks()).toHaveLength(1);
    expect(rig.fatal).toEqual([]);
  });

  it('R28 what the ledger set aside of one PC is counted and said under its name, and the rest of the batch is acknowledged', async () => {
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
    rig.ingest.take(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    await rig.settle();
    expect(rig.said).toEqual(['unreadable event: it does not fit']);
    expect(rig.counted).toContain('event poison');
    expect(rig.acks()).toHaveLength(1);
    expect(rig.fatal).toEqual([]);
  });

  it('R27 what a PC writes beyond its budget is not acknowledged, so that its spool keeps it; another PC and its own state go on', async () => {
    const rig = await createRig();
    rig.ingest.take(pcTopic(pc, 'presence'), encode('presence', birth));
    await rig.settle();
    const big = (seq: number) => ({ ...event(seq), body: { text: 'x'.repeat(60_000) } });
    let seq = 0;
    while (!rig.counted.includes('event budget')) rig.ingest.take(pcTopic(pc, 'event'), encode('event', big(++seq)));
    await rig.settle();
    const upTo = rig.acks().at(-1)?.upTo;
    expect(upTo).toBe(seq - 1);
    expect(seq * 60_000).toBeGreaterThan(budgets.eventBytesAtOnce.most - 60_000);
    rig.ingest.take(pcTopic(pc, 'event'), encode('event', event(seq)));
    rig.ingest.take(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    await rig.settle();
    expect(rig.acks().at(-1)?.upTo).toBe(upTo);
    expect(rig.ingest.memory.pcs.get(pc)?.checks).toHaveLength(1);
    expect(rig.ingest.memory.openIncident('centre')?.faults).toMatchObject([{ fault: 'pc.noisy', device: pc }]);
    await rig.clock.pass(15 * 60_000);
    rig.ingest.take(pcTopic(pc, 'event'), encode('event', event(seq)));
    await rig.settle();
    expect(rig.acks().at(-1)?.upTo).toBe(seq);
  });

  it('R27, R13 states beyond the budget are not read, their PC is still there, and the state that it has in the end is asked for', async () => {
    const rig = await createRig();
    rig.ingest.take(pcTopic(pc, 'presence'), encode('presence', birth));
    for (let rev = 1; rev <= 2 * budgets.wordsAtOnce.most; rev += 1)
      rig.ingest.take(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev, checks: [...checks] }));
    await rig.settle();
    expect(rig.counted.filter((one) => one === 'state budget')).toHaveLength(budgets.wordsAtOnce.most + 1);
    expect(rig.ingest.memory.pcs.get(pc)?.presence).toBe('online');
    await rig.clock.pass(20 * 60_000);
    rig.ingest.take(pcTopic(pc, 'beat'), encode('beat', { digest: '0'.repeat(16), session: 1, at: 5 }));
    await rig.settle();
    expect(rig.acks().at(-1)?.want).toEqual(['state']);
  });
});
