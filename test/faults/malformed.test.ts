/**
 * Tests F15: admitted PCs send malformed messages, and valid ones with hostile content, to ingest and ledger thread. Meanwhile another PC
 * sends. SABHA_FAULTS=full creates 100,000 of each kind, otherwise 2,000. SABHA_SEED repeats them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, pcTopic, type UpLeaf, upLeaves } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Ledger, Op } from '../../flows/engine/records/ops.ts';
import { birth, createRig, event, nodes, pc } from '../../flows/ingest/ingest.test-helper.ts';
import { openLedger } from '../../flows/storage/ledger/ledger.ts';
import { isFullTier, reportFigure } from '../figures.ts';
import { randomFrom } from '../random.ts';
import { mutation, readable, samplesOf } from './mutations.ts';

const each = isFullTier ? 100_000 : 2_000;
const seed = Number(process.env['SABHA_SEED'] ?? Math.floor(Math.random() * 1e9));
/**
 * Number of hostile PCs. Each sends fewer messages than R27 (quota and backpressure) permits, so that the server refuses none for its
 * quota.
 */
const pcs = each / 25;
const hostile = (n: number) => `capital/this-office/hostile-${n % pcs}`;
/** Smallest share of the messages that must reach the ledger. */
const reachShare = 0.15;
/** Messages that a PC may send before it waits. */
const together = 200;

test.for(upLeaves)(
  `F15 ${each} wrong messages of the kind %s stop nothing, and the neighbour’s events are acknowledged (SABHA_SEED=${seed})`,
  async (leaf) => {
    const folder = mkdtempSync(join(tmpdir(), 'sabha-malformed-'));
    const reached = { ops: 0 };
    const rig = await createRig(await withThread(join(folder, 'ledger.db'), reached));
    const random = randomFrom(seed + upLeaves.indexOf(leaf));
    rig.ingest.subscribed();
    rig.ingest.started();
    rig.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { id: 's1', first: 1, last: 0 } }));
    const samples = samplesOf(leaf);
    let said = 0;
    for (let sent = 0; sent < each; sent += together) {
      for (let n = sent; n < sent + together; n += 1)
        rig.ingest.takeMessage(pcTopic(hostile(n), leaf), n % 3 === 0 ? readable(leaf, random, n + 1) : mutation(random, samples));
      said += 1;
      rig.ingest.takeMessage(pcTopic(pc, 'event'), encode('event', event(said)));
      await rig.clock.pass(1_000);
      expect(rig.fatal).toEqual([]);
    }
    const upTo = async () => {
      await rig.clock.pass(100);
      return rig.acks().at(-1)?.upTo;
    };
    await expect.poll(upTo, { timeout: 30_000 }).toBe(said);
    // The ledger does not store beats. Only the digest of a beat may cause a request.
    if (leaf !== 'beat') expect(reached.ops).toBeGreaterThan(each * reachShare);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    reportFigure(
      'F15',
      `${leaf}: ${each} wrong messages, ${resultsOf(rig.counted, leaf)}, ${reached.ops} rows of theirs in the ledger; 0 crashes, ${said} of ${said} events of the neighbour acknowledged`,
    );
    rig.ingest.close();
    await rig.ledger.close();
    rmSync(folder, { recursive: true });
  },
);

/** Creates a ledger on a file in its own thread, with all PCs known. */
async function withThread(file: string, reached: { ops: number }): Promise<(ledger: Ledger) => Ledger> {
  const thread = await openLedger({ file });
  const known = nodes();
  const own = known.filter(({ path }) => path === pc);
  const twins = own.flatMap((node) => Array.from({ length: pcs }, (_, n) => ({ ...node, path: hostile(n) })));
  await thread.commit([...known, ...twins].map((node) => ({ op: 'node', node })));
  const isTheirs = (op: Op) => op.op !== 'audit' && JSON.stringify(op).includes('/hostile-');
  return () => ({
    ...thread,
    commit(ops) {
      reached.ops += ops.filter(isTheirs).length;
      return thread.commit(ops);
    },
  });
}

function resultsOf(counted: readonly string[], leaf: UpLeaf): string {
  const results = Map.groupBy(
    counted.filter((one) => one.startsWith(`${leaf} `)),
    (one) => one.slice(leaf.length + 1),
  );
  return [...results]
    .map(([result, all]) => `${all.length} ${result}`)
    .sort()
    .join(', ');
}
