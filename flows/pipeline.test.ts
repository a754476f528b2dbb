import { DatabaseSync } from 'node:sqlite';
import { encode, pcTopic } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { centreKey } from '../test/centre-key.ts';
import { birth, checks, digest, nodes, pc } from './ingest/ingest.test-helper.ts';
import { testClock } from './notify/people/people.test-helper.ts';
import { createRoster } from './notify/people/roster.ts';
import { openPipeline, type StageHandlers } from './pipeline.ts';
import { openInThread } from './storage/ledger/ledger.ts';

const settle = () => new Promise((go) => setImmediate(go));
const broken = () => {
  throw new Error('a bug of ours');
};

describe('R28 stages after the commit', () => {
  test('R28 a stage that throws after the commit is reported, does not count as a failed commit, and does not stop other stages', async () => {
    const rig = await open({ heard: broken, onOffer: broken });
    rig.speak();
    await settle();
    expect(rig.broke).toEqual(['hear: a bug of ours', 'offer: a bug of ours']);
    expect(rig.failed).toEqual([]);
    expect(rig.sent).toContain(pcTopic(pc, 'ack'));
    expect(rig.changed()).toBeGreaterThan(0);
    await rig.pipeline.close();
  });

  test('R28 the offer of a transition is made even if the acks cannot be sent', async () => {
    const rig = await open({}, broken);
    rig.speak();
    await settle();
    expect(rig.broke).toEqual(['acknowledge: a bug of ours']);
    expect(rig.failed).toEqual([]);
    expect(rig.offers).toBe(1);
    await rig.pipeline.close();
  });
});

async function open(change: Partial<StageHandlers>, send?: () => void) {
  const ledger = openInThread(new DatabaseSync(':memory:'));
  await ledger.commit(nodes().map((node) => ({ op: 'node', node })));
  const seen = { broke: [] as string[], failed: [] as Error[], sent: [] as string[], offers: 0 };
  let changes = 0;
  const none = () => {};
  const pipeline = openPipeline(
    {
      ledger,
      clock: testClock(),
      key: centreKey,
      roster: createRoster([]),
      channels: new Map(),
      send: send ?? ((topic) => void seen.sent.push(topic)),
      publish: async () => {},
      count: { message: none, receipt: none, commit: none, concluded: none, notified: none },
      log: { warn: none, error: none },
      random: () => 0,
      randomId: () => 'h1',
    },
    await ledger.load(),
    {
      isRollCall: () => false,
      listening: none,
      clockSet: none,
      heard: none,
      onOffer: () => {
        seen.offers += 1;
      },
      onChange: () => {
        changes += 1;
      },
      failed: (error) => void seen.failed.push(error),
      onStageError: (stage, { message }) => void seen.broke.push(`${stage}: ${message}`),
      ...change,
    },
  );
  pipeline.ingest.started();
  await settle();
  return Object.assign(seen, {
    pipeline,
    changed: () => changes,
    speak() {
      pipeline.ingest.takeMessage(pcTopic(pc, 'presence'), encode('presence', birth));
      pipeline.ingest.takeMessage(pcTopic(pc, 'state'), encode('state', { digest, session: 1, rev: 1, checks: [...checks] }));
    },
  });
}
