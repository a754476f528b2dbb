/** R29: what the ledger and this memory hold of a time that the clock of the machine took back. */

import { type Check, digestOf, encode, pcTopic } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import type { Ledger } from '../engine/records/ops.ts';
import { isSettled } from '../view/live.ts';
import { historyOf } from '../view/strips.ts';
import { birth, checks, createRig, digest, pc } from './ingest.test-helper.ts';

type Rig = Awaited<ReturnType<typeof createRig>>;

const minute = 60_000;
const hour = 60 * minute;
const well: Check[] = [{ component: 'microphone', device: 'expected-1', status: 'ok', fault: null, reason: null }];

describe('R29 a clock that was ahead is put right', () => {
  it('a fault that was raised after it was green again two hours later, when the row of the fast clock came last', {
    tags: ['long'],
  }, async () => {
    const rig = await wellRig();
    await live(rig, 10 * minute);
    rig.clock.jump(-2 * hour);
    await live(rig, 10 * minute);
    broken(rig);
    await live(rig, 3 * hour);
    expect(await lastSaid(rig)).toEqual(['fault', 3]);
  });

  it('an answer of the fast clock, older ones before it, stands at once and for good', { tags: ['long'] }, async () => {
    const rig = await wellRig();
    await live(rig, 10 * minute);
    rig.clock.jump(2 * hour);
    await live(rig, minute);
    broken(rig);
    await live(rig, minute);
    rig.clock.jump(-2 * hour);
    await live(rig, minute);
    const before = await lastSaid(rig);
    await live(rig, 3 * hour);
    expect([before[0], await lastSaid(rig)]).toEqual(['fault', ['fault', 3]]);
  });

  it('a start by a clock that fell back left the rows of the fast one ahead of what was said since', async () => {
    const first = await wellRig(2 * hour);
    await live(first, minute);
    first.ingest.close();
    const next = await createRig((ledger) => ledger, first.db, 2 * minute);
    next.ingest.subscribed();
    next.ingest.take(pcTopic(pc, 'presence'), encode('presence', { ...birth, session: 2, digest }));
    next.ingest.take(pcTopic(pc, 'state'), encode('state', { digest, session: 2, rev: 1, checks: [...checks], gone: [] }));
    await live(next, 3 * hour, 2);
    expect(await lastSaid(next)).toEqual(['fault', 3]);
  });
});

describe('R29 a clock is set forward by a day, and put right', () => {
  it('the strips were unknown until the next day, and the gap of the centre stood as long', async () => {
    const rig = await wellRig();
    await live(rig, minute);
    rig.clock.jump(24 * hour);
    await live(rig, minute);
    rig.clock.jump(-24 * hour);
    await live(rig, 2 * minute);
    expect((await rig.ledger.aways(rig.ingest.time())).length).toBe(0);
    expect((await lastSaid(rig))[0]).toBe('ok');
    const { from, to } = rig.ingest.away() ?? { from: 0, to: 0 };
    expect([from <= to, to <= rig.ingest.time()]).toEqual([true, true]);
    expect(isSettled({ memory: rig.ingest.memory, table: rig.ingest.table() }, to)).toBe(true);
  });
});

/** A PC whose microphone is well. */
async function wellRig(aheadMs = 0, change = (ledger: Ledger) => ledger): Promise<Rig> {
  const rig = await createRig(change, undefined, aheadMs);
  rig.ingest.subscribed();
  rig.ingest.take(pcTopic(pc, 'presence'), encode('presence', { ...birth, digest: digestOf(well) }));
  rig.ingest.take(pcTopic(pc, 'state'), encode('state', { digest: digestOf(well), session: 1, rev: 2, checks: well, gone: [] }));
  await rig.clock.pass(1_000);
  return rig;
}

function broken(rig: Rig): void {
  rig.ingest.take(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 3, checks: [...checks], gone: [] }));
}

/** The PC is heard each minute. */
async function live(rig: Rig, ms: number, session = 1): Promise<void> {
  for (let left = ms; left > 0; left -= minute) {
    await rig.clock.pass(minute - 1_000);
    rig.ingest.take(
      pcTopic(pc, 'presence'),
      encode('presence', { ...birth, session, digest: rig.ingest.memory.pcs.get(pc)?.digest ?? '' }),
    );
    await rig.clock.pass(1_000);
  }
}

/** The last span of the microphone's strip, and since how many hours it stands. */
async function lastSaid(rig: Rig): Promise<[status: string | undefined, hours: number]> {
  const now = rig.ingest.time();
  const from = now - 24 * hour;
  const strips = historyOf(await rig.ledger.history(pc, from), { from, aways: await rig.ledger.aways(from) });
  const last = strips.find(({ component }) => component === 'microphone')?.spans.at(-1);
  return [last?.status, Math.round((now - (last?.from ?? 0)) / hour)];
}
