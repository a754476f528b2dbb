/**
 * F15: messages of every kind that are wrong in every way, from one admitted PC, through ingest and the ledger in its thread. Another PC speaks meanwhile.
 * SABHA_FAULTS=full makes 100,000 of each kind, anything else 2,000; SABHA_SEED repeats them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encode, pcTopic, type UpLeaf, upLeaves } from '#contracts';
import { birth, createRig, event, nodes, pc } from '../../flows/ingest/ingest.test-helper.ts';
import { openLedger } from '../../flows/ledger/ledger.ts';
import type { Ledger } from '../../flows/records/ops.ts';
import { isFullTier, tellFigure } from '../figures.ts';
import { randomFrom } from '../random.ts';
import { mutation, samplesOf } from './mutations.ts';

const each = isFullTier ? 100_000 : 2_000;
const seed = Number(process.env['SABHA_SEED'] ?? Math.floor(Math.random() * 1e9));
const hostile = 'capital/this-office/that-pc';
/** As many as a PC may send before it waits. */
const together = 200;

test.for(upLeaves)(
  `F15 ${each} wrong messages of the kind %s stop nothing, and the neighbour’s events are acknowledged (SABHA_SEED=${seed})`,
  async (leaf, { task }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sabha-malformed-'));
    const rig = await createRig(await withThread(join(folder, 'ledger.db')));
    const random = randomFrom(seed + upLeaves.indexOf(leaf));
    rig.ingest.subscribed();
    rig.ingest.started();
    rig.ingest.take(pcTopic(pc, 'presence'), encode('presence', { ...birth, spool: { id: 's1', first: 1, last: 0 } }));
    const samples = samplesOf(leaf);
    let said = 0;
    for (let sent = 0; sent < each; sent += together) {
      for (let n = 0; n < together; n += 1) rig.ingest.take(pcTopic(hostile, leaf), mutation(random, samples));
      said += 1;
      rig.ingest.take(pcTopic(pc, 'event'), encode('event', event(said)));
      await rig.clock.pass(1_000);
      expect(rig.fatal).toEqual([]);
    }
    const upTo = async () => {
      await rig.clock.pass(100);
      return rig.acks().at(-1)?.upTo;
    };
    await expect.poll(upTo, { timeout: 30_000 }).toBe(said);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    tellFigure(
      task,
      'F15',
      `${leaf}: ${each} wrong messages, ${resultsOf(rig.counted, leaf)}; 0 crashes, ${said} of ${said} events of the neighbour acknowledged`,
    );
    rig.ingest.close();
    await rig.ledger.close();
    rmSync(folder, { recursive: true });
  },
);

/** In place of the rig's ledger one on a file, in its own thread, which knows both PCs. */
async function withThread(file: string): Promise<(ledger: Ledger) => Ledger> {
  const thread = await openLedger({ file });
  const known = nodes();
  const twin = known.filter(({ path }) => path === pc).map((node) => ({ ...node, path: hostile }));
  await thread.commit([...known, ...twin].map((node) => ({ op: 'node', node })));
  return () => thread;
}

/** How many of the hostile messages came to what. */
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
