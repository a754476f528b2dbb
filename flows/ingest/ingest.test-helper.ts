/** Ingest over a ledger in memory, with a test clock and records of everything that it sends. */
import { DatabaseSync } from 'node:sqlite';
import { type Ack, canaryTopic, decode, digestOf, pcTopic, readSettings } from '@sabha/contracts';
import { sealed } from '../../test/centre-key.ts';
import type { OfferMessage } from '../engine/records/incidents.ts';
import type { OutboxRow } from '../engine/records/notices.ts';
import type { Ledger } from '../engine/records/ops.ts';
import type { SiteChange } from '../engine/records/sites.ts';
import { type TestClock, testClock } from '../notify/people/people.test-helper.ts';
import { nodesOfSettings } from '../sites/table.ts';
import { openInThread } from '../storage/ledger/ledger.ts';
import type { IngestOptions, ViewChanges } from './acks.ts';
import { createIngest } from './ingest.ts';

export const pc = 'capital/this-office/this-pc';

export function nodes() {
  const read = readSettings('{}');
  if (!read.ok || read.value.site === null) throw new Error('no site');
  return nodesOfSettings(read.value.site, 0);
}

export function changeOf(edit: Partial<SiteChange>): SiteChange {
  return { nodes: [], gone: [], replaced: [], registry: [], audit: { who: 'Asha', what: 'test', about: 'it' }, ...edit };
}

/** `lateMs`: how much later this test agent starts than the others. `timers`: replaces single functions of the test clock. */
export async function createRig(
  change: (ledger: Ledger) => Ledger = (ledger) => ledger,
  db = new DatabaseSync(':memory:'),
  lateMs = 0,
  timers: (clock: TestClock) => Partial<TestClock> = () => ({}),
) {
  const clock = testClock();
  clock.jump(lateMs);
  const empty = openInThread(db);
  if ((await empty.load()).nodes.length === 0) await empty.commit(nodes().map((node) => ({ op: 'node', node })));
  const ledger = change(empty);
  const changes: ViewChanges[] = [];
  const born: unknown[] = [];
  const told: string[] = [];
  const registered: unknown[] = [];
  const sent: { topic: string; payload: Buffer }[] = [];
  const offers: OfferMessage[] = [];
  const rows: OutboxRow[] = [];
  const counted: string[] = [];
  const fatal: Error[] = [];
  const said: string[] = [];
  /** `broker.answers`: whether the broker returns canaries. `words`: the canaries sent. `turns`: each change of the subscription state. */
  const broker = { answers: true };
  const words: string[] = [];
  const turns: boolean[] = [];
  const options: IngestOptions = {
    ledger,
    clock: { ...clock, ...timers(clock) },
    contents: await ledger.load(),
    recipients: (to, channel) => to.map((person) => ({ person, channel })),
    personNamed: (name) => name,
    central: () => [{ person: 'central', channel: 'console' }],
    send(topic, payload) {
      if (topic !== canaryTopic) return void sent.push({ topic, payload });
      words.push(payload.toString());
      if (broker.answers) void Promise.resolve().then(() => ingest.takeMessage(topic, payload));
    },
    listening: () => void turns.push(ingest.isSubscribed()),
    clockSet: () => {},
    isRollCall: (id) => id === 'call-1',
    committed(done) {
      ingest.acknowledge(done);
      for (const { pc: who, event: one } of done.heard) {
        told.push(one.type);
        if (one.type === 'birth' && one.fresh) born.push([who, one]);
      }
      offers.push(...done.offers.map(({ message }) => message));
      rows.push(...done.notices);
      if (done.changed !== undefined) changes.push(done.changed);
    },
    seal: sealed,
    publish: async (entries) => void registered.push(...entries),
    count: {
      message: (leaf, result) => void counted.push(`${leaf} ${result}`),
      receipt: () => {},
      commit: (result) => void counted.push(`commit ${result}`),
      concluded: () => {},
    },
    failed: (error) => void fatal.push(error),
    log: { warn: (_, line) => void said.push(line) },
    randomId: () => 'h1',
  };
  const ingest = createIngest(options);
  const settle = () => new Promise((go) => setImmediate(go));
  const acks = (): Ack[] =>
    sent.flatMap(({ topic, payload }) => {
      const ack = topic === pcTopic(pc, 'ack') ? decode('ack', payload) : undefined;
      return ack?.ok ? [ack.value] : [];
    });
  return {
    db,
    ingest,
    ledger,
    changes,
    born,
    told,
    registered,
    clock,
    sent,
    offers,
    rows,
    counted,
    fatal,
    said,
    broker,
    words,
    turns,
    settle,
    acks,
  };
}

export const checks = [
  { component: 'microphone', device: 'expected-1', status: 'fault', fault: 'microphone.missing', reason: null },
] as const;
export const digest = digestOf(checks);
export const birth = {
  kind: 'birth',
  boot: 'b1',
  session: 1,
  at: 1,
  digest,
  rev: 1,
  agent: '0.1.0',
  config: 0,
  inventory: 'i1',
  spool: { id: 's1', first: 1, last: 2 },
} as const;
export const event = (seq: number) => ({ spool: 's1', seq, boot: 'b1', at: seq, grade: 'event', kind: 'check', body: { seq } }) as const;
