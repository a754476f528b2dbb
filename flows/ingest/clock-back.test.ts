/** Corrections of the ledger and the memory after the system clock was ahead. R29 (clock of the server). */

import { type Check, digestOf, encode, pcTopic } from '@sabha/contracts';
import { describe, expect, it } from 'vitest';
import type { Ledger } from '../engine/records/ops.ts';
import { isSettled } from '../view/live.ts';
import { historyOf } from '../view/strips.ts';
import { birth, checks, createRig, digest, pc } from './ingest.test-helper.ts';

type ClockBackRig = Awaited<ReturnType<typeof createRig>>;

const minute = 60_000;
const hour = 60 * minute;
const well: Check[] = [{ component: 'microphone', device: 'expected-1', status: 'ok', fault: null, reason: null }];

describe('R29 the history of a PC after the clock was ahead by less than a day', () => {
  it('the history shows a fault that is raised after the correction', {
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

  it('the history keeps a fault that was raised while the clock was ahead', { tags: ['long'] }, async () => {
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

  it('after the clock fell back, a restart shows newer results instead of the rows that the fast clock wrote', async () => {
    const first = await wellRig(2 * hour);
    await live(first, minute);
    first.ingest.close();
    const next = await createRig((ledger) => ledger, first.db, 2 * minute);
    next.ingest.subscribed();
    next.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, session: 2, digest }));
    next.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 2, rev: 1, checks: [...checks], gone: [] }));
    await live(next, 3 * hour, 2);
    expect(await lastSaid(next)).toEqual(['fault', 3]);
  });
});

describe('R29 the history of a PC after the clock was ahead by a day', () => {
  it('the history shows results after the correction, and the receive gap does not end in the future', async () => {
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

async function wellRig(aheadMs = 0, change = (ledger: Ledger) => ledger): Promise<ClockBackRig> {
  const rig = await createRig(change, undefined, aheadMs);
  rig.ingest.subscribed();
  rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, digest: digestOf(well) }));
  rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest: digestOf(well), session: 1, rev: 2, checks: well, gone: [] }));
  await rig.clock.pass(1_000);
  return rig;
}

function broken(rig: ClockBackRig): void {
  rig.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 3, checks: [...checks], gone: [] }));
}

/** Sends a message of the PC each minute. */
async function live(rig: ClockBackRig, ms: number, session = 1): Promise<void> {
  for (let left = ms; left > 0; left -= minute) {
    await rig.clock.pass(minute - 1_000);
    rig.ingest.takeMessage(
      pcTopic(pc, 'presence'),
      encode('presence', { ...birth, session, digest: rig.ingest.memory.pcs.get(pc)?.digest ?? '' }),
    );
    await rig.clock.pass(1_000);
  }
}

/** Returns the last status of the microphone in the history, and its age in hours. */
async function lastSaid(rig: ClockBackRig): Promise<[status: string | undefined, hours: number]> {
  const now = rig.ingest.time();
  const from = now - 24 * hour;
  const strips = historyOf(await rig.ledger.history(pc, from), { from, receiveGaps: await rig.ledger.aways(from) });
  const last = strips.find(({ component }) => component === 'microphone')?.spans.at(-1);
  return [last?.status, Math.round((now - (last?.from ?? 0)) / hour)];
}
